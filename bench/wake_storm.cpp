// Four threads wake one as often as they can: what a wake costs its caller, and how many of them
// are coalesced.
//
// A round: each thread makes its wakes, the owner waits repeatedly, and the round is over when the
// owner has taken all of them, or knows of the last. All of it is timed, divided by the number of
// wakes.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contestants/parked_contestant.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/signal.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t threads = 4;

/// The threads that wake, and the contestant they wake.
class Storm {
public:
    Storm(std::unique_ptr<ParkedContestant> contestant, std::size_t wakes_each)
        : contestant_(std::move(contestant)), wakes_each_(wakes_each) {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_[i] = std::jthread([this, i] { run(begin_[i]); });
        }
    }
    ~Storm() {
        stopping_ = true;
        for (const Signal& begin : begin_) {
            begin.give();
        }
    }
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;

    /// Throws if a thread failed.
    void round() {
        running_ = threads;
        for (const Signal& begin : begin_) {
            begin.give();
        }
        const std::size_t all = threads * wakes_each_;
        std::size_t taken = 0;
        const bool each = contestant_->tells_each_wake();
        do {
            taken += contestant_->wait();
        } while (each ? taken < all : running_ > 0);
    }

    [[nodiscard]] const ParkedContestant& contestant() const noexcept { return *contestant_; }

private:
    void run(const Signal& begin) {
        for (begin.await(); !stopping_; begin.await()) {
            for (std::size_t i = 1; i < wakes_each_; ++i) {
                contestant_->wake();
            }
            // Before the last wake, so that the owner wakes once more after all threads have
            // finished.
            --running_;
            contestant_->wake();
        }
    }

    std::unique_ptr<ParkedContestant> contestant_;
    std::size_t wakes_each_;
    std::array<Signal, threads> begin_;
    std::atomic<std::size_t> running_ = 0;
    std::atomic<bool> stopping_ = false;
    std::array<std::jthread, threads> threads_;  ///< Last: they use the others.
};

}  // namespace

void run_wake_storm(Bench& bench) {
    const std::string cell = fmt::format("threads={}", threads);
    if (!bench.wants(cell)) {
        return;
    }
    const std::size_t wakes_each = bench.quick() ? 1'000 : 5'000;
    std::vector<std::pair<std::string, MakeParked>> makes = {
        {"raw port", make_parked_at_port},
        {"poller", [] { return make_parked_poller(Backend::automatic, {}); }}};
    if (make_parked_asio() != nullptr) {
        makes.emplace_back("Asio", make_parked_asio);
    }
    std::vector<Contestant> contestants;
    std::unique_ptr<Storm> storm;
    double coalesced = 0;
    for (const auto& [name, make] : makes) {
        contestants.push_back(
            {name, [&storm] { return time_of([&storm] { storm->round(); }); },
             [&, make = make] { storm = std::make_unique<Storm>(make(), wakes_each); },
             [&] {
                 coalesced = std::max(coalesced, storm->contestant().coalesced_part());
                 storm.reset();
             }});
    }
    const Effort effort = bench.quick() ? Effort{3, 1, 3} : Effort{11, 1, 5};
    bench.run({cell, "wake", threads * wakes_each, effort}, contestants,
              {compared("poller", "raw port"), compared("poller", "Asio")});
    bench.tell(cell, "poller", {{"wakes that took no kernel call", coalesced * 100, "%"}});
}

}  // namespace wakepoll::bench
