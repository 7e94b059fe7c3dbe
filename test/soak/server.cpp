// The cycle of ten seconds: go, rest, quiet, line.
#include "server.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>

#include "net.hpp"
#include "process_usage.hpp"

namespace soak {
namespace {

using namespace std::chrono_literals;
using wakepoll::test::processor_time_of_this_process;
using wakepoll::test::ProcessUsage;
using wakepoll::test::usage_of_this_process;

constexpr auto line_length = 10s;
// For coming to rest and being quiet; it may take longer.
constexpr auto rest_length = 1500ms;
constexpr auto rest_patience = 5min;
constexpr auto quiet_length = 300ms;
constexpr auto standstill = 3min;

constexpr int lines_to_a_head = 30;

}  // namespace

Server::Service::Service(example::EventLoop& loop)
    : EchoService(loop, {.port = 0, .pending_limit = 64 * 1024, .buffer_bytes = 16 * 1024}) {
    if (const std::error_code error = open()) {
        throw std::system_error(error, "listen");
    }
}

Server::Server(wakepoll::Backend backend, std::chrono::seconds length)
    : loop_(backend),
      service_(loop_),
      clients_(loop_, service_.port()),
      wakers_(loop_, 3),
      children_(loop_, service_.port()),
      files_(loop_, 2),
      timers_(loop_, 8),
      loads_{&clients_, &wakers_, &children_, &files_, &timers_},
      length_(length),
      before_(totals()),
      watcher_([this] { watch(); }) {}

Server::~Server() {
    {
        const std::scoped_lock lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    watcher_.join();
}

void Server::run() {
    warm_up(loop_);
    loop_.add_timer(0s, [this] { go(); });
    if (const std::error_code error = loop_.run()) {
        fail("the loop has ended: " + example::net::describe(error));
    }
    if (const std::string growth = judge_.look_at_growth(); !growth.empty()) {
        fail(growth);
    }
    std::printf("soak: %" PRId64 " s: nothing was lost, nothing spun, nothing stalled, %s\n",
                static_cast<std::int64_t>(length_.count()),
                judge_.can_see_growth() ? "nothing grew"
                                        : "and it was too short to see whether anything grew");
}

void Server::go() {
    next_line_ = Clock::now() + line_length;
    for (Load* const load : loads_) {
        load->go();
    }
    loop_.add_timer_at(next_line_ - rest_length, [this] { rest(); });
}

void Server::rest() {
    for (Load* const load : loads_) {
        load->rest();
    }
    await_rest(Clock::now() + rest_patience);
}

void Server::await_rest(Clock::time_point limit) {
    ++rounds_;
    const auto busy =
        std::ranges::find_if(loads_, [](const Load* load) { return !load->is_at_rest(); });
    if (busy == loads_.end() && service_.open_connections() == 0) {
        return be_quiet();
    }
    if (Clock::now() > limit) {
        fail("loss: " +
             (busy != loads_.end()
                  ? "what was begun has not come to its end: " + std::string((*busy)->name())
                  : "the ends of " + std::to_string(service_.open_connections()) +
                        " connections were not told"));
    }
    loop_.add_timer(5ms, [this, limit] { await_rest(limit); });
}

void Server::be_quiet() {
    loop_.add_timer_at(std::max(next_line_, Clock::now() + quiet_length),
                       [this, stats = loop_.stats(), time = processor_time_of_this_process()] {
                           take_line(stats, time);
                       });
}

Server::Totals Server::totals() const {
    Totals totals{.loop = loop_.stats(),
                  .bytes = service_.stats().bytes_sent,
                  .resets = service_.stats().reset,
                  .done = {}};
    for (const Load* const load : loads_) {
        totals.done.push_back(load->done());
    }
    return totals;
}

std::uint64_t Server::errors() const {
    return service_.stats().refused + service_.stats().accepting_paused;
}

void Server::take_line(const example::LoopStats& loop_before,
                       std::chrono::nanoseconds time_before) {
    Line line;
    line.quiet_processor_time = processor_time_of_this_process() - time_before;
    const Totals now = totals();
    line.quiet_waits = now.loop.waits - loop_before.waits;
    line.time = std::chrono::round<std::chrono::seconds>(Clock::now() - begin_);
    line.events = now.loop.events - before_.loop.events;
    line.waits = now.loop.waits - before_.loop.waits;
    line.waits_for_nothing = now.loop.waits_for_nothing - before_.loop.waits_for_nothing;
    line.bytes = now.bytes - before_.bytes;
    for (std::size_t i = 0; i < loads_.size(); ++i) {
        line.work.push_back({loads_[i]->name(), now.done[i] - before_.done[i]});
    }
    const ProcessUsage usage = usage_of_this_process();
    line.server = {usage.handles, usage.heap_bytes, usage.private_bytes};
    line.clients = {clients_.report().handles, clients_.report().heap_bytes, 0};
    print(line, now);
    before_ = now;
    std::string wrong = judge_.look_at(line);
    if (wrong.empty() && errors() > 0) {
        wrong = "loss: " + std::to_string(errors()) + " connections could not be taken";
    }
    if (!wrong.empty()) {
        fail(wrong);
    }
    Clock::now() + line_length / 2 < begin_ + length_ ? go() : loop_.stop();
}

void Server::print(const Line& line, const Totals& now) {
    if (lines_++ % lines_to_a_head == 0) {
        std::printf("%6s %8s %8s %7s %5s", "time s", "events", "waits", "nothing", "quiet");
        for (const Work& work : line.work) {
            std::printf(" %*s", std::max(8, static_cast<int>(work.load.size())), work.load.data());
        }
        std::printf(" %6s %8s %7s %8s %8s %8s %6s\n", "resets", "MB", "late ms", "handles",
                    "heap KB", "priv. KB", "errors");
    }
    std::printf("%6" PRId64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64 " %5" PRIu64,
                static_cast<std::int64_t>(line.time.count()), line.events, line.waits,
                line.waits_for_nothing, line.quiet_waits);
    for (const Work& work : line.work) {
        std::printf(" %*" PRIu64, std::max(8, static_cast<int>(work.load.size())), work.done);
    }
    std::printf(" %6" PRIu64 " %8.1f %7.1f %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %6" PRIu64 "\n",
                now.resets - before_.resets, static_cast<double>(line.bytes) / 1e6,
                std::chrono::duration<double, std::milli>(timers_.take_latest()).count(),
                line.server.handles, line.server.heap_bytes / 1000,
                line.server.private_bytes / 1000, errors() + children_.refused());
    std::fflush(stdout);
}

void Server::watch() {
    std::unique_lock lock(mutex_);
    std::uint64_t seen = 0;
    auto seen_at = Clock::now();
    while (!changed_.wait_for(lock, 1s, [this] { return over_; })) {
        const std::uint64_t rounds = rounds_ + timers_.done();
        if (std::exchange(seen, rounds) != rounds) {
            seen_at = Clock::now();
        } else if (Clock::now() - seen_at > standstill) {
            fail("stall: the loop has stood still for 3 min");
        }
    }
}

}  // namespace soak
