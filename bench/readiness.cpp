// What an event costs, by the number of registered and of active sockets, waiting and receiving
// together: raw WSAPoll and select of all, one AFD request for each socket, and the poller.
//
// A round: the peers of the active sockets send one byte each, this thread checks that all have
// arrived, and then times how long the contestant takes to report each of them and to receive its
// byte. Sending is not timed: everything is there when the timed part begins, so nothing depends on
// how the system schedules threads. Nothing of the other contestants is registered or in flight
// during a turn.
//
// The active sockets are spread evenly over the registered ones. In one scenario they stay the
// same; in the other each round has the next ones, as on a server with many connections.
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "contestants/readiness_contestant.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t registered_counts[] = {1, 16, 64, 256, 1000};
constexpr std::size_t active_counts[] = {1, 16, 64};

constexpr const char* wsapoll = "WSAPoll of all";
constexpr const char* request_each = "AFD request each";
constexpr const char* automatic = "poller, automatic";
constexpr const char* together = "AFD, active ones together";

struct Entrant {
    std::string name;
    std::unique_ptr<ReadinessContestant> contestant;
};

std::vector<Entrant> make_entrants(Bench& bench, bool moves) {
    std::vector<Entrant> entrants;
    entrants.push_back({wsapoll, make_wsapoll_of_all()});
    entrants.push_back({request_each, make_afd_request_each()});
    entrants.push_back({automatic, make_poller(Backend::automatic)});
    if (bench.quick() || moves) {
        return entrants;  // The others make the same calls, whatever moves.
    }
    entrants.push_back({together, make_afd_active_together()});
    entrants.push_back({"select of all", make_select_of_all()});
    entrants.push_back({"poller, wsapoll", make_poller(Backend::wsapoll)});
    try {
        entrants.push_back({"poller, afd", make_poller(Backend::afd)});
    } catch (const std::system_error& error) {
        bench.skip("all", "poller, afd", error.code().message());
    }
    return entrants;
}

struct Load {
    std::size_t registered = 0;
    std::size_t active = 0;

    [[nodiscard]] std::string name() const {
        return fmt::format("registered={} active={}", registered, active);
    }
};

std::vector<Load> make_loads(const Bench& bench, bool moves) {
    std::vector<Load> loads;
    const auto add = [&](Load load) {
        if (bench.wants(load.name())) {
            loads.push_back(load);
        }
    };
    for (const std::size_t registered : registered_counts) {
        for (const std::size_t active : active_counts) {
            if (active < registered) {
                add({registered, active});
            }
        }
        if (!moves) {
            add({registered, registered});
        }
    }
    return loads;
}

/// Many short turns, because they share other load evenly; and each warms up with enough rounds for
/// a policy that depends on recent activity.
Effort effort_for(const Load& load, bool quick) {
    const auto rounds = [&](std::size_t events, std::size_t least, std::size_t most) {
        return std::clamp(events / load.active, least, most);
    };
    if (quick) {
        return {7, rounds(128, 3, 16), rounds(96, 3, 12)};
    }
    return {21, rounds(1024, 8, 40), rounds(1024, 5, 100)};
}

/// Which sockets have something to receive in this round.
class Activity {
public:
    Activity(const Load& load, bool moves) : load_(load), moves_(moves) {}

    [[nodiscard]] std::vector<std::size_t> next() {
        std::vector<std::size_t> indices(load_.active);
        for (std::size_t i = 0; i < load_.active; ++i) {
            indices[i] = (i * load_.registered / load_.active + shift_) % load_.registered;
        }
        shift_ += moves_ ? 1 : 0;
        return indices;
    }

private:
    Load load_;
    bool moves_;
    std::size_t shift_ = 0;
};

void measure(Bench& bench, const Load& load, bool moves, const std::vector<Entrant>& entrants,
             const Connections& connections) {
    const std::span<const SOCKET> sockets = connections.locals().first(load.registered);
    Activity activity(load, moves);
    std::vector<Contestant> contestants;
    for (const Entrant& entrant : entrants) {
        ReadinessContestant& contestant = *entrant.contestant;
        contestants.push_back({entrant.name,
                               [&] {
                                   connections.send_to(activity.next());
                                   return time_of([&] { contestant.receive_from(load.active); });
                               },
                               [&contestant, sockets] { contestant.watch(sockets); },
                               [&contestant] { contestant.forget(); }});
    }
    // A limit against each of the two limits it against the better one.
    const bool many_stay = load.active >= 16 && !moves;
    std::vector<Comparison> comparisons = {at_most(1.05, automatic, wsapoll)};
    comparisons.push_back(at_most(many_stay ? 0.7 : 1.05, automatic, request_each));
    comparisons.push_back(compared(automatic, together));
    comparisons.push_back(compared(automatic, "select of all"));
    bench.run({load.name(), "event", load.active, effort_for(load, bench.quick())}, contestants,
              comparisons);
}

void run(Bench& bench, bool moves) {
    const std::vector<Load> loads = make_loads(bench, moves);
    if (loads.empty()) {
        return;
    }
    const std::vector<Entrant> entrants = make_entrants(bench, moves);
    std::size_t most = 0;
    for (const Load& load : loads) {
        most = std::max(most, load.registered);
    }
    const Connections connections(most);
    for (const Load& load : loads) {
        measure(bench, load, moves, entrants, connections);
    }
}

}  // namespace

void run_readiness_staying(Bench& bench) { run(bench, false); }
void run_readiness_moving(Bench& bench) { run(bench, true); }

}  // namespace wakepoll::bench
