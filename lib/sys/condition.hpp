// sys: what threads are blocked on until another thread has changed something under a lock.
#pragma once

#include <cstdint>

#include "sys/lock.hpp"

namespace wakepoll::sys {

/// A block may end for no reason, so what it was for is looked at again, under the lock.
class Condition {
public:
    Condition() noexcept = default;
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// SleepConditionVariableSRW: gives the lock, which the thread holds, back while it is blocked.
    /// `kernel_infinite` waits without a limit.
    void wait(Lock& lock, std::uint32_t milliseconds) noexcept;

    /// WakeConditionVariable: one of the threads that are blocked.
    void wake_one() noexcept;

    /// WakeAllConditionVariable.
    void wake_all() noexcept;

private:
    /// The memory of a CONDITION_VARIABLE.
    void* word_ = nullptr;
};

}  // namespace wakepoll::sys
