// A high-resolution waitable timer on Windows. See timer.hpp.
#include "sys/timer.hpp"

#include <algorithm>
#include <cstdint>
#include <ratio>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, which older headers lack.
constexpr DWORD high_resolution = 2;

/// The unit of the kernel's time.
using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

HANDLE create_timer(DWORD flags) noexcept {
    return ::CreateWaitableTimerExW(nullptr, nullptr, flags, TIMER_ALL_ACCESS);
}

}  // namespace

Result<Timer> Timer::create() noexcept {
    HANDLE timer = create_timer(CREATE_WAITABLE_TIMER_MANUAL_RESET | high_resolution);
    if (timer == nullptr && ::GetLastError() == ERROR_INVALID_PARAMETER) {
        timer = create_timer(CREATE_WAITABLE_TIMER_MANUAL_RESET);
    }
    if (timer == nullptr) {
        return last_failure();
    }
    return Timer(Handle(timer));
}

std::error_code Timer::set(std::chrono::nanoseconds delay) const noexcept {
    const Ticks ticks = std::max(std::chrono::ceil<Ticks>(delay), Ticks(1));
    LARGE_INTEGER due;
    due.QuadPart = -ticks.count();  // Negative: relative, not a time of day.
    if (::SetWaitableTimer(handle_.native(), &due, 0, nullptr, nullptr, FALSE) == FALSE) {
        return last_failure();
    }
    return {};
}

std::error_code Timer::cancel() const noexcept {
    if (::CancelWaitableTimer(handle_.native()) == FALSE) {
        return last_failure();
    }
    return {};
}

void Timer::close() noexcept {
    if (handle_) {
        ::CloseHandle(std::exchange(handle_, Handle{}).native());
    }
}

}  // namespace wakepoll::sys
