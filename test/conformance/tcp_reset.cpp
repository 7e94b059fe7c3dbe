// The reset of a connection, in each of its states.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

constexpr std::uint32_t reset_bits = mask::err | mask::hup;

void a_reset_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.reset(pair.peer);
    scene.add_under_every_interest(pair.local, reset_bits);
}

void a_reset_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.during([&] { scene.world.reset(pair.peer); }, [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, reset_bits);
}

void a_reset_under_no_interest_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::none, 1);
    scene.during([&] { scene.world.reset(pair.peer); }, [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, reset_bits);
}

void a_reset_with_unread_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.send(pair.peer, 10);
    scene.settle(1, mask::in);
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, reset_bits);
}

void a_reset_while_the_send_buffer_is_full(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.fill(pair.local, 1);
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, reset_bits);
}

void a_reset_after_the_peers_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.shutdown_send(pair.peer);
    scene.settle(1, mask::rdhup);
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, reset_bits);
}

void a_reset_after_this_sides_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.add(pair.peer, all_interest, 2);
    scene.world.shutdown_send(pair.local);
    scene.settle(2, mask::rdhup);
    if (scene.poller().remove(pair.peer)) {
        scene.note("remove", false);
    }
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, reset_bits);
}

void no_reset_after_both_fins(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.add(pair.peer, all_interest, 2);
    scene.world.shutdown_send(pair.local);
    scene.settle(2, mask::rdhup);
    scene.world.shutdown_send(pair.peer);
    scene.settle(1, mask::rdhup);
    if (scene.poller().remove(pair.peer)) {
        scene.note("remove", false);
    }
    scene.world.reset(pair.peer);
    scene.settled("closed", 1);
}

void a_reset_with_an_unread_out_of_band_byte(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::write | IoInterest::read_hangup, 1);
    scene.world.send_urgent(pair.peer);
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, reset_bits);
}

void a_reset_that_a_receive_has_returned(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, reset_bits);
    static_cast<void>(scene.world.receive(pair.local, 1));
    scene.settled("returned by a receive", 1, mask::hup);
}

void a_reset_before_the_accept(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add(listener, IoInterest::read, 1);
    const Handle client = scene.world.connecting(listener);
    scene.settled("a connection is pending", 1, mask::in);
    scene.world.reset(client);
    scene.settled("the connection was reset", 1, mask::in);
    const Handle accepted = scene.world.accept(listener);
    scene.settled("accepted", 1);
    scene.add(accepted, all_interest, 2);
    scene.settled("the accepted socket", 2, reset_bits);
}

void a_reset_of_a_socket_added_during_its_connect(Scene& scene) {
    const Handle listener = scene.world.listener();
    const Handle client = scene.world.connecting(listener);
    scene.add(client, all_interest, 1);
    scene.settled("connected", 1, mask::out);
    scene.add(listener, IoInterest::read, 2);
    scene.settle(2, mask::in);
    scene.world.reset(scene.world.accept(listener));
    scene.settled("reset", 1, reset_bits);
}

void resets_of_two_sockets(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const SocketPair other = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.add(other.local, IoInterest::write, 2);
    scene.world.reset(pair.peer);
    scene.world.reset(other.peer);
    scene.settled("the first", 1, reset_bits);
    scene.settled("the second", 2, reset_bits);
}

}  // namespace

std::span<const Scenario> tcp_reset_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"tcp reset/a reset under every interest", a_reset_under_every_interest},
        Scenario{"tcp reset/a reset during the wait", a_reset_during_the_wait},
        Scenario{"tcp reset/a reset under no interest during the wait",
                 a_reset_under_no_interest_during_the_wait},
        Scenario{"tcp reset/a reset with unread data", a_reset_with_unread_data},
        Scenario{"tcp reset/a reset while the send buffer is full",
                 a_reset_while_the_send_buffer_is_full},
        Scenario{"tcp reset/a reset after the peer's FIN", a_reset_after_the_peers_fin},
        Scenario{"tcp reset/a reset after this side's FIN", a_reset_after_this_sides_fin},
        Scenario{"tcp reset/no reset after both FINs", no_reset_after_both_fins},
        Scenario{"tcp reset/a reset with an unread out-of-band byte",
                 a_reset_with_an_unread_out_of_band_byte},
        Scenario{"tcp reset/a reset that a receive has returned",
                 a_reset_that_a_receive_has_returned},
        Scenario{"tcp reset/a reset before the accept", a_reset_before_the_accept},
        Scenario{"tcp reset/a reset of a socket added during its connect",
                 a_reset_of_a_socket_added_during_its_connect},
        Scenario{"tcp reset/resets of two sockets", resets_of_two_sockets},
    };
    return scenarios;
}

}  // namespace wakepoll::test
