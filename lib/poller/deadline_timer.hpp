// The poller's one timer: its deadline, and the kernel's timer that ends a block in time.
//
// Only the clock decides whether the time has come, so the timer is never early. The kernel's timer
// only ends a block, and may do so a little early, because it uses another clock; then it is set
// again for the rest. It has its own wait in the system's pool, which is armed from the first `set`
// until the timer fires.
//
// Used under the poller's lock, except the callback on a pool thread.
#pragma once

#include <atomic>
#include <chrono>
#include <system_error>

#include "core/registration_table.hpp"
#include "sys/timer.hpp"
#include "sys/waitable.hpp"

namespace wakepoll {

class DeadlineTimer {
public:
    /// Wakes the owner, from any thread.
    using Rouse = void (*)(void* poller) noexcept;

    DeadlineTimer(core::RegistrationTable& table, Rouse rouse, void* poller) noexcept
        : table_(table), rouse_(rouse), poller_(poller) {}

    DeadlineTimer(const DeadlineTimer&) = delete;
    DeadlineTimer& operator=(const DeadlineTimer&) = delete;

    /// Due at `at`, a reading of sys::now(). If it fails, the time set before stays.
    [[nodiscard]] std::error_code set(std::chrono::nanoseconds at,
                                      std::chrono::nanoseconds now) noexcept;

    /// Clears the time.
    [[nodiscard]] std::error_code clear() noexcept;

    /// True once after the time has come.
    [[nodiscard]] bool consume(std::chrono::nanoseconds now) noexcept {
        if (!set_ || now < at_) {
            return false;
        }
        set_ = false;
        return true;
    }

    /// Call after a signal: sets the kernel's timer again if it was early.
    [[nodiscard]] std::error_code look(std::chrono::nanoseconds now) noexcept;

    /// The time left; `nanoseconds::max()` if none is set.
    [[nodiscard]] std::chrono::nanoseconds remaining(std::chrono::nanoseconds now) const noexcept {
        if (!set_) {
            return std::chrono::nanoseconds::max();
        }
        // A time at the minimum of the clock would overflow the difference.
        return at_ > now ? at_ - now : std::chrono::nanoseconds::zero();
    }

    /// True if the time had come when it was set; then nothing signals it.
    [[nodiscard]] bool is_past() const noexcept { return set_ && past_; }

    void close() noexcept;

private:
    [[nodiscard]] std::error_code arm(std::chrono::nanoseconds delay) noexcept;

    /// Called by a thread of the system's pool.
    static void signalled(void* timer, const sys::ThreadPoolWait& wait) noexcept;

    sys::Timer timer_;
    sys::ThreadPoolWait wait_;
    core::RegistrationTable& table_;
    Rouse rouse_;
    void* poller_;
    std::chrono::nanoseconds at_{0};
    std::atomic<bool> fired_ = false;
    bool set_ = false;
    bool past_ = false;
    bool armed_ = false;
};

}  // namespace wakepoll
