// Until when a wait may block, and when a re-check is due.
//
// Plain arithmetic: the caller reads the clock and passes the time in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "wakepoll/timeout.hpp"

namespace wakepoll::core {

using std::chrono::nanoseconds;

/// A point in time, or never.
class Deadline {
public:
    Deadline(Timeout timeout, nanoseconds now) noexcept
        : at_(timeout.duration() < nanoseconds::max() - now ? now + timeout.duration()
                                                            : nanoseconds::max()),
          forever_(timeout.is_forever()) {}

    [[nodiscard]] bool has_passed(nanoseconds now) const noexcept {
        return !forever_ && now >= at_;
    }

    /// The time left.
    [[nodiscard]] Timeout left(nanoseconds now) const noexcept {
        return forever_ ? wait_forever : Timeout(at_ - now);
    }

    /// Returns the timeout for a kernel call, in milliseconds rounded up: at most until the
    /// deadline and at most `limit`; `kernel_infinite` if neither ends.
    [[nodiscard]] std::uint32_t kernel_timeout(
        nanoseconds now, nanoseconds limit = nanoseconds::max()) const noexcept {
        if (forever_ && limit == nanoseconds::max()) {
            return kernel_infinite;
        }
        return to_kernel_milliseconds(std::min(forever_ ? nanoseconds::max() : at_ - now, limit));
    }

private:
    nanoseconds at_;
    bool forever_;
};

/// The interval for polling what the kernel cannot wait for: 1 ms, doubling to 50 ms.
class Backoff {
public:
    static constexpr nanoseconds shortest = std::chrono::milliseconds(1);
    static constexpr nanoseconds longest = std::chrono::milliseconds(50);

    /// Starts over: the next poll is due in `shortest`.
    void restart(nanoseconds now) noexcept {
        delay_ = shortest;
        due_ = now + delay_;
    }

    /// Call after each poll: doubles the interval.
    void advance(nanoseconds now) noexcept {
        delay_ = std::min(delay_ * 2, longest);
        due_ = now + delay_;
    }

    [[nodiscard]] bool is_due(nanoseconds now) const noexcept { return now >= due_; }

    /// The time until the next poll; never negative.
    [[nodiscard]] nanoseconds remaining(nanoseconds now) const noexcept {
        return std::max(due_ - now, nanoseconds::zero());
    }

private:
    nanoseconds delay_ = shortest;
    nanoseconds due_{0};
};

}  // namespace wakepoll::core
