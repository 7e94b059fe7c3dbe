// See waitable_timer.hpp.
#include "waitable_timer.hpp"

#include <algorithm>
#include <cstdint>

namespace wakepoll::sim {

using std::chrono::nanoseconds;

namespace {

// No test sees a longer one fire, and this can be added to any time without an overflow.
constexpr nanoseconds longest = nanoseconds::max() / 4;

}  // namespace

void TimerList::watch(const std::shared_ptr<WaitableTimer>& timer) {
    const bool watched = std::any_of(timers_.begin(), timers_.end(), [&](const auto& candidate) {
        return candidate.lock() == timer;
    });
    if (!watched) {
        timers_.push_back(timer);
    }
}

bool TimerList::expire(nanoseconds now) {
    bool any = false;
    std::erase_if(timers_, [&](const std::weak_ptr<WaitableTimer>& candidate) {
        const std::shared_ptr<WaitableTimer> timer = candidate.lock();
        if (timer == nullptr) {
            return true;
        }
        if (timer->due() && *timer->due() <= now) {
            timer->fire();
            any = true;
        }
        return !timer->due();
    });
    return any;
}

std::optional<nanoseconds> TimerList::next() const noexcept {
    std::optional<nanoseconds> next;
    for (const std::weak_ptr<WaitableTimer>& candidate : timers_) {
        const std::shared_ptr<WaitableTimer> timer = candidate.lock();
        if (timer != nullptr && timer->due()) {
            next = next ? std::min(*next, *timer->due()) : timer->due();
        }
    }
    return next;
}

nanoseconds due_moment(nanoseconds now, nanoseconds delay, bool early, const Traits& traits,
                       Random& random) {
    const nanoseconds length = std::clamp(delay, traits.timer_floor, longest);
    const nanoseconds earliest = early ? std::min(traits.timer_earliness, length) : nanoseconds(0);
    const nanoseconds spread = earliest + traits.timer_lateness;
    const nanoseconds chosen(random.below(static_cast<std::uint64_t>(spread.count()) + 1));
    return now + length - earliest + chosen;
}

}  // namespace wakepoll::sim
