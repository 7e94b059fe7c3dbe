// The clock that waits and timers are measured by.
//
// It counts QueryPerformanceCounter, which is also what std::chrono::steady_clock does on Windows;
// having it by name lets a test's simulated kernel move it.
#pragma once

#include <chrono>

#include "wakepoll/export.h"

namespace wakepoll {

struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;

    static constexpr bool is_steady = true;

    /// Any thread.
    [[nodiscard]] WAKEPOLL_API static time_point now() noexcept;

    /// The moment that comes `left` after `from`, or the last there is.
    [[nodiscard]] static constexpr time_point after(time_point from, duration left) noexcept {
        return left < (time_point::max)() - from ? from + left : (time_point::max)();
    }
};

}  // namespace wakepoll
