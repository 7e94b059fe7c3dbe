// The clock that waits and timers are measured by.
//
// It reads QueryPerformanceCounter, as std::chrono::steady_clock does on Windows. It is a separate
// type so that the simulated kernel of the tests can move it.
#pragma once

#include <chrono>

#include "wakepoll/export.h"

namespace wakepoll {
inline namespace v0_1 {

struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;

    static constexpr bool is_steady = true;

    /// Returns the time now. Any thread.
    [[nodiscard]] WAKEPOLL_API static time_point now() noexcept;

    /// Returns the moment that is `left` after `from`, or the last that there is.
    [[nodiscard]] static constexpr time_point after(time_point from, duration left) noexcept {
        return left < (time_point::max)() - from ? from + left : (time_point::max)();
    }

    /// Converts a moment of another clock. One that is more than a hundred years away becomes the
    /// last or the first that there is.
    template <class OtherClock, class Duration>
    [[nodiscard]] static time_point at(
        std::chrono::time_point<OtherClock, Duration> moment) noexcept {
        // Roughly at first, because the exact difference may be too large a number.
        using Years = std::chrono::duration<double, std::chrono::years::period>;
        const auto other_now = OtherClock::now();
        const Years left = Years(moment.time_since_epoch()) - Years(other_now.time_since_epoch());
        if (left > Years(100)) {
            return (time_point::max)();
        }
        if (left < Years(-100)) {
            return (time_point::min)();
        }
        return after(now(), std::chrono::ceil<duration>(moment - other_now));
    }
};

}  // namespace v0_1
}  // namespace wakepoll
