// sys: blocks threads until another thread has changed something under a lock.
#pragma once

#include <cstdint>

#include "sys/lock.hpp"

namespace wakepoll::sys {

/// A wait may end spuriously, so the caller rechecks what it waits for, under the lock.
class Condition {
public:
    Condition() noexcept = default;
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// SleepConditionVariableSRW: releases the lock, which the thread must hold, while it blocks.
    /// `kernel_infinite` waits without a limit.
    void wait(Lock& lock, std::uint32_t milliseconds) noexcept;

    /// WakeConditionVariable: wakes one blocked thread.
    void wake_one() noexcept;

    /// WakeAllConditionVariable.
    void wake_all() noexcept;

private:
    /// The memory of a CONDITION_VARIABLE.
    void* word_ = nullptr;
};

}  // namespace wakepoll::sys
