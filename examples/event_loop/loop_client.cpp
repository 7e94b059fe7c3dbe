// The load client as a program: many connections to an echo server on 127.0.0.1, every byte
// checked.
//
// usage: loop_client --port N [--connections N] [--echoes N] [--seed N] ...; see --help. Prints its
// progress on the standard error once a second, and ends with one `name=value` line for each
// figure. The exit code is 0 only if every connection was verified whole.
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <functional>

#include "arguments.hpp"
#include "event_loop.hpp"
#include "load_client.hpp"
#include "net.hpp"

namespace {

struct ClientArguments {
    std::uint64_t port = 0;
    std::uint64_t connections = 200;
    std::uint64_t echoes = 40;
    std::uint64_t largest = 256 * 1024;
    std::uint64_t seed = 1;
    std::uint64_t stall = 100;
    std::uint64_t half_close_last = 0;
    std::uint64_t patience = 60;
};

void print(const char* name, std::uint64_t value) { std::printf("%s=%" PRIu64 "\n", name, value); }

void print_progress(const example::LoadClient& client, std::uint64_t wanted_echoes) {
    const example::LoadReport& report = client.report();
    std::fprintf(stderr, "%3" PRIu64 " %%: %" PRIu64 " echoes, %" PRIu64 " bytes checked\n",
                 report.echoes * 100 / wanted_echoes, report.echoes, report.bytes);
}

void print_report(const example::LoadReport& report) {
    print("connections", report.connections);
    print("connections_failed", report.failed);
    print("echoes", report.echoes);
    print("bytes", report.bytes);
    print("mismatches", report.mismatches);
    print("round_trips", report.round_trips.size());
    print("round_trip_median_us",
          static_cast<std::uint64_t>(report.round_trip_percentile(50).count()));
    print("round_trip_p99_us",
          static_cast<std::uint64_t>(report.round_trip_percentile(99).count()));
    for (const std::string& failure : report.failures) {
        std::fprintf(stderr, "loop_client: %s\n", failure.c_str());
    }
}

int drive(const ClientArguments& arguments) {
    const example::net::Network network;
    example::EventLoop loop;
    example::LoadOptions options;
    options.port = static_cast<std::uint16_t>(arguments.port);
    options.connections = static_cast<std::uint32_t>(arguments.connections);
    options.plan.seed = arguments.seed;
    options.plan.messages = static_cast<std::uint32_t>(arguments.echoes);
    options.plan.largest = static_cast<std::size_t>(arguments.largest);
    options.stall = std::chrono::milliseconds(arguments.stall);
    options.half_close_last = arguments.half_close_last != 0;
    options.patience = std::chrono::seconds(arguments.patience);

    example::LoadClient client(loop, options, [&] { loop.stop(); });
    const std::uint64_t wanted_echoes = arguments.connections * arguments.echoes;
    const std::function<void()> show_progress = [&] {
        print_progress(client, wanted_echoes);
        loop.add_timer(std::chrono::seconds(1), show_progress);
    };
    loop.add_timer(std::chrono::seconds(1), show_progress);
    client.start();
    const std::error_code error = loop.run();
    print_progress(client, wanted_echoes);
    print_report(client.report());
    if (error) {
        std::fprintf(stderr, "loop_client: %s\n", example::net::describe(error).c_str());
        return 1;
    }
    const bool whole = client.report().connections == options.connections;
    return whole && client.report().all_well() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    ClientArguments arguments;
    const std::optional<int> exit_code = example::parse_arguments(
        argc, argv, "Drives an echo server on 127.0.0.1 and checks every byte that comes back.",
        {
            {"--port", "the server's port; needed", &arguments.port, 1, 65535},
            {"--connections", "at the same time", &arguments.connections, 1, 20'000},
            {"--echoes", "messages on each connection", &arguments.echoes, 1, 1'000'000},
            {"--largest", "bytes of the last message of each", &arguments.largest, 1, 1 << 30},
            {"--seed", "of the messages' contents", &arguments.seed, 0, UINT64_MAX},
            {"--stall", "milliseconds without room to send before it reads in the last part",
             &arguments.stall, 1, 3'600'000},
            {"--half-close-last", "1: once all is answered; 0: once all is sent",
             &arguments.half_close_last, 0, 1},
            {"--patience", "give up after as many seconds without a byte", &arguments.patience, 1,
             86'400},
        });
    if (exit_code) {
        return *exit_code;
    }
    if (arguments.port == 0) {
        std::fprintf(stderr, "loop_client: --port is needed; --help lists the arguments\n");
        return 2;
    }
    try {
        return drive(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "loop_client: %s\n", error.what());
        return 1;
    }
}
