// Datagram sockets.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

void an_unbound_socket_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.udp_socket(), mask::out);
}

void an_idle_socket_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.udp_pair().local, mask::out);
}

void a_datagram_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.world.send(pair.peer, 5);
    scene.add_under_every_interest(pair.local, mask::in);
}

void in_is_reported_until_the_datagram_is_received(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("idle", 1);
    scene.world.send(pair.peer, 5);
    scene.world.send(pair.peer, 6);
    scene.settled("two datagrams", 1, mask::in);
    scene.note("bytes of the first", std::to_string(scene.world.receive(pair.local, 100).bytes));
    scene.settled("one left", 1);
    scene.note("bytes of the other", std::to_string(scene.world.receive(pair.local, 100).bytes));
    scene.settled("none left", 1);
}

void a_datagram_that_is_read_in_part_is_discarded(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send(pair.peer, 10);
    scene.settled("10 bytes", 1, mask::in);
    static_cast<void>(scene.world.receive(pair.local, 4));
    scene.settled("4 of them read", 1);
}

void an_empty_datagram(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("sent", scene.world.put(pair.peer, {}).error);
    scene.settled("an empty datagram", 1, mask::in);
    scene.note("received", scene.world.receive(pair.local, 10).error);
    scene.settled("after the receive", 1);
}

void a_datagram_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.during([&] { scene.world.send(pair.peer, 1); }, [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, mask::in);
}

void the_datagram_peer_closes(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.close(pair.peer);
    scene.settled("closed", 1);
}

void a_datagram_to_a_closed_port(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::write, 1);
    scene.world.close(pair.peer);
    scene.world.send(pair.local, 1);
    scene.settled("port unreachable", 1, mask::out);
    static_cast<void>(scene.world.receive(pair.local, 1));
    scene.settled("returned by a receive", 1);
}

void datagrams_under_one_shot_interest(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::one_shot, 1);
    scene.world.send(pair.peer, 1);
    scene.next_report("once", 1);
    scene.world.send(pair.peer, 1);
    scene.nothing_more("no further report", 1);
    scene.modify(pair.local, IoInterest::read | IoInterest::one_shot, 2);
    scene.next_report("armed again", 2);
}

}  // namespace

std::span<const Scenario> udp_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"udp/an unbound socket under every interest",
                 an_unbound_socket_under_every_interest},
        Scenario{"udp/an idle socket under every interest", an_idle_socket_under_every_interest},
        Scenario{"udp/a datagram under every interest", a_datagram_under_every_interest},
        Scenario{"udp/in is reported until the datagram is received",
                 in_is_reported_until_the_datagram_is_received},
        Scenario{"udp/a datagram that is read in part is discarded",
                 a_datagram_that_is_read_in_part_is_discarded},
        Scenario{"udp/an empty datagram", an_empty_datagram},
        Scenario{"udp/a datagram during the wait", a_datagram_during_the_wait},
        Scenario{"udp/the peer closes", the_datagram_peer_closes},
        Scenario{"udp/a datagram to a closed port", a_datagram_to_a_closed_port},
        Scenario{"udp/datagrams under one-shot interest", datagrams_under_one_shot_interest},
    };
    return scenarios;
}

}  // namespace wakepoll::test
