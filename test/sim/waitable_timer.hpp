// Waitable timers of the model, and the list of those that run.
//
// A timer is signalled from its due time on. Objects know no clock, so the kernel passes the time
// to the list whenever time may have passed, and asks when the next timer is due, so that blocked
// calls check again then. The personality and the seed decide when a timer really fires:
// `due_moment`.
//
// A timer whose handles are closed lives, and fires, as long as a wait refers to it. Used under the
// kernel's lock.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "personality.hpp"
#include "random.hpp"
#include "waitables.hpp"

namespace wakepoll::sim {

class WaitableTimer final : public Waitable {
public:
    explicit WaitableTimer(Reset reset) noexcept : Waitable(Kind::timer), reset_(reset) {}

    /// SetWaitableTimer: not signalled until then.
    void set(std::chrono::nanoseconds due) noexcept {
        due_ = due;
        fired_ = false;
    }
    /// CancelWaitableTimer. A signalled timer stays signalled.
    void cancel() noexcept { due_.reset(); }
    /// Signals it.
    void fire() noexcept {
        due_.reset();
        fired_ = true;
    }
    /// Stops it and resets the signal.
    void reset() noexcept {
        due_.reset();
        fired_ = false;
    }
    /// When it fires; empty if it does not run.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> due() const noexcept { return due_; }

    [[nodiscard]] bool signalled() const noexcept override { return fired_; }
    void take_signal() noexcept override { fired_ = fired_ && reset_ == Reset::manual; }

private:
    Reset reset_;
    std::optional<std::chrono::nanoseconds> due_;
    bool fired_ = false;
};

class TimerList {
public:
    /// Adds a timer that was set.
    void watch(const std::shared_ptr<WaitableTimer>& timer);

    /// Fires what is due at `now`. True if anything was.
    bool expire(std::chrono::nanoseconds now);

    /// When the next one is due; empty if none runs.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next() const noexcept;

    [[nodiscard]] bool empty() const noexcept { return timers_.empty(); }

private:
    std::vector<std::weak_ptr<WaitableTimer>> timers_;
};

/// When a timer that is set to `delay` at `now` fires. `early`: it may fire before its time.
[[nodiscard]] std::chrono::nanoseconds due_moment(std::chrono::nanoseconds now,
                                                  std::chrono::nanoseconds delay, bool early,
                                                  const Traits& traits, Random& random);

}  // namespace wakepoll::sim
