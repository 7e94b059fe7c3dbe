// Timers on the loop, each set again for another time when it has fired.
//
// None may fire early. How late they fire depends on the load of the machine, and is reported.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

#include "event_loop.hpp"
#include "load.hpp"

namespace soak {

class Timers final : public Load {
public:
    Timers(example::EventLoop& loop, std::uint64_t timers) : loop_(loop), timers_(timers) {}

    [[nodiscard]] std::string_view name() const override { return "timers"; }
    void go() override {
        running_ = true;
        for (std::uint64_t i = 0; i < timers_; ++i) {
            ++busy_;
            set();
        }
    }
    void rest() override { running_ = false; }
    [[nodiscard]] bool is_at_rest() const override { return busy_ == 0; }
    /// Any thread.
    [[nodiscard]] std::uint64_t done() const override { return done_; }

    /// The latest since the last call.
    [[nodiscard]] std::chrono::nanoseconds take_latest() { return std::exchange(latest_, {}); }

private:
    using Clock = example::EventLoop::Clock;

    void set() {
        const Clock::time_point due = Clock::now() + std::chrono::microseconds(random_() % 150'000);
        loop_.add_timer_at(due, [this, due] {
            const Clock::duration late = Clock::now() - due;
            if (late < Clock::duration::zero()) {
                fail("timers: one has fired too early");
            }
            latest_ = std::max<std::chrono::nanoseconds>(latest_, late);
            ++done_;
            if (running_) {
                set();
            } else {
                --busy_;
            }
        });
    }

    example::EventLoop& loop_;
    std::uint64_t timers_;
    bool running_ = false;
    std::uint64_t busy_ = 0;
    std::atomic<std::uint64_t> done_ = 0;  ///< Read by other threads too.
    std::chrono::nanoseconds latest_{};
    std::mt19937 random_;
};

}  // namespace soak
