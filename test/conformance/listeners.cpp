// Listeners, and the sockets accepted from them.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

void in_is_reported_until_the_connection_is_accepted(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add(listener, IoInterest::read, 1);
    scene.settled("idle", 1);
    const Handle client = scene.world.connecting(listener);
    scene.settled("a connection", 1, mask::in);
    scene.note("accepted", static_cast<bool>(scene.world.accept(listener)));
    scene.settled("none left", 1);
    scene.note("accepted again", static_cast<bool>(scene.world.accept(listener)));
    scene.world.close(client);
}

void two_connections_are_accepted_one_by_one(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add(listener, IoInterest::read, 1);
    const std::array clients = {scene.world.connecting(listener), scene.world.connecting(listener)};
    for (std::size_t i = 0; i < clients.size(); ++i) {
        scene.add(clients[i], IoInterest::write, i + 2);
        scene.settle(i + 2, mask::out);
    }
    scene.settled("two", 1, mask::in);
    scene.note("accepted one", static_cast<bool>(scene.world.accept(listener)));
    scene.settled("one left", 1);
    scene.note("accepted the other", static_cast<bool>(scene.world.accept(listener)));
    scene.settled("none left", 1);
}

void an_idle_listener_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.listener());
}

void a_pending_connection_under_every_interest(Scene& scene) {
    const Handle listener = scene.world.listener();
    const Handle client = scene.world.connecting(listener);
    scene.add_under_every_interest(listener, mask::in);
    scene.world.close(client);
}

void a_connection_during_the_wait(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add(listener, all_interest, 1);
    scene.during([&] { static_cast<void>(scene.world.connecting(listener)); },
                 [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, mask::in);
}

void the_accepted_socket(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add(listener, IoInterest::read, 1);
    const Handle client = scene.world.connecting(listener);
    scene.settle(1, mask::in);
    scene.world.send(client, 1);
    const Handle accepted = scene.world.accept(listener);
    scene.settled("not added yet", 2);
    scene.add(accepted, all_interest, 2);
    scene.settled("with data", 2, mask::in);
    scene.world.receive(accepted, 1);
    scene.settled("without data", 2);
}

void the_client_closes_before_the_accept(Scene& scene) {
    const Handle listener = scene.world.listener();
    scene.add(listener, IoInterest::read, 1);
    const Handle client = scene.world.connecting(listener);
    scene.settle(1, mask::in);
    scene.world.close(client);
    scene.settled("the listener", 1, mask::in);
    const Handle accepted = scene.world.accept(listener);
    scene.add(accepted, all_interest, 2);
    scene.settled("the accepted socket", 2, mask::rdhup);
}

void a_listener_closed_with_a_pending_connection(Scene& scene) {
    const Handle listener = scene.world.listener();
    const Handle client = scene.world.connecting(listener);
    scene.add(client, all_interest, 1);
    scene.settled("connected", 1, mask::out);
    scene.add(listener, IoInterest::read, 2);
    scene.settle(2, mask::in);
    scene.note("remove", scene.poller().remove(listener));
    scene.world.close(listener);
    scene.settled("never accepted", 1, mask::err);
}

}  // namespace

std::span<const Scenario> listener_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"listeners/in is reported until the connection is accepted",
                 in_is_reported_until_the_connection_is_accepted},
        Scenario{"listeners/two connections are accepted one by one",
                 two_connections_are_accepted_one_by_one},
        Scenario{"listeners/an idle listener under every interest",
                 an_idle_listener_under_every_interest},
        Scenario{"listeners/a pending connection under every interest",
                 a_pending_connection_under_every_interest},
        Scenario{"listeners/a connection during the wait", a_connection_during_the_wait},
        Scenario{"listeners/the accepted socket", the_accepted_socket},
        Scenario{"listeners/the client closes before the accept",
                 the_client_closes_before_the_accept},
        Scenario{"listeners/a listener closed with a pending connection",
                 a_listener_closed_with_a_pending_connection},
    };
    return scenarios;
}

}  // namespace wakepoll::test
