// The poller's one timer: when it is due, and the kernel's timer that ends a block in time.
//
// Whether the time has come is decided by the clock alone, so the timer is never early. The
// kernel's timer only ends a block, and may do so a little early, being of another clock; it is set
// once more for the rest then. It has its own wait in the system's pool, which is armed from the
// first `set` until the timer fires.
//
// Used by the owner of a poller; only the pool's thread is another.
#pragma once

#include <atomic>
#include <chrono>
#include <system_error>

#include "sys/timer.hpp"
#include "sys/waitable.hpp"

namespace wakepoll {

class DeadlineTimer {
public:
    /// Rouses the owner, from any thread.
    using Rouse = void (*)(void* poller) noexcept;

    DeadlineTimer(Rouse rouse, void* poller) noexcept : rouse_(rouse), poller_(poller) {}

    DeadlineTimer(const DeadlineTimer&) = delete;
    DeadlineTimer& operator=(const DeadlineTimer&) = delete;

    /// Due at `at`, a reading of sys::now(). Where it fails, no time is set.
    [[nodiscard]] std::error_code set(std::chrono::nanoseconds at,
                                      std::chrono::nanoseconds now) noexcept;

    /// No time is set any more.
    [[nodiscard]] std::error_code clear() noexcept;

    /// True once after the time has come.
    [[nodiscard]] bool consume(std::chrono::nanoseconds now) noexcept {
        if (!set_ || now < at_) {
            return false;
        }
        set_ = false;
        return true;
    }

    /// To be called after a signal: sets the kernel's timer again where it was early.
    [[nodiscard]] std::error_code look(std::chrono::nanoseconds now) noexcept;

    /// How long until the time comes; `nanoseconds::max()` where none is set.
    [[nodiscard]] std::chrono::nanoseconds remaining(std::chrono::nanoseconds now) const noexcept {
        if (!set_) {
            return std::chrono::nanoseconds::max();
        }
        // The first moment there is has no length.
        return at_ > now ? at_ - now : std::chrono::nanoseconds::zero();
    }

    void close() noexcept;

private:
    [[nodiscard]] std::error_code arm(std::chrono::nanoseconds delay) noexcept;

    /// Called by a thread of the system's pool.
    static void signalled(void* timer, const sys::ThreadPoolWait& wait) noexcept;

    sys::Timer timer_;
    sys::ThreadPoolWait wait_;
    Rouse rouse_;
    void* poller_;
    std::chrono::nanoseconds at_{0};
    std::atomic<bool> fired_ = false;
    bool set_ = false;
    bool armed_ = false;
};

}  // namespace wakepoll
