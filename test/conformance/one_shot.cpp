// One-shot interest in every state of a socket.
//
// The state settles under a level-triggered interest; then the socket is armed, and the scenario
// records its one report, and that nothing follows.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

constexpr IoInterest once = all_interest | IoInterest::one_shot;

/// Arms a registered socket whose state has settled, twice.
void report_twice(Scene& scene, Handle handle) {
    scene.modify(handle, once, 11);
    scene.next_report("once", 11);
    scene.nothing_more("no further report", 11);
    scene.modify(handle, once, 12);
    scene.next_report("armed again", 12);
    scene.nothing_more("again no further report", 12);
}

void play_once(Scene& scene, Handle handle, std::uint32_t until) {
    scene.add(handle, all_interest, 1);
    scene.settle(1, until);
    report_twice(scene, handle);
}

void room(Scene& scene) { play_once(scene, scene.world.tcp_pair().local, mask::out); }

void data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 1);
    play_once(scene, pair.local, mask::in);
}

void the_peers_fin_once(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.shutdown_send(pair.peer);
    play_once(scene, pair.local, mask::rdhup);
}

void both_fins(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.shutdown_send(pair.local);
    scene.world.shutdown_send(pair.peer);
    play_once(scene, pair.local, mask::rdhup);
}

void a_reset(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.reset(pair.peer);
    play_once(scene, pair.local, mask::err);
}

void a_refused_connect(Scene& scene) {
    play_once(scene, scene.world.connecting_refused(), mask::err);
}

void a_pending_connection(Scene& scene) {
    const Handle listener = scene.world.listener();
    static_cast<void>(scene.world.connecting(listener));
    play_once(scene, listener, mask::in);
}

void silent_after_its_report(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::one_shot, 1);
    scene.nothing_more("idle", 1);
    scene.world.send(pair.peer, 1);
    scene.next_report("data", 1);
    scene.world.send(pair.peer, 1);
    scene.nothing_more("more data", 1);
    scene.world.shutdown_send(pair.peer);
    scene.nothing_more("FIN", 1);
    scene.world.reset(pair.peer);
    scene.nothing_more("reset", 1);
    scene.note("still registered", scene.poller().add(pair.local, IoInterest::read, 2));
    scene.modify(pair.local, IoInterest::read | IoInterest::one_shot, 3);
    scene.next_report("armed again", 3);
}

void without_another_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::one_shot, 1);
    scene.world.send(pair.peer, 1);
    scene.nothing_more("data", 1);
    scene.world.reset(pair.peer);
    scene.next_report("reset", 1);
    scene.nothing_more("no further report", 1);
}

void made_level_triggered_and_back(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 1);
    scene.add(pair.local, IoInterest::read | IoInterest::one_shot, 1);
    scene.next_report("once", 1);
    scene.modify(pair.local, IoInterest::read, 2);
    scene.settled("level-triggered", 2, mask::in);
    scene.modify(pair.local, IoInterest::read | IoInterest::one_shot, 3);
    scene.next_report("once again", 3);
    scene.nothing_more("no further report", 3);
    scene.note("remove", scene.poller().remove(pair.local));
}

void two_sockets(Scene& scene) {
    const SocketPair first = scene.world.tcp_pair();
    const SocketPair second = scene.world.tcp_pair();
    scene.add(first.local, IoInterest::write | IoInterest::one_shot, 1);
    scene.add(second.local, IoInterest::read | IoInterest::one_shot, 2);
    scene.next_report("the first", 1);
    scene.world.send(second.peer, 1);
    scene.next_report("the second", 2);
    scene.nothing_more("no further report of the first", 1);
    scene.nothing_more("no further report of the second", 2);
}

}  // namespace

std::span<const Scenario> one_shot_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"one-shot/room", room},
        Scenario{"one-shot/data", data},
        Scenario{"one-shot/the peer's FIN", the_peers_fin_once},
        Scenario{"one-shot/both FINs", both_fins},
        Scenario{"one-shot/a reset", a_reset},
        Scenario{"one-shot/a refused connect", a_refused_connect},
        Scenario{"one-shot/a pending connection", a_pending_connection},
        Scenario{"one-shot/silent after its report", silent_after_its_report},
        Scenario{"one-shot/without another interest", without_another_interest},
        Scenario{"one-shot/made level-triggered and back", made_level_triggered_and_back},
        Scenario{"one-shot/two sockets", two_sockets},
    };
    return scenarios;
}

}  // namespace wakepoll::test
