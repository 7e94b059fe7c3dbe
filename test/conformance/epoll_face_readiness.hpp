// A port of wakepoll's epoll for C, as a scenario sees it. Compiled for whichever kernel it is
// linked with.
#pragma once

#include <memory>

#include "readiness.hpp"

namespace wakepoll::test {

[[nodiscard]] std::unique_ptr<Readiness> make_epoll_face_readiness();

}  // namespace wakepoll::test
