// How fast connections are accepted and closed. The client is a plain blocking one on its own
// thread: it makes a few connections, waits until each has been closed, closes them too, and
// repeats.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contestants/acceptor.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/blocking_client.hpp"
#include "support/worker.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t connections_per_round = 64;
constexpr std::size_t handful = 16;

/// A running acceptor and its client.
class Door {
public:
    explicit Door(std::unique_ptr<Acceptor> acceptor)
        : acceptor_(std::move(acceptor)),
          client_([this] { knock(); }, [this] { acceptor_->stop(); }) {}

    /// Accepts and closes one round, and waits until the client has seen it.
    void round() {
        client_.begin();
        try {
            acceptor_->accept(connections_per_round);
        } catch (...) {
            // If the client failed, report its error.
            client_.rethrow();
            throw;
        }
        client_.end();
    }

private:
    void knock() {
        for (std::size_t made = 0; made < connections_per_round; made += handful) {
            std::vector<Socket> connections;
            while (connections.size() < handful) {
                connections.push_back(connect_client(acceptor_->address()));
            }
            for (const Socket& connection : connections) {
                await_close(connection);
            }
        }
    }

    std::unique_ptr<Acceptor> acceptor_;
    Worker client_;  ///< Last: it uses the other member.
};

}  // namespace

void run_accepts(Bench& bench) {
    using Make = std::function<std::unique_ptr<Acceptor>()>;
    constexpr const char* submitting = "poller, submit_accept";
    constexpr const char* readiness = "poller, readiness";
    constexpr const char* raw = "raw accept";
    constexpr const char* asio = "Asio";
    std::vector<std::pair<std::string, Make>> makes = {{raw, make_blocking_acceptor},
                                                       {submitting, make_submitting_acceptor},
                                                       {readiness, make_readiness_acceptor}};
    if (make_asio_acceptor() != nullptr) {
        makes.emplace_back(asio, make_asio_acceptor);
    }
    std::unique_ptr<Door> door;
    std::vector<Contestant> contestants;
    for (const auto& [name, make] : makes) {
        contestants.push_back({name, [&door] { return time_of([&door] { door->round(); }); },
                               [&door, make = make] { door = std::make_unique<Door>(make()); },
                               [&door] { door.reset(); }});
    }
    const Effort effort = bench.quick() ? Effort{7, 1, 5} : Effort{15, 2, 12};
    bench.run({"one client", "connection", connections_per_round, effort}, contestants,
              {compared(submitting, asio), compared(readiness, asio), compared(submitting, raw),
               compared(readiness, raw)});
}

}  // namespace wakepoll::bench
