// Plays a world in every order of its steps.
//
// A depth-first search over all schedules, which stops at states that were seen before. The wake
// word cannot be copied, so a state is reached by replaying its steps from the beginning.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "wake_world.hpp"

namespace wakepoll::core::test {

/// What came of it.
struct Exploration {
    std::size_t states = 0;
    std::string broken;   ///< The promise that some schedule breaks; empty if none does.
    std::string history;  ///< That schedule, one step a line.
};

template <class Wake>
class Explorer {
public:
    explicit Explorer(const Bounds& bounds) : bounds_(bounds) {}

    [[nodiscard]] Exploration explore() {
        visit(World<Wake>(bounds_));
        result_.states = seen_.size();
        return result_;
    }

private:
    void visit(const World<Wake>& world) {
        for (const Step& step : world.possible()) {
            schedule_.push_back(step);
            World<Wake> next(bounds_);
            play(next);
            if (!next.broken().empty()) {
                World<Wake> again(bounds_, true);
                play(again);
                result_.broken = again.broken();
                result_.history = again.history();
                return;
            }
            if (seen_.insert(next.key()).second) {
                visit(next);
                if (!result_.broken.empty()) {
                    return;
                }
            }
            schedule_.pop_back();
        }
    }

    void play(World<Wake>& world) const {
        for (const Step& step : schedule_) {
            world.take(step);
        }
    }

    Bounds bounds_;
    std::vector<Step> schedule_;
    std::unordered_set<std::string> seen_;
    Exploration result_;
};

}  // namespace wakepoll::core::test
