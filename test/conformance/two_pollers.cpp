// Two pollers of one thread, on one socket.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

void both_report(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("add to the second", scene.second_poller().add(pair.local, IoInterest::read, 2));
    scene.settled("idle", 1);
    scene.settled_on_second("idle in the second", 2);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1, mask::in);
    scene.settled_on_second("data in the second", 2, mask::in);
    scene.world.receive(pair.local, 1);
    scene.settled("read", 1);
    scene.settled_on_second("read, in the second", 2);
}

void each_has_its_own_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("add to the second", scene.second_poller().add(pair.local, IoInterest::write, 1));
    scene.settled_on_second("room in the second", 1, mask::out);
    scene.settled("room", 1);
    scene.world.shutdown_send(pair.peer);
    scene.settled("FIN", 1, mask::in);
    scene.settled_on_second("FIN in the second", 1);
}

void removed_from_one(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("add to the second", scene.second_poller().add(pair.local, IoInterest::read, 2));
    scene.settled("idle", 1);
    scene.settled_on_second("idle in the second", 2);
    scene.note("remove", scene.poller().remove(pair.local));
    scene.world.send(pair.peer, 1);
    scene.settled_on_second("data in the second", 2, mask::in);
    scene.settled("data", 1);
    scene.note("remove from the second", scene.second_poller().remove(pair.local));
}

void one_shot_in_one(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::one_shot, 1);
    scene.note("add to the second", scene.second_poller().add(pair.local, IoInterest::read, 2));
    scene.world.send(pair.peer, 1);
    scene.next_report("once", 1);
    scene.nothing_more("no further report", 1);
    scene.settled_on_second("in the second", 2, mask::in);
}

void closed_in_both(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.note("add to the second", scene.second_poller().add(pair.local, all_interest, 2));
    scene.settled("room", 1, mask::out);
    scene.settled_on_second("room in the second", 2, mask::out);
    scene.world.close(pair.local);
    scene.settled("closed", 1);
    scene.settled_on_second("closed, in the second", 2);
}

void a_reset_in_both(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.note("add to the second", scene.second_poller().add(pair.local, IoInterest::none, 2));
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, mask::err | mask::hup);
    scene.settled_on_second("reset in the second", 2, mask::err | mask::hup);
}

void one_poller_for_each_end(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("add to the second", scene.second_poller().add(pair.peer, IoInterest::read, 2));
    scene.world.send(pair.local, 1);
    scene.settled_on_second("in the second", 2, mask::in);
    scene.settled("in the first", 1);
    scene.world.send(pair.peer, 1);
    scene.settled("in the first, answered", 1, mask::in);
}

}  // namespace

std::span<const Scenario> two_poller_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"two pollers/both report", both_report},
        Scenario{"two pollers/each has its own interest", each_has_its_own_interest},
        Scenario{"two pollers/removed from one", removed_from_one},
        Scenario{"two pollers/one-shot in one", one_shot_in_one},
        Scenario{"two pollers/closed in both", closed_in_both},
        Scenario{"two pollers/a reset in both", a_reset_in_both},
        Scenario{"two pollers/one poller for each end", one_poller_for_each_end},
    };
    return scenarios;
}

}  // namespace wakepoll::test
