// How the simulated kernel waits, and when it runs actors.
//
// A blocked call loops: if it is not ready, one actor that waited for a block runs; if there is
// none, time passes. The virtual clock moves at once to the next thing due; in threaded mode the
// thread sleeps until something changes. Actors run without the lock, so everything is checked
// again after each.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "behaviours.hpp"
#include "inside.hpp"
#include "kernel.hpp"
#include "port_thread.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sim {
namespace {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

// The probability that a thread-pool callback that is due runs at each opportunity before a block.
constexpr double wait_probability = 0.5;

// Code that waits again after a hang would never end the test.
constexpr std::uint32_t hang_count_limit = 100;

constexpr nanoseconds never = nanoseconds::max();

}  // namespace

nanoseconds Kernel::clock_now() const {
    return options_.mode == Mode::threaded ? nanoseconds(Clock::now().time_since_epoch()) : clock_;
}

void Kernel::advance(nanoseconds time) {
    Lock lock(mutex_);
    if (options_.mode == Mode::threaded) {
        return;
    }
    const nanoseconds end = clock_ + time;
    while (const auto next = actors_.next_time()) {
        if (*next > end) {
            break;
        }
        clock_ = std::max(clock_, *next);
        tell_time();
        act_due(lock);
    }
    clock_ = std::max(clock_, end);
    tell_time();
}

nanoseconds Kernel::end_of_wait(std::uint32_t milliseconds) {
    if (milliseconds == kernel_infinite) {
        return never;
    }
    nanoseconds length = std::chrono::milliseconds(milliseconds) + traits_.lateness;
    const nanoseconds earliest = std::min(traits_.earliness, length);
    if (options_.early_waits && earliest.count() > 0 && model_.random.below(2) == 0) {
        const auto choices = static_cast<std::uint64_t>(earliest.count()) + 1;
        length -= nanoseconds(model_.random.below(choices));
    }
    return clock_now() + length;
}

void Kernel::tell_time() {
    const nanoseconds now = clock_now();
    const bool expired = !model_.timers.empty() && model_.timers.expire(now);
    const bool ended = model_.operations.progress(now);
    // Operations first: AFD must not report what they have taken.
    const bool told = model_.afd.progress(now);
    if (ended || told || expired) {
        model_.waits.trigger();
        changed_.notify_all();
    }
}

void Kernel::settle() {
    // What the holder of the lock has changed may end operations, whatever the time.
    const nanoseconds now = clock_now();
    model_.operations.progress(now);
    model_.afd.progress(now);
    model_.waits.trigger();
    changed_.notify_all();
}

void Kernel::run_outside(Lock& lock, const Action& action) {
    settle();
    lock.unlock();
    {
        const Acting acting;
        const AnotherThread thread;
        action();
    }
    lock.lock();
}

bool Kernel::act_due(Lock& lock) {
    if (Acting::now()) {
        return false;
    }
    const Action action = actors_.take_due(clock_now());
    if (!action) {
        return false;
    }
    run_outside(lock, action);
    return true;
}

bool Kernel::act_on_wait(Lock& lock) {
    // In threaded mode, callbacks run on the thread that serves them.
    if (Acting::now() || options_.mode == Mode::threaded) {
        return false;
    }
    model_.waits.trigger();
    Wait* const wait = model_.waits.triggered();
    if (wait == nullptr) {
        return false;
    }
    run_callback(lock, *wait);
    return true;
}

void Kernel::run_callback(Lock& lock, Wait& wait) {
    wait.stage = Wait::Stage::running;
    run_outside(lock, [&wait] { wait.callback(wait.context); });
    wait.stage = Wait::Stage::done;
    changed_.notify_all();
}

void Kernel::let_actors_act(Lock& lock) {
    if (Acting::now()) {
        return;
    }
    while (act_due(lock)) {
    }
    for (std::size_t i = 0; i < actors_.between_count();) {
        const Action action = actors_.draw_between(i, model_.random);
        if (action) {
            run_outside(lock, action);
        } else {
            ++i;
        }
    }
    if (!model_.waits.empty() && model_.random.chance(wait_probability)) {
        act_on_wait(lock);
    }
}

