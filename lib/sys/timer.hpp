// sys: a high-resolution waitable timer.
#pragma once

#include <chrono>
#include <system_error>
#include <utility>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// Owns a manual-reset timer that is signalled when its time is over.
class Timer {
public:
    /// CreateWaitableTimerExW(CREATE_WAITABLE_TIMER_MANUAL_RESET |
    /// CREATE_WAITABLE_TIMER_HIGH_RESOLUTION); without the latter before Windows 10 1803, which
    /// does not know it.
    [[nodiscard]] static Result<Timer> create() noexcept;

    Timer() noexcept = default;
    Timer(Timer&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
    Timer& operator=(Timer&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Timer() { close(); }

    /// SetWaitableTimer: resets the timer and signals it after `delay`, in units of 100 ns, rounded
    /// up; at least one.
    [[nodiscard]] std::error_code set(std::chrono::nanoseconds delay) const noexcept;

    /// CancelWaitableTimer: an earlier `set` no longer signals it. (One that is signalled stays
    /// so.)
    [[nodiscard]] std::error_code cancel() const noexcept;

    /// CloseHandle. No-op if the timer is not open.
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(handle_); }
    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit Timer(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

}  // namespace wakepoll::sys
