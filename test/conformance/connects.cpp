// Connects that succeed, are refused, get no answer, and were never started.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

constexpr std::uint32_t refused_bits = mask::err | mask::hup;

void a_connect_that_succeeds_under_every_interest(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add_under_every_interest(scene.world.connecting(listener), mask::out);
}

void a_connect_started_after_the_socket_was_added(Scene& scene) {
    const Handle listener = scene.world.listener();
    const Handle client = scene.world.tcp_socket();
    scene.add(client, all_interest, 1);
    scene.settled("before the connect", 1);
    scene.world.connect(client, listener);
    scene.settled("connected", 1, mask::out);
}

void a_connect_started_during_the_wait(Scene& scene) {
    const Handle listener = scene.world.listener();
    const Handle client = scene.world.tcp_socket();
    scene.add(listener, IoInterest::read, 1);
    scene.during([&] { scene.world.connect(client, listener); },
                 [&] { scene.next_report("the listener", 1); });
    scene.add(client, all_interest, 2);
    scene.settled("the client", 2, mask::out);
}

void data_after_a_connect(Scene& scene) {
    const Handle listener = scene.world.listener();
    const Handle client = scene.world.connecting(listener);
    scene.add(client, IoInterest::read | IoInterest::read_hangup, 1);
    scene.add(listener, IoInterest::read, 2);
    scene.settle(2, mask::in);
    scene.settled("connected", 1);
    const Handle accepted = scene.world.accept(listener);
    scene.world.send(accepted, 1);
    scene.settled("data", 1, mask::in);
    scene.world.receive(client, 1);
    scene.world.shutdown_send(accepted);
    scene.settled("FIN", 1, mask::in);
}

void a_refused_connect_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.connecting_refused(), refused_bits);
}

void a_refused_connect_under_no_interest(Scene& scene) {
    scene.add(scene.world.connecting_refused(), IoInterest::none, 1);
    scene.next_report("first", 1);
    scene.settled("afterwards", 1, refused_bits);
}

void a_refused_connect_and_a_ready_socket(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(scene.world.connecting_refused(), IoInterest::write, 1);
    scene.settle(1, refused_bits);
    scene.add(pair.local, IoInterest::write, 2);
    scene.settled("refused", 1);
    scene.settled("the ready socket", 2, mask::out);
}

void a_refused_connect_that_a_receive_has_returned(Scene& scene) {
    const Handle client = scene.world.connecting_refused();
    scene.add(client, all_interest, 1);
    scene.settled("refused", 1, refused_bits);
    static_cast<void>(scene.world.receive(client, 1));
    scene.settled("returned by a receive", 1, mask::hup);
}

void an_unanswered_connect_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.connecting_to_silence());
}

void an_unanswered_connect_and_a_ready_socket(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const Handle client = scene.world.connecting_to_silence();
    scene.add(client, all_interest, 1);
    scene.add(pair.local, IoInterest::write, 2);
    scene.settled("the ready socket", 2, mask::out);
    scene.settled("pending", 1);
    scene.note("remove", scene.poller().remove(client));
}

void a_socket_that_was_never_connected_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.tcp_socket());
}

}  // namespace

std::span<const Scenario> connect_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"connects/a connect that succeeds under every interest",
                 a_connect_that_succeeds_under_every_interest},
        Scenario{"connects/a connect started after the socket was added",
                 a_connect_started_after_the_socket_was_added},
        Scenario{"connects/a connect started during the wait", a_connect_started_during_the_wait},
        Scenario{"connects/data after a connect", data_after_a_connect},
        Scenario{"connects/a refused connect under every interest",
                 a_refused_connect_under_every_interest},
        Scenario{"connects/a refused connect under no interest",
                 a_refused_connect_under_no_interest},
        Scenario{"connects/a refused connect and a ready socket",
                 a_refused_connect_and_a_ready_socket},
        Scenario{"connects/a refused connect that a receive has returned",
                 a_refused_connect_that_a_receive_has_returned},
        Scenario{"connects/an unanswered connect under every interest",
                 an_unanswered_connect_under_every_interest},
        Scenario{"connects/an unanswered connect and a ready socket",
                 an_unanswered_connect_and_a_ready_socket},
        Scenario{"connects/a socket that was never connected under every interest",
                 a_socket_that_was_never_connected_under_every_interest},
    };
    return scenarios;
}

}  // namespace wakepoll::test
