// How much later than its timeout a wait without events ends. Calls that take whole milliseconds
// get the next whole one, as their users must do.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contestants/asio_sleeper.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

using Microseconds = std::chrono::microseconds;

constexpr Microseconds timeouts[] = {Microseconds(100), Microseconds(500), Microseconds(1000),
                                     Microseconds(5000), Microseconds(16000)};

DWORD whole_milliseconds(Microseconds time) {
    return static_cast<DWORD>(std::chrono::ceil<std::chrono::milliseconds>(time).count());
}

/// Reports early and late separately: an early end breaks a promise, a late one is slow.
void tell_early_and_late(Bench& bench, const std::string& cell, const Measurement& measured) {
    const std::vector<double>& samples = measured.samples;
    const auto on_time = std::lower_bound(samples.begin(), samples.end(), 0.0);
    const std::vector<double> late(on_time, samples.end());
    const auto early = static_cast<double>(on_time - samples.begin());
    std::vector<Figure> figures = {
        {"early", early / static_cast<double>(samples.size()) * 100, "%"},
        {"at most", std::max(-samples.front(), 0.0), "us"}};
    if (!late.empty()) {
        figures.push_back({"late, median", quantile(late, 0.5), "us"});
        figures.push_back({"late, p99", quantile(late, 0.99), "us"});
        figures.push_back({"late, at most", late.back(), "us"});
    }
    bench.tell(cell, measured.name, figures);
}

}  // namespace

void run_timeouts(Bench& bench) {
    const Connections connections(1);
    std::array<NativeEvent, 8> events = {};
    OsPoller at_port = make_poller_with(Backend::automatic, {});
    OsPoller in_wsapoll = make_poller_with(Backend::wsapoll, connections.locals());
    const HANDLE port = ::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1);
    check(port != nullptr, "CreateIoCompletionPort");

    const auto wait = [&events](OsPoller& poller, Timeout timeout, bool expects_timer) {
        const WaitResult waited = poller.wait(events, timeout);
        check_error(waited.error, "wait");
        if (waited.timer != expects_timer) {
            fail("wait", WAIT_TIMEOUT);
        }
    };
    std::vector<std::pair<std::string, std::function<void(Microseconds)>>> ways = {
        {"raw port",
         [port](Microseconds time) {
             OVERLAPPED_ENTRY packet = {};
             ULONG count = 0;
             (void)::GetQueuedCompletionStatusEx(port, &packet, 1, &count, whole_milliseconds(time),
                                                 FALSE);
         }},
        {"raw WSAPoll",
         [&](Microseconds time) {
             WSAPOLLFD entry = {connections.locals()[0], POLLRDNORM, 0};
             (void)::WSAPoll(&entry, 1, static_cast<INT>(whole_milliseconds(time)));
         }},
        {"poller, at the port", [&](Microseconds time) { wait(at_port, time, false); }},
        {"poller, in WSAPoll", [&](Microseconds time) { wait(in_wsapoll, time, false); }},
        {"poller, set_timer",
         [&](Microseconds time) {
             check_error(at_port.set_timer(std::chrono::steady_clock::now() + time), "set_timer");
             wait(at_port, patience, true);
         }},
    };
    const std::unique_ptr<AsioSleeper> sleeper = make_asio_sleeper();
    if (sleeper != nullptr) {
        ways.emplace_back("Asio steady_timer",
                          [&sleeper](Microseconds time) { sleeper->sleep(time); });
    }

    for (const Microseconds timeout : timeouts) {
        std::vector<Contestant> contestants;
        for (const auto& [name, way] : ways) {
            contestants.push_back(
                {name, [&way = way, timeout] { return time_of([&] { way(timeout); }) - timeout; }});
        }
        const double milliseconds = std::chrono::duration<double, std::milli>(timeout).count();
        const Effort effort = bench.quick() ? Effort{2, 0, 5} : Effort{20, 0, 10};
        const std::string cell = fmt::format("timeout={}ms", milliseconds);
        for (const Measurement& measured : bench.run({cell, "timeout", 1, effort}, contestants)) {
            tell_early_and_late(bench, cell, measured);
        }
    }
    ::CloseHandle(port);
}

}  // namespace wakepoll::bench
