// What a change costs while another thread is blocked in a wait: adding, modifying and removing a
// socket. The peer is the simplest poller that allows it: one lock around one AFD request each.
//
// A hundred quiet sockets are watched throughout. A round changes 256 others, one call each. Timed
// are those calls and what the waiting thread does because of them; undoing the changes is not.
// If a request in flight has to be cancelled, its packet wakes the waiting thread in either
// contestant. Only further wakes count as rouses: packets or datagrams sent so that the waiting
// thread notices the change.
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contestants/shared_poller.hpp"
#include "harness.hpp"
#include "scenarios.hpp"
#include "support/loopback_sockets.hpp"
#include "support/worker.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::size_t sockets_changed = 256;
constexpr std::size_t sockets_at_rest = 100;

constexpr const char* poller_afd = "poller, afd";
constexpr const char* poller_wsapoll = "poller, wsapoll";
constexpr const char* peer = "a lock, AFD request each";
constexpr const char* querying_peer = "the same, type queried";

using Sockets = std::span<const SOCKET>;

/// A contestant and its waiting thread, for one turn.
class Waited {
public:
    Waited(std::unique_ptr<SharedPoller> poller, Sockets at_rest)
        : poller_(std::move(poller)),
          at_rest_(at_rest),
          waiter_([this] { poller_->wait_until_stopped(); }) {
        waiter_.begin();
        poller_->add(at_rest_);
        poller_->settle();
    }
    ~Waited() { poller_->stop(); }
    Waited(const Waited&) = delete;
    Waited& operator=(const Waited&) = delete;

    [[nodiscard]] SharedPoller& poller() noexcept { return *poller_; }

    /// Ends the turn, and rethrows what the waiting thread has thrown.
    void end() {
        poller_->remove(at_rest_);
        poller_->settle();
        poller_->stop();
        waiter_.end();
    }

private:
    std::unique_ptr<SharedPoller> poller_;
    Sockets at_rest_;
    Worker waiter_;
};

/// What is done before the timed part, in it, and after it.
struct Change {
    std::string cell;
    double limit;  ///< The maximum, as a multiple of the peer's time.
    std::function<void(SharedPoller& poller, Sockets sockets)> before;
    std::function<void(SharedPoller& poller, Sockets sockets)> timed;
    std::function<void(SharedPoller& poller, Sockets sockets)> after;
};

std::vector<Change> make_changes() {
    const auto nothing = [](SharedPoller&, Sockets) {};
    const auto add = [](SharedPoller& poller, Sockets sockets) { poller.add(sockets); };
    const auto remove = [](SharedPoller& poller, Sockets sockets) { poller.remove(sockets); };
    const auto modify_to = [](Wanted wanted) {
        return [wanted](SharedPoller& poller, Sockets sockets) { poller.modify(sockets, wanted); };
    };
    const auto to_nothing_and_back = [](SharedPoller& poller, Sockets sockets) {
        poller.modify(sockets, Wanted::nothing);
        poller.modify(sockets, Wanted::data);
    };
    return {{"add", 1.3, nothing, add, remove},
            {"modify to less and back", 1.5, add, to_nothing_and_back, remove},
            {"modify to more", 1.5, add, modify_to(Wanted::data_and_urgent), remove},
            {"remove", 1.3, add, remove, nothing}};
}

struct Entrant {
    const char* name;
    std::function<std::unique_ptr<SharedPoller>()> make;
};

void measure(Bench& bench, const Change& change, const std::vector<Entrant>& entrants,
             Sockets at_rest, Sockets changed) {
    std::optional<Waited> waited;
    std::vector<Contestant> contestants;
    std::vector<double> rouses(entrants.size());
    std::vector<double> rounds(entrants.size());
    for (std::size_t i = 0; i < entrants.size(); ++i) {
        const auto round = [&, i] {
            SharedPoller& poller = waited->poller();
            change.before(poller, changed);
            poller.settle();
            let_it_block();
            const std::uint64_t before = poller.rouses();
            const Nanoseconds time = time_of([&] { change.timed(poller, changed); });
            rouses[i] += static_cast<double>(poller.rouses() - before);
            rounds[i] += 1;
            poller.settle();
            change.after(poller, changed);
            poller.settle();
            return time;
        };
        contestants.push_back({entrants[i].name, round,
                               [&, i] { waited.emplace(entrants[i].make(), at_rest); },
                               [&] {
                                   waited->end();
                                   waited.reset();
                               }});
    }
    const Effort effort = bench.quick() ? Effort{3, 1, 3} : Effort{15, 1, 8};
    bench.run({change.cell, "socket", changed.size(), effort}, contestants,
              {at_most(change.limit, poller_afd, peer), compared(poller_afd, querying_peer),
               compared(poller_wsapoll, peer)});
    for (std::size_t i = 0; i < entrants.size(); ++i) {
        const double changes = rounds[i] * static_cast<double>(changed.size());
        bench.tell(change.cell, entrants[i].name, {{"rouses a socket", rouses[i] / changes, ""}});
    }
}

}  // namespace

void run_changes(Bench& bench) {
    std::vector<Change> changes = make_changes();
    std::erase_if(changes, [&](const Change& change) { return !bench.wants(change.cell); });
    if (changes.empty()) {
        return;
    }
    const Connections connections(sockets_at_rest + sockets_changed);
    const std::vector<Entrant> entrants = {
        {peer, [] { return make_locked_requests(Queries::base); }},
        {querying_peer, [] { return make_locked_requests(Queries::type_and_base); }},
        {poller_afd, [] { return make_shared_poller(Backend::afd); }},
        {poller_wsapoll, [] { return make_shared_poller(Backend::wsapoll); }}};
    for (const Change& change : changes) {
        measure(bench, change, entrants, connections.locals().first(sockets_at_rest),
                connections.locals().subspan(sockets_at_rest));
    }
}

}  // namespace wakepoll::bench