bool Kernel::act_while_blocked(Lock& lock) {
    if (Acting::now()) {
        return false;
    }
    if (act_due(lock)) {
        return true;
    }
    const bool callback_first = model_.random.below(2) == 0;
    if (callback_first && act_on_wait(lock)) {
        return true;
    }
    if (const Action action = actors_.take_blocked(model_.random)) {
        run_outside(lock, action);
        return true;
    }
    return act_on_wait(lock);
}

bool Kernel::run_apc(Lock& lock) {
    if (apcs_.empty() || Acting::now()) {
        return false;
    }
    note(Behaviour::apc_in_poll);
    const Action action = std::move(apcs_.front());
    apcs_.pop_front();
    settle();
    lock.unlock();
    {
        const Acting acting;
        action();
    }
    lock.lock();
    return true;
}

Kernel::Blocked Kernel::block(Lock& lock, std::uint32_t milliseconds,
                              const std::function<bool()>& ready, bool alertable) {
    if (ready()) {
        return Blocked::ready;
    }
    if (milliseconds == 0) {
        return Blocked::timed_out;
    }
    ++blocked_calls_;
    const BlockedThread blocked;
    settle();
    const nanoseconds end = end_of_wait(milliseconds);
    const nanoseconds hang_at = clock_now() + options_.hang_limit;
    while (true) {
        if ((alertable && run_apc(lock)) || act_while_blocked(lock)) {
            if (ready()) {
                return Blocked::ready;
            }
            continue;
        }
        const Blocked outcome = pass_time(lock, end, hang_at, milliseconds == kernel_infinite);
        tell_time();
        if (ready()) {
            return Blocked::ready;
        }
        if (outcome != Blocked::ready) {
            return outcome;
        }
    }
}

// Lets time pass until something may have changed (check `ready` again) or the wait is over.
Kernel::Blocked Kernel::pass_time(Lock& lock, nanoseconds end, nanoseconds hang_at, bool endless) {
    const nanoseconds now = clock_now();
    const auto future = model_.moments.upper_bound(now);
    if (future != model_.moments.begin()) {
        model_.moments.erase(model_.moments.begin(), future);
        return Blocked::ready;
    }
    nanoseconds next = model_.moments.empty() ? never : *model_.moments.begin();
    if (const auto actor = actors_.next_time(); actor && !Acting::now()) {
        next = std::min(next, *actor);
    }
    if (const auto operation = model_.operations.next_time(now)) {
        next = std::min(next, *operation);
    }
    if (const auto request = model_.afd.next_time()) {
        next = std::min(next, *request);
    }
    if (options_.mode == Mode::virtual_clock) {
        // In threaded mode, timers wake only the thread that serves the waits.
        next = std::min(next, model_.timers.next().value_or(never));
        if (next <= end && next != never) {
            clock_ = std::max(now, next);
            tell_time();
            return Blocked::ready;
        }
        if (endless) {
            return hang();
        }
        clock_ = std::max(now, end);
        return Blocked::timed_out;
    }
    if (now >= end) {
        return Blocked::timed_out;
    }
    if (endless && now >= hang_at) {
        return hang();
    }
    const nanoseconds until = std::min(next, endless ? hang_at : end);
    changed_.wait_until(lock, Clock::time_point(until));
    return Blocked::ready;
}

Kernel::Blocked Kernel::hang() {
    if (++hangs_ >= hang_count_limit) {
        std::fprintf(stderr, "simulated kernel: hung %u times; the last calls:\n%s", hangs_,
                     model_.log.trace().c_str());
        std::abort();
    }
    return Blocked::hung;
}

void Kernel::arm_wait_thread() {
    if (options_.mode == Mode::threaded && !wait_thread_.joinable()) {
        wait_thread_ = std::thread([this] { serve_waits(); });
    }
}

void Kernel::serve_waits() {
    const Inside inside;
    Lock lock(mutex_);
    while (!stopping_) {
        tell_time();
        if (Wait* const wait = model_.waits.triggered()) {
            run_callback(lock, *wait);
        } else if (const auto next = model_.timers.next()) {
            changed_.wait_until(lock, Clock::time_point(*next));
        } else {
            changed_.wait(lock);
        }
    }
}

}  // namespace wakepoll::sim
