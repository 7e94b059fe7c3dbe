// Linux's epoll, with an eventfd in the set for wakes: the reference for wakepoll.
//
// The mask bits pass unchanged in both directions.
#pragma once

#include <memory>

#include "readiness.hpp"

namespace wakepoll::test {

[[nodiscard]] std::unique_ptr<Readiness> make_epoll_readiness();

}  // namespace wakepoll::test
