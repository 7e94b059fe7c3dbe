// Runs the selected scenarios one after the other.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {
namespace {

struct Scenario {
    std::string_view name;
    std::string_view about;
    void (*run)(Bench& bench);
};

constexpr Scenario scenarios[] = {
    {"wake latency", "from another thread's wake to the end of the wait", run_wake_latency},
    {"wake storm", "four threads wake one as fast as they can", run_wake_storm},
    {"readiness staying", "receiving a byte of each ready socket, always the same ones",
     run_readiness_staying},
    {"readiness moving", "receiving a byte of each ready socket, others in each round",
     run_readiness_moving},
    {"one poll", "a single wait beside a single WSAPoll of the same sockets", run_one_poll},
    {"churn", "register, modify and unregister a thousand sockets", run_churn},
    {"changes beside a waiter", "changes by one thread while another is blocked", run_changes},
    {"epoll changes", "EPOLL_CTL_MOD by one thread while another waits", run_epoll_changes},
    {"create", "a poller that is created, by its slots", run_create},
    {"timeouts", "how far a wait ends from its timeout; below 0 is early", run_timeouts},
    {"echo", "round trips of 64 bytes through an echo server", run_echo},
    {"pipes", "named pipes: round trips of 64 bytes, and bulk", run_pipes},
    {"files", "overlapped reads of 4 KiB of a file", run_files},
    {"accepts", "connections accepted and closed", run_accepts},
    {"memory", "what a poller takes, and each of its sockets", run_memory},
};

}  // namespace
}  // namespace wakepoll::bench

int main(int count, char** arguments) {
    using namespace wakepoll::bench;
    try {
        Bench bench(parse_options(count, arguments));
        const WinsockUse winsock;
        for (const Scenario& scenario : scenarios) {
            bench.begin_scenario(scenario.name, scenario.about);
            scenario.run(bench);
        }
        bench.finish();
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return EXIT_FAILURE;
    }
}
