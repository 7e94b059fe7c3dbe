// Waitable timers of the model, and the list of those that run.
//
// A timer that was set is signalled from its moment on. Objects know no clock, so the kernel tells
// the list what time it is whenever time may have passed, and asks it when the next timer is due,
// so that whoever is blocked looks again then. When a timer that was asked to fire after some time
// really fires is the personality's and the seed's to choose: `due_moment`.
//
// A timer whose handles are closed lives on, and fires, as long as a wait keeps it. Used under the
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
    /// CancelWaitableTimer. One that is signalled stays so.
    void cancel() noexcept { due_.reset(); }
    /// It is due now.
    void fire() noexcept {
        due_.reset();
        fired_ = true;
    }
    /// It is not signalled and does not run.
    void reset() noexcept {
        due_.reset();
        fired_ = false;
    }
    /// The moment at which it will fire; empty where it does not run.
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
    /// Keeps an eye on a timer that was set.
    void watch(const std::shared_ptr<WaitableTimer>& timer);

    /// Fires what is due at `now`. True where any was.
    bool expire(std::chrono::nanoseconds now);

    /// When the next one is due; empty where none runs.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next() const noexcept;

    [[nodiscard]] bool empty() const noexcept { return timers_.empty(); }

private:
    std::vector<std::weak_ptr<WaitableTimer>> timers_;
};

/// When a timer fires that is set at `now` to `delay`. `early`: it may be before its time.
[[nodiscard]] std::chrono::nanoseconds due_moment(std::chrono::nanoseconds now,
                                                  std::chrono::nanoseconds delay, bool early,
                                                  const Traits& traits, Random& random);

}  // namespace wakepoll::sim
