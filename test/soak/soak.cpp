// Load on one loop for as long as wanted: server.hpp describes the load, judge.hpp the rules.
// tools/soak builds and runs it.
//
// usage: soak [--seconds N]; BACKEND in the environment names the poller's backend. Prints a line
// every ten seconds and, as its last, what held (exit code 0) or what was wrong (1). The other
// arguments are for the processes that the program starts itself.
#include <cstdio>
#include <exception>

#include "arguments.hpp"
#include "backends.hpp"
#include "children.hpp"
#include "crowd.hpp"
#include "net.hpp"
#include "server.hpp"

namespace {

struct Arguments {
    std::uint64_t seconds = 60;
    std::uint64_t clients = 0;
    std::uint64_t copy = 0;
    std::uint64_t vanish = 0;
};

int run(const Arguments& arguments) {
    if (arguments.clients != 0) {
        return soak::be_the_crowd(static_cast<std::uint16_t>(arguments.clients));
    }
    if (arguments.copy != 0) {
        return soak::be_copying_child(arguments.copy);
    }
    if (arguments.vanish != 0) {
        return soak::be_vanishing_child(static_cast<std::uint16_t>(arguments.vanish));
    }
    const example::net::Network network;
    soak::Server server(wakepoll::test::wanted_backends().front(),
                        std::chrono::seconds(arguments.seconds));
    server.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    const std::optional<int> exit_code = example::parse_arguments(
        argc, argv, "An event loop under everything at once, for as long as one likes.",
        {
            {"--seconds", "how long", &arguments.seconds, 10, 1'000'000},
            {"--clients", "be the clients of the server at this port", &arguments.clients, 1,
             65535},
            {"--copy", "be a child that copies, with this exit code", &arguments.copy, 1, 100},
            {"--vanish", "be a child that vanishes, with connections to this port",
             &arguments.vanish, 1, 65535},
        });
    if (exit_code) {
        return *exit_code;
    }
    try {
        return run(arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "soak: %s\n", error.what());
        return 1;
    }
}
