// Datagram sockets.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

void a_fresh_socket_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.udp_socket(), mask::out);
}

void a_connected_socket_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.udp_pair().local, mask::out);
}

void a_datagram_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.world.send(pair.peer, 5);
    scene.add_under_every_interest(pair.local, mask::in);
}

void a_datagram_is_in_until_it_is_taken(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("quiet", 1);
    scene.world.send(pair.peer, 5);
    scene.world.send(pair.peer, 6);
    scene.settled("two datagrams", 1, mask::in);
    scene.note("bytes of the first", std::to_string(scene.world.receive(pair.local, 100).bytes));
    scene.settled("one left", 1);
    scene.note("bytes of the other", std::to_string(scene.world.receive(pair.local, 100).bytes));
    scene.settled("none left", 1);
}

void a_datagram_that_is_read_in_part_is_gone(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send(pair.peer, 10);
    scene.settled("10 bytes", 1, mask::in);
    static_cast<void>(scene.world.receive(pair.local, 4));
    scene.settled("4 of them read", 1);
}

void a_datagram_of_no_bytes(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("sent", scene.world.put(pair.peer, {}).error);
    scene.settled("a datagram of no bytes", 1, mask::in);
    scene.note("received", scene.world.receive(pair.local, 10).error);
    scene.settled("taken", 1);
}

void a_datagram_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.during([&] { scene.world.send(pair.peer, 1); }, [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, mask::in);
}

void the_peer_is_gone(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.close(pair.peer);
    scene.settled("closed", 1);
}

void nobody_takes_what_is_sent(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::write, 1);
    scene.world.close(pair.peer);
    scene.world.send(pair.local, 1);
    scene.settled("port unreachable", 1, mask::out);
    static_cast<void>(scene.world.receive(pair.local, 1));
    scene.settled("told by a receive", 1);
}

void datagrams_and_one_shot(Scene& scene) {
    const SocketPair pair = scene.world.udp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::one_shot, 1);
    scene.world.send(pair.peer, 1);
    scene.next_report("once", 1);
    scene.world.send(pair.peer, 1);
    scene.nothing_more("and no more", 1);
    scene.modify(pair.local, IoInterest::read | IoInterest::one_shot, 2);
    scene.next_report("armed again", 2);
}

}  // namespace

std::span<const Scenario> udp_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"udp/an unbound socket under every interest", a_fresh_socket_under_every_interest},
        Scenario{"udp/a quiet socket under every interest",
                 a_connected_socket_under_every_interest},
        Scenario{"udp/a datagram under every interest", a_datagram_under_every_interest},
        Scenario{"udp/a datagram is in until it is taken", a_datagram_is_in_until_it_is_taken},
        Scenario{"udp/a datagram that is read in part is gone",
                 a_datagram_that_is_read_in_part_is_gone},
        Scenario{"udp/a datagram of no bytes", a_datagram_of_no_bytes},
        Scenario{"udp/a datagram during the wait", a_datagram_during_the_wait},
        Scenario{"udp/the peer is gone", the_peer_is_gone},
        Scenario{"udp/nobody takes what is sent", nobody_takes_what_is_sent},
        Scenario{"udp/datagrams and one-shot", datagrams_and_one_shot},
    };
    return scenarios;
}

}  // namespace wakepoll::test
