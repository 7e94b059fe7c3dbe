// What a round trip through a server costs. The server is the contestant and has its own thread;
// the load is the same for all: plain blocking calls on this thread, which sends 64 bytes on each
// connection and then receives 64 bytes from each.
//
// The whole round is timed, including the load's calls. On one processor, where the threads
// alternate, that is the sum of both; with more, the server works while the load still sends, and
// the number of events that it finds at a time varies from round to round.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contestants/echo_server.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/blocking_client.hpp"
#include "support/worker.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t message_size = 64;

/// A running server, and the connections to it.
class Service {
public:
    Service(std::unique_ptr<EchoServer> server, std::size_t connections)
        : server_(std::move(server)),
          worker_([this, connections] { server_->serve(connections); }) {
        worker_.begin();
        try {
            while (clients_.size() < connections) {
                clients_.push_back(connect_client(server_->address()));
            }
        } catch (...) {
            hang_up();
            worker_.rethrow();
            throw;
        }
        // One round, so that all are accepted before the timing starts.
        round_trips();
    }
    /// If `end` has not ended it, the server ends because all its clients have gone.
    ~Service() { clients_.clear(); }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    void round_trips() {
        try {
            send_and_receive();
        } catch (...) {
            // If the server failed, report its error.
            hang_up();
            worker_.rethrow();
            throw;
        }
    }

    /// Hangs up, and waits until the server has noticed.
    void end() {
        clients_.clear();
        worker_.end();
    }

private:
    void send_and_receive() {
        std::array<char, message_size> message;
        message.fill(++letter_);
        for (const Socket& client : clients_) {
            send_all(client, message);
        }
        for (const Socket& client : clients_) {
            std::array<char, message_size> answer = {};
            receive_all(client, answer);
            if (answer != message) {
                fail("echo", ERROR_INVALID_DATA);
            }
        }
    }

    /// Also ends a server that still waits for connections.
    void hang_up() {
        clients_.clear();
        server_->stop();
    }

    std::unique_ptr<EchoServer> server_;
    std::vector<Socket> clients_;
    char letter_ = 0;
    Worker worker_;  ///< Last: it uses the server.
};

/// Warms up each turn with enough rounds for a policy that depends on recent activity.
Effort effort_for(std::size_t connections, bool quick) {
    const std::size_t rounds = std::clamp<std::size_t>(2048 / connections, 8, 200);
    if (quick) {
        return {7, 4, rounds / 4};
    }
    return {connections >= 512 ? std::size_t{9} : std::size_t{15}, 4, rounds};
}

}  // namespace

void run_echo(Bench& bench) {
    using Make = std::function<std::unique_ptr<EchoServer>()>;
    constexpr const char* readiness = "poller, readiness";
    constexpr const char* completions = "poller, completions";
    constexpr const char* raw = "raw WSAPoll";
    constexpr const char* raw_afd = "AFD request each";
    constexpr const char* raw_port = "raw port";
    constexpr const char* asio = "Asio";
    const bool has_asio = make_asio_echo() != nullptr;
    for (const std::size_t connections : {std::size_t{1}, std::size_t{64}, std::size_t{512}}) {
        if (bench.quick() && connections > 64) {
            continue;
        }
        std::vector<std::pair<std::string, Make>> makes = {
            {readiness, make_readiness_echo},
            {completions, [connections] { return make_completion_echo(connections); }},
            {raw, make_wsapoll_echo},
            {raw_afd, make_afd_echo},
            {raw_port, make_raw_completion_echo}};
        if (has_asio) {
            makes.emplace_back(asio, make_asio_echo);
        }
        std::unique_ptr<Service> service;
        std::vector<Contestant> contestants;
        for (const auto& [name, make] : makes) {
            contestants.push_back(
                {name, [&service] { return time_of([&service] { service->round_trips(); }); },
                 [&service, make = make, connections] {
                     service = std::make_unique<Service>(make(), connections);
                 },
                 [&service] {
                     service->end();
                     service.reset();
                 }});
        }
        bench.run({fmt::format("connections={}", connections), "round trip", connections,
                   effort_for(connections, bench.quick())},
                  contestants,
                  {at_most(1.0, readiness, asio), at_most(1.05, completions, raw_port),
                   at_most(1.05, completions, asio), compared(readiness, raw),
                   compared(readiness, raw_afd)});
    }
}

}  // namespace wakepoll::bench
