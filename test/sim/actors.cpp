// See actors.hpp.
#include "actors.hpp"

#include <utility>

namespace wakepoll::sim {

Action Actors::take_due(std::chrono::nanoseconds now) {
    if (timed_.empty() || timed_.begin()->first > now) {
        return {};
    }
    Action action = std::move(timed_.begin()->second);
    timed_.erase(timed_.begin());
    return action;
}

Action Actors::draw_between(std::size_t index, Random& random) {
    return random.chance(between_[index].probability) ? take_between(index) : Action{};
}

Action Actors::take_blocked(Random& random) {
    // Actions of one kind run in the order the test gave them; between the kinds the order is
    // random.
    const bool prefer_between = !between_.empty() && (blocked_.empty() || random.below(2) == 0);
    if (prefer_between) {
        return take_between(random.below(between_.size()));
    }
    if (blocked_.empty()) {
        return {};
    }
    Action action = std::move(blocked_.front());
    blocked_.pop_front();
    return action;
}

std::optional<std::chrono::nanoseconds> Actors::next_time() const {
    return timed_.empty() ? std::nullopt : std::optional(timed_.begin()->first);
}

Action Actors::take_between(std::size_t index) {
    Action action = std::move(between_[index].action);
    between_.erase(between_.begin() + static_cast<std::ptrdiff_t>(index));
    return action;
}

}  // namespace wakepoll::sim
