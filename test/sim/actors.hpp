// Actors: what else happens in the world while a thread is inside the kernel.
//
// An actor is a function of the test that runs once, without the kernel's lock, so it may make any
// call that another thread could make. Its kind decides where it may run: at a time, when a call is
// about to block, or (with a probability) at the entry and exit of any call. One that has not run
// between calls runs when a call is about to block, so none waits forever. This class stores them
// and draws the next; the kernel runs it. Used under the kernel's lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "random.hpp"

namespace wakepoll::sim {

using Action = std::function<void()>;

class Actors {
public:
    void at(std::chrono::nanoseconds time, Action action) {
        timed_.emplace(time, std::move(action));
    }
    void when_blocked(Action action) { blocked_.push_back(std::move(action)); }
    void between_calls(Action action, double probability) {
        between_.push_back({std::move(action), probability});
    }

    /// An action whose time has come; empty if there is none.
    [[nodiscard]] Action take_due(std::chrono::nanoseconds now);

    /// How many actions may run between calls and have not run yet.
    [[nodiscard]] std::size_t between_count() const noexcept { return between_.size(); }

    /// Draws whether the action at `index` runs now: takes it, or returns an empty one.
    [[nodiscard]] Action draw_between(std::size_t index, Random& random);

    /// Takes an action that runs when a call is about to block; empty if there is none.
    [[nodiscard]] Action take_blocked(Random& random);

    /// When the next timed action is due.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_time() const;

private:
    struct Between {
        Action action;
        double probability;
    };

    [[nodiscard]] Action take_between(std::size_t index);

    std::multimap<std::chrono::nanoseconds, Action> timed_;
    std::deque<Action> blocked_;
    std::vector<Between> between_;
};

}  // namespace wakepoll::sim
