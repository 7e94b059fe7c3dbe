// What a wait over WSAPoll costs, compared with the bare call on the same array: the sockets and
// the doorbell. Nothing is received, so what is ready stays ready.
#include <fmt/core.h>

#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t counts[] = {1, 64, 256, 1000};
constexpr std::size_t waits_per_round = 20;

void measure(Bench& bench, const std::string& cell, const Connections& connections,
             std::size_t ready) {
    const std::span<const SOCKET> sockets = connections.locals();
    std::vector<WSAPOLLFD> entries;
    std::optional<OsPoller> poller;
    std::vector<NativeEvent> events(1024);
    const Socket bell = udp_socket_to_itself();

    const Contestant raw = {"raw WSAPoll",
                            [&] {
                                return time_of([&] {
                                    for (std::size_t i = 0; i < waits_per_round; ++i) {
                                        const int found = ::WSAPoll(
                                            entries.data(), static_cast<ULONG>(entries.size()), 0);
                                        check(found == static_cast<int>(ready), "WSAPoll");
                                    }
                                });
                            },
                            [&] {
                                entries.assign(1, {bell.get(), POLLRDNORM, 0});
                                for (const SOCKET socket : sockets) {
                                    entries.push_back({socket, POLLRDNORM, 0});
                                }
                            }};
    const Contestant own = {"poller, wsapoll",
                            [&] {
                                return time_of([&] {
                                    for (std::size_t i = 0; i < waits_per_round; ++i) {
                                        const WaitResult waited = poller->wait(events, no_wait);
                                        check_error(waited.error, "wait");
                                        if (waited.count != ready) {
                                            fail("wait", WAIT_TIMEOUT);
                                        }
                                    }
                                });
                            },
                            [&] { poller.emplace(make_poller_with(Backend::wsapoll, sockets)); },
                            [&] { poller.reset(); }};
    const Comparison comparison =
        sockets.size() >= 64 ? at_most(1.05, own.name, raw.name) : compared(own.name, raw.name);
    const std::size_t most = sockets.size() >= 256 ? 4 : 20;
    const Effort effort = bench.quick() ? Effort{5, 2, most / 2} : Effort{21, 2, most};
    bench.run({cell, "wait", waits_per_round, effort}, {raw, own}, {comparison});
}

}  // namespace

void run_one_poll(Bench& bench) {
    for (const std::size_t count : counts) {
        const auto name = [count](std::size_t ready) {
            return fmt::format("sockets={} ready={}", count, ready);
        };
        if (!bench.wants(name(0)) && !bench.wants(name(1)) && !bench.wants(name(count))) {
            continue;
        }
        // The order matters, because what has arrived is never received.
        const Connections connections(count);
        measure(bench, name(0), connections, 0);
        connections.send_to(std::vector<std::size_t>{count / 2});
        measure(bench, name(1), connections, 1);
        if (count == 1) {
            continue;
        }
        std::vector<std::size_t> all(count);
        std::iota(all.begin(), all.end(), std::size_t{0});
        connections.send_to(all);
        measure(bench, name(count), connections, count);
    }
}

}  // namespace wakepoll::bench
