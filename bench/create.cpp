// What creating a poller costs, with few slots and with the maximum; and its memory, when new and
// with a thousand registered sockets.
//
// Unused slots must cost neither time nor resident memory. (Committed memory is only reserved.)
#include <cstdint>
#include <optional>
#include <string>

#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/poller.hpp"
#include "support/process_usage.hpp"

namespace wakepoll::bench {
namespace {

constexpr const char* few = "1024 slots";
constexpr const char* many = "65536 slots";
constexpr std::size_t sockets_used = 1000;

PollerConfig config_of(std::uint32_t slots) {
    PollerConfig config;
    config.max_registrations = slots;
    return config;
}

void measure_time(Bench& bench, const std::string& cell) {
    const auto contestant = [](const char* name, std::uint32_t slots) {
        return Contestant{name, [slots] {
                              std::optional<OsPoller> poller;
                              return time_of([&] { poller = make_poller_of(config_of(slots)); });
                          }};
    };
    const Effort effort = bench.quick() ? Effort{3, 2, 10} : Effort{15, 3, 30};
    bench.run({cell, "poller", 1, effort}, {contestant(few, 1024), contestant(many, 65536)},
              {at_most(1.5, many, few)});
}

void weigh(Bench& bench, const std::string& cell, const char* name, std::uint32_t slots,
           const Connections& connections) {
    using test::ProcessUsage;
    using test::usage_of_this_process;
    const auto more = [](std::uint64_t now, std::uint64_t then) {
        return (static_cast<double>(now) - static_cast<double>(then)) / 1024;
    };
    const ProcessUsage before = usage_of_this_process();
    OsPoller poller = make_poller_of(config_of(slots));
    const ProcessUsage created = usage_of_this_process();
    for (const SOCKET socket : connections.locals()) {
        check_error(poller.register_handle(handle_of(socket), IoInterest::read, 0),
                    "register_handle");
    }
    NativeEvent event = {};
    check_error(poller.wait(std::span(&event, 1), no_wait).error, "wait");
    const ProcessUsage used = usage_of_this_process();
    bench.tell(
        cell, name,
        {{"committed", more(created.committed_bytes, before.committed_bytes), "KiB"},
         {"resident", more(created.private_bytes, before.private_bytes), "KiB"},
         {"resident with 1000 sockets", more(used.private_bytes, before.private_bytes), "KiB"}});
}

}  // namespace

void run_create(Bench& bench) {
    measure_time(bench, "time");
    const std::string memory = "memory";
    if (bench.wants(memory)) {
        const Connections connections(sockets_used);
        weigh(bench, memory, few, 1024, connections);
        weigh(bench, memory, many, 65536, connections);
    }
}

}  // namespace wakepoll::bench
