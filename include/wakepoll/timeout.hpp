// How long a wait may block.
//
// Windows counts in whole milliseconds and reads 0xFFFFFFFF as "without a limit". A `Timeout` keeps
// nanoseconds, and the conversion at the kernel call rounds up (a wait never ends early) and stays
// below 0xFFFFFFFF (a long wait never becomes an endless one; it blocks again).
//
// A negative std::chrono duration is a deadline that has passed, as for
// std::condition_variable::wait_for. A negative count of milliseconds, as epoll_wait takes it, is
// `Timeout::from_milliseconds(-1)`: without a limit.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <ratio>

namespace wakepoll {
inline namespace v0_1 {

class Timeout {
    // Before its use: Clang 14 cannot evaluate it at compile time otherwise.
    template <class Rep, class Period>
    static constexpr std::int64_t saturate(std::chrono::duration<Rep, Period> duration) noexcept {
        // A NaN is not greater than zero either.
        if (!(duration > std::chrono::duration<Rep, Period>::zero())) {
            return 0;
        }
        constexpr std::int64_t limit = (std::chrono::nanoseconds::max)().count();
        const long double nanoseconds =
            std::chrono::duration<long double, std::nano>(duration).count();
        if (nanoseconds >= static_cast<long double>(limit)) {
            return limit;
        }
        if constexpr (!std::chrono::treat_as_floating_point_v<Rep> &&
                      std::ratio_divide<Period, std::nano>::den == 1) {
            // Whole nanoseconds: exact, and within the limit.
            return std::chrono::nanoseconds(duration).count();
        } else {
            // std::chrono::ceil would do, but overflows for periods like a third of a second.
            const auto whole = static_cast<std::int64_t>(nanoseconds);
            return static_cast<long double>(whole) < nanoseconds ? whole + 1 : whole;
        }
    }

public:
    /// Zero: poll, do not block.
    constexpr Timeout() noexcept = default;

    /// Converts any duration: rounded up to whole nanoseconds, at most `longest()`; negative is
    /// zero.
    template <class Rep, class Period>
    // NOLINTNEXTLINE(google-explicit-constructor): `poller.wait(events, 5ms)` needs no cast.
    constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept
        : nanoseconds_(saturate(duration)) {}

    /// Converts the last argument of epoll_wait: any negative number is without a limit.
    [[nodiscard]] static constexpr Timeout from_milliseconds(int milliseconds) noexcept {
        constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;
        Timeout timeout;
        timeout.nanoseconds_ = milliseconds * nanoseconds_per_millisecond;
        return timeout;
    }

    [[nodiscard]] static constexpr Timeout forever() noexcept {
        Timeout timeout;
        timeout.nanoseconds_ = -1;
        return timeout;
    }

    /// The longest finite timeout, about 292 years.
    [[nodiscard]] static constexpr Timeout longest() noexcept {
        return Timeout((std::chrono::nanoseconds::max)());
    }

    [[nodiscard]] constexpr bool is_forever() const noexcept { return nanoseconds_ < 0; }
    [[nodiscard]] constexpr bool is_zero() const noexcept { return nanoseconds_ == 0; }

    /// Returns the length of a finite timeout; the longest that there is for an endless one.
    [[nodiscard]] constexpr std::chrono::nanoseconds duration() const noexcept {
        return is_forever() ? (std::chrono::nanoseconds::max)()
                            : std::chrono::nanoseconds(nanoseconds_);
    }

    friend constexpr bool operator==(Timeout a, Timeout b) noexcept {
        return a.nanoseconds_ == b.nanoseconds_ || (a.is_forever() && b.is_forever());
    }

private:
    std::int64_t nanoseconds_ = 0;  ///< Any negative number: without a limit.
};

inline constexpr Timeout wait_forever = Timeout::forever();

/// Windows' INFINITE, which no finite wait may become.
inline constexpr std::uint32_t kernel_infinite = 0xFFFFFFFF;

/// The longest finite wait that is passed to the kernel in one call (about 24.8 days: WSAPoll takes
/// a signed number).
inline constexpr std::uint32_t kernel_wait_cap = 0x7FFFFFFF;

/// Converts to whole milliseconds for the kernel: rounded up, at most `kernel_wait_cap`, 0 if not
/// positive.
[[nodiscard]] constexpr std::uint32_t to_kernel_milliseconds(
    std::chrono::nanoseconds remaining) noexcept {
    if (remaining.count() <= 0) {
        return 0;
    }
    constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;
    const std::int64_t whole = remaining.count() / nanoseconds_per_millisecond;
    const std::int64_t up = whole + (remaining.count() % nanoseconds_per_millisecond != 0 ? 1 : 0);
    return up > kernel_wait_cap ? kernel_wait_cap : static_cast<std::uint32_t>(up);
}

}  // namespace v0_1
}  // namespace wakepoll
