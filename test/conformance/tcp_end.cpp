// The end of the stream, from one side and from both.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

constexpr std::uint32_t everything = mask::in | mask::out | mask::rdhup | mask::err | mask::hup;

void the_peers_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::read_hangup, 1);
    scene.world.shutdown_send(pair.peer);
    scene.settled("FIN", 1, mask::in);
    scene.note("bytes read", std::to_string(scene.world.receive(pair.local, 10).bytes));
    scene.settled("the end was read", 1);
}

void the_peers_fin_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.shutdown_send(pair.peer);
    scene.add_under_every_interest(pair.local, mask::rdhup);
}

void the_peers_fin_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::read_hangup, 1);
    scene.during([&] { scene.world.shutdown_send(pair.peer); },
                 [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, mask::in);
}

void the_peers_fin_while_the_send_buffer_is_full(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.fill(pair.local, 1);
    scene.world.shutdown_send(pair.peer);
    scene.settled("FIN", 1, mask::rdhup);
}

void data_before_the_peers_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::read_hangup, 1);
    scene.world.send(pair.peer, 10);
    scene.settle(1, mask::in);
    scene.world.shutdown_send(pair.peer);
    scene.settled("data and FIN", 1, mask::in);
    scene.world.receive(pair.local, 4);
    scene.settled("4 bytes read", 1, mask::in);
    scene.world.receive(pair.local, 6);
    scene.settled("all bytes read", 1, mask::in | mask::rdhup);
    scene.note("bytes read at the end", std::to_string(scene.world.receive(pair.local, 10).bytes));
    scene.settled("the end was read", 1);
}

void data_and_the_peers_fin_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 10);
    scene.world.shutdown_send(pair.peer);
    scene.add_under_every_interest(pair.local, mask::in);
}

void an_out_of_band_byte_before_the_peers_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.send_urgent(pair.peer);
    scene.settle(1, mask::pri);
    scene.world.shutdown_send(pair.peer);
    scene.settled("byte and FIN", 1, mask::rdhup);
}

void this_sides_fin_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.shutdown_send(pair.local);
    scene.add_under_every_interest(pair.local, mask::out);
}

void this_sides_fin_while_the_send_buffer_is_full(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.fill(pair.local, 1);
    scene.world.shutdown_send(pair.local);
    scene.settled("FIN", 1);
}

void data_after_this_sides_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.shutdown_send(pair.local);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1, mask::in);
    scene.world.receive(pair.local, 1);
    scene.settled("read", 1);
}

void receiving_is_shut_down(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.add(pair.peer, all_interest, 2);
    scene.world.shutdown_receive(pair.local);
    scene.settled("receiving shut down", 1, mask::out);
    scene.settled("the peer", 2, mask::out);
    scene.world.shutdown_send(pair.local);
    scene.settled("sending shut down, too", 1, mask::out);
    scene.settled("the peer after both", 2, mask::rdhup);
}

void both_fins_this_sides_first(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.shutdown_send(pair.local);
    scene.add(pair.local, all_interest, 1);
    scene.add(pair.peer, all_interest, 2);
    scene.settle(2, mask::rdhup);
    scene.world.shutdown_send(pair.peer);
    scene.settle(1, mask::rdhup);
    scene.under_every_interest(pair.local, 1);
}

void both_fins_the_peers_first(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.shutdown_send(pair.peer);
    scene.add(pair.local, all_interest, 1);
    scene.settle(1, mask::rdhup);
    scene.world.shutdown_send(pair.local);
    scene.under_every_interest(pair.local, 1);
}

void both_fins_while_the_interest_excludes_them(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::write, 1);
    scene.world.shutdown_send(pair.peer);
    scene.settled("the peer's FIN", 1, mask::out);
    scene.world.shutdown_send(pair.local);
    scene.settled("both FINs", 1, mask::out);
    scene.modify(pair.local, IoInterest::write, 2);
    scene.settled("modified", 2, mask::out);
}

void both_fins_with_unread_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.send(pair.peer, 10);
    scene.settle(1, mask::in);
    scene.world.shutdown_send(pair.peer);
    scene.world.shutdown_send(pair.local);
    scene.settled("unread", 1, mask::in);
    scene.drain(pair.local);
    scene.settled("read", 1, mask::rdhup);
}

void the_peer_closes(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.close(pair.peer);
    scene.settled("closed", 1, mask::rdhup);
    scene.note("a send", scene.world.send(pair.local, 1).error);
    scene.settled("after the send", 1, mask::err);
}

void the_peer_closes_after_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send(pair.peer, 10);
    scene.world.close(pair.peer);
    scene.settled("data and end", 1, mask::in);
    scene.drain(pair.local);
    scene.settled("the end", 1, mask::in);
}

void the_peer_closes_with_unread_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.peer, IoInterest::read, 2);
    scene.add(pair.local, all_interest, 1);
    scene.world.send(pair.local, 10);
    scene.settle(2, mask::in);
    if (scene.poller().remove(pair.peer)) {
        scene.note("remove", false);
    }
    scene.world.close(pair.peer);
    scene.settled("closed", 1, everything);
}

}  // namespace

std::span<const Scenario> tcp_end_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"tcp end/the peer's FIN", the_peers_fin},
        Scenario{"tcp end/the peer's FIN under every interest", the_peers_fin_under_every_interest},
        Scenario{"tcp end/the peer's FIN during the wait", the_peers_fin_during_the_wait},
        Scenario{"tcp end/the peer's FIN while the send buffer is full",
                 the_peers_fin_while_the_send_buffer_is_full},
        Scenario{"tcp end/data before the peer's FIN", data_before_the_peers_fin},
        Scenario{"tcp end/data and the peer's FIN under every interest",
                 data_and_the_peers_fin_under_every_interest},
        Scenario{"tcp end/an out-of-band byte before the peer's FIN",
                 an_out_of_band_byte_before_the_peers_fin},
        Scenario{"tcp end/this side's FIN under every interest",
                 this_sides_fin_under_every_interest},
        Scenario{"tcp end/this side's FIN while the send buffer is full",
                 this_sides_fin_while_the_send_buffer_is_full},
        Scenario{"tcp end/data after this side's FIN", data_after_this_sides_fin},
        Scenario{"tcp end/receiving is shut down", receiving_is_shut_down},
        Scenario{"tcp end/both FINs, this side's first, under every interest",
                 both_fins_this_sides_first},
        Scenario{"tcp end/both FINs, the peer's first, under every interest",
                 both_fins_the_peers_first},
        Scenario{"tcp end/both FINs, the peer's first, while the interest excludes them",
                 both_fins_while_the_interest_excludes_them},
        Scenario{"tcp end/both FINs with unread data", both_fins_with_unread_data},
        Scenario{"tcp end/the peer closes", the_peer_closes},
        Scenario{"tcp end/the peer closes after data", the_peer_closes_after_data},
        Scenario{"tcp end/the peer closes with unread data", the_peer_closes_with_unread_data},
    };
    return scenarios;
}

}  // namespace wakepoll::test
