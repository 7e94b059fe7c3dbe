// Linux's own epoll, with an eventfd in the set for the wake: what wakepoll is compared with.
//
// The mask bits are handed over as they are, in both directions.
#pragma once

#include <memory>

#include "readiness.hpp"

namespace wakepoll::test {

[[nodiscard]] std::unique_ptr<Readiness> make_epoll_readiness();

}  // namespace wakepoll::test
