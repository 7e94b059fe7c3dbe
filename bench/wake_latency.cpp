// The time from the start of a wake until the woken thread has returned from its wait and consumed
// the wake.
//
// The owner announces that it is about to wait, and gets time to park before the wake: waking a
// thread that is not parked is cheaper. (That pause is not timed, and correctness does not depend
// on it.)
#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contestants/parked_contestant.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/signal.hpp"

namespace wakepoll::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// A thread that waits on request.
class Owner {
public:
    explicit Owner(std::unique_ptr<ParkedContestant> contestant)
        : contestant_(std::move(contestant)), thread_([this] { run(); }) {}
    ~Owner() {
        stopping_ = true;
        begin_.give();
    }
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

    /// Gives it this long to park, wakes it, and returns how long that took.
    [[nodiscard]] Nanoseconds wake_after(DWORD milliseconds) {
        begin_.give();
        ::Sleep(milliseconds);
        const Clock::time_point asked = Clock::now();
        contestant_->wake();
        end_.await();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return woken_ - asked;
    }

private:
    void run() {
        for (begin_.await(); !stopping_; begin_.await()) {
            try {
                (void)contestant_->wait();
            } catch (...) {
                failure_ = std::current_exception();
            }
            woken_ = Clock::now();
            end_.give();
        }
    }

    std::unique_ptr<ParkedContestant> contestant_;
    Signal begin_;
    Signal end_;
    std::atomic<bool> stopping_ = false;
    Clock::time_point woken_;     ///< Written before `end_` is given, read after.
    std::exception_ptr failure_;  ///< Likewise.
    std::jthread thread_;         ///< Last: it uses the others.
};

void measure(Bench& bench, const std::string& cell, DWORD pause,
             const std::vector<std::pair<std::string, MakeParked>>& makes,
             const std::vector<Comparison>& comparisons) {
    std::vector<Contestant> contestants;
    std::unique_ptr<Owner> owner;
    for (const auto& [name, make] : makes) {
        contestants.push_back({name, [&owner, pause] { return owner->wake_after(pause); },
                               [&owner, make = make] { owner = std::make_unique<Owner>(make()); },
                               [&owner] { owner.reset(); }});
    }
    // On Wine some wakes come only at the next tick of the scheduler, and whether they do stays the
    // same for a while. So there are many short turns, and a smaller share of rounds counts as
    // undisturbed.
    constexpr double undisturbed = 0.05;
    const Effort effort = bench.quick() ? Effort{8, 2, 6}
                          : pause > 1   ? Effort{40, 2, 8}
                                        : Effort{100, 2, 10};
    bench.run({cell, "wake", 1, effort, undisturbed}, contestants, comparisons);
}

}  // namespace

void run_wake_latency(Bench& bench) {
    constexpr const char* port = "port";
    constexpr const char* poller = "poller";
    constexpr const char* raw = "raw port";
    constexpr const char* wsapoll = "raw WSAPoll and a socket";
    if (bench.wants(port)) {
        std::vector<std::pair<std::string, MakeParked>> makes = {
            {raw, make_parked_at_port},
            {poller, [] { return make_parked_poller(Backend::automatic, {}); }}};
        if (make_parked_asio() != nullptr) {
            makes.emplace_back("Asio", make_parked_asio);
        }
        measure(bench, port, 1, makes, {at_most(1.1, poller, raw), compared(poller, "Asio")});
    }
    for (const std::size_t count : {std::size_t{1}, std::size_t{64}, std::size_t{1000}}) {
        const std::string by_wsapoll = fmt::format("wsapoll sockets={}", count);
        const std::string by_afd = fmt::format("afd sockets={}", count);
        if (!bench.wants(by_wsapoll) && !bench.wants(by_afd)) {
            continue;
        }
        const Connections connections(count);
        const std::span<const SOCKET> sockets = connections.locals();
        // A call with many sockets needs time before it blocks.
        const auto pause = static_cast<DWORD>(1 + count / 100);
        measure(bench, by_wsapoll, pause,
                {{wsapoll, [sockets] { return make_parked_in_wsapoll(sockets); }},
                 {poller, [sockets] { return make_parked_poller(Backend::wsapoll, sockets); }}},
                {compared(poller, wsapoll)});
        measure(bench, by_afd, pause,
                {{raw, make_parked_at_port},
                 {poller, [sockets] { return make_parked_poller(Backend::afd, sockets); }}},
                {compared(poller, raw)});
    }
}

}  // namespace wakepoll::bench
