// Data and room on an established connection.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

using namespace std::chrono_literals;

void in_is_reported_until_the_data_is_read(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("idle", 1);
    scene.world.send(pair.peer, 10);
    scene.settled("10 bytes", 1, mask::in);
    scene.world.receive(pair.local, 4);
    scene.settled("4 of them read", 1);
    scene.world.receive(pair.local, 5);
    scene.settled("9 of them read", 1);
    scene.world.receive(pair.local, 1);
    scene.settled("all of them read", 1);
    scene.world.send(pair.peer, 1);
    scene.settled("one more byte", 1, mask::in);
}

void data_that_arrived_before_the_socket_was_added(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 1);
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("data", 1, mask::in);
}

void data_that_arrives_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.during([&] { scene.world.send(pair.peer, 1); }, [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, mask::in);
}

void data_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 1);
    scene.add_under_every_interest(pair.local, mask::in);
}

void an_idle_connection_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.tcp_pair().local, mask::out);
}

void out_is_reported_until_the_send_buffer_is_full(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::write, 1);
    scene.settled("room", 1, mask::out);
    scene.fill(pair.local, 1);
    scene.settled("no room", 1);
    constexpr int most_reads = 100000;
    for (int i = 0; i < most_reads && scene.poller().wait(0ms).mask_of(1) == mask::none; ++i) {
        scene.world.receive(pair.peer, 65536);
    }
    scene.settled("drained by the peer", 1, mask::out);
}

void a_full_send_buffer_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.fill(pair.local, 1);
    scene.under_every_interest(pair.local, 1);
}

void data_while_the_send_buffer_is_full(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.fill(pair.local, 1);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1, mask::in);
    scene.world.receive(pair.local, 1);
    scene.settled("read", 1);
}

void both_ends_in_one_poller(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::write, 1);
    scene.add(pair.peer, IoInterest::read | IoInterest::write, 2);
    scene.world.send(pair.local, 3);
    scene.settled("the sender", 1, mask::out);
    scene.settled("the receiver", 2, mask::in);
}

void many_sockets_are_reported_in_one_wait(Scene& scene) {
    std::array<SocketPair, 20> pairs;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = scene.world.tcp_pair();
        scene.add(pairs[i].local, IoInterest::read, i + 1);
        scene.world.send(pairs[i].peer, 1);
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        scene.settle(i + 1, mask::in);
    }
    scene.note("events", std::to_string(scene.poller().wait(1s).events.size()));
    scene.note("events in a span of 64 again",
               std::to_string(scene.poller().wait(1s).events.size()));
    scene.note("events in a span of 7", std::to_string(scene.poller().wait(1s, 7).events.size()));
}

}  // namespace

std::span<const Scenario> tcp_data_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"tcp data/in is reported until the data is read",
                 in_is_reported_until_the_data_is_read},
        Scenario{"tcp data/data that arrived before the socket was added",
                 data_that_arrived_before_the_socket_was_added},
        Scenario{"tcp data/data that arrives during the wait", data_that_arrives_during_the_wait},
        Scenario{"tcp data/data under every interest", data_under_every_interest},
        Scenario{"tcp data/an idle connection under every interest",
                 an_idle_connection_under_every_interest},
        Scenario{"tcp data/out is reported until the send buffer is full",
                 out_is_reported_until_the_send_buffer_is_full},
        Scenario{"tcp data/a full send buffer under every interest",
                 a_full_send_buffer_under_every_interest},
        Scenario{"tcp data/data while the send buffer is full", data_while_the_send_buffer_is_full},
        Scenario{"tcp data/both ends in one poller", both_ends_in_one_poller},
        Scenario{"tcp data/many sockets are reported in one wait",
                 many_sockets_are_reported_in_one_wait},
    };
    return scenarios;
}

}  // namespace wakepoll::test
