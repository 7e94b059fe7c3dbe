// A port of wakepoll's epoll for C, as a scenario sees it. For every kernel.
#pragma once

#include <memory>

#include "readiness.hpp"

namespace wakepoll::test {

[[nodiscard]] std::unique_ptr<Readiness> make_epoll_face_readiness();

}  // namespace wakepoll::test
