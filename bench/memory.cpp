// What a poller takes of the process: heap bytes, committed pages outside the heaps, and handles;
// alone, and for each of a thousand sockets that it waits for.
//
// Memory inside the kernel is not visible here.
#include <fmt/core.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "contestants/asio_registrations.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/poller.hpp"
#include "support/process_usage.hpp"

namespace wakepoll::bench {
namespace {

using test::ProcessUsage;
using test::usage_of_this_process;

constexpr std::size_t sockets_weighed = 1000;

/// Something to weigh, alone and with sockets.
struct Weighed {
    std::string name;
    std::function<void()> make;
    std::function<void(Connections& connections)> watch;
    std::function<void()> drop;
};

void tell_difference(Bench& bench, const std::string& cell, const std::string& name,
                     const ProcessUsage& after, const ProcessUsage& before, double parts) {
    const auto more = [parts](std::uint64_t now, std::uint64_t then) {
        return (static_cast<double>(now) - static_cast<double>(then)) / parts;
    };
    bench.tell(cell, name,
               {{"heap", more(after.heap_bytes, before.heap_bytes), "bytes"},
                {"committed", more(after.committed_bytes, before.committed_bytes), "bytes"},
                {"handles", more(after.handles, before.handles), ""}});
}

void weigh(Bench& bench, const Weighed& weighed, const std::string& alone,
           const std::string& each) {
    // Once before, so that one-time allocations of the process are not counted.
    Connections connections(sockets_weighed);
    weighed.make();
    weighed.watch(connections);
    weighed.drop();

    Connections fresh(sockets_weighed);
    const ProcessUsage before = usage_of_this_process();
    weighed.make();
    const ProcessUsage made = usage_of_this_process();
    weighed.watch(fresh);
    const ProcessUsage full = usage_of_this_process();
    weighed.drop();
    if (bench.wants(alone)) {
        tell_difference(bench, alone, weighed.name, made, before, 1);
    }
    if (bench.wants(each)) {
        tell_difference(bench, each, weighed.name, full, made, sockets_weighed);
    }
}

}  // namespace

void run_memory(Bench& bench) {
    const std::string alone = "alone";
    const std::string each = fmt::format("each of {} sockets", sockets_weighed);
    if (!bench.wants(alone) && !bench.wants(each)) {
        return;
    }
    std::optional<OsPoller> poller;
    std::array<NativeEvent, 8> events = {};
    const auto weighed_poller = [&](const char* name, Backend backend) {
        return Weighed{name, [&poller, backend] { poller.emplace(make_poller_with(backend, {})); },
                       [&](const Connections& connections) {
                           for (const SOCKET socket : connections.locals()) {
                               check_error(
                                   poller->register_handle(handle_of(socket), IoInterest::read, 0),
                                   "register_handle");
                           }
                           check_error(poller->wait(events, no_wait).error, "wait");
                       },
                       [&poller] { poller.reset(); }};
    };
    weigh(bench, weighed_poller("poller, wsapoll", Backend::wsapoll), alone, each);
    weigh(bench, weighed_poller("poller, afd", Backend::afd), alone, each);
    if (bench.wants(alone)) {
        PollerConfig small;
        small.max_registrations = 16;
        small.max_overlapped_entries = 8;
        const ProcessUsage before = usage_of_this_process();
        poller.emplace(make_poller_of(small));
        const ProcessUsage made = usage_of_this_process();
        tell_difference(bench, alone, "poller of 16 slots, 8 entries", made, before, 1);
        poller.reset();
    }
    std::unique_ptr<AsioRegistrations> asio = make_asio_registrations();
    if (asio != nullptr) {
        asio.reset();
        weigh(bench,
              {"Asio", [&asio] { asio = make_asio_registrations(); },
               [&asio](Connections& connections) { asio->watch(connections.release_locals()); },
               [&asio] { asio.reset(); }},
              alone, each);
    }
}

}  // namespace wakepoll::bench
