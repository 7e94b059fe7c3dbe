// Data and room on an established connection.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

using namespace std::chrono_literals;

void data_is_in_until_it_is_read(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("quiet", 1);
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

void data_that_came_before_it_was_added(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 1);
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("data", 1, mask::in);
}

void data_that_comes_during_the_wait(Scene& scene) {
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

void a_quiet_connection_under_every_interest(Scene& scene) {
    scene.add_under_every_interest(scene.world.tcp_pair().local, mask::out);
}

void room_to_send_until_there_is_none(Scene& scene) {
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

void no_room_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, all_interest, 1);
    scene.fill(pair.local, 1);
    scene.under_every_interest(pair.local, 1);
}

void data_while_there_is_no_room(Scene& scene) {
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
    scene.settled("who has sent", 1, mask::out);
    scene.settled("who was sent to", 2, mask::in);
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
        Scenario{"tcp data/data is in until it is read", data_is_in_until_it_is_read},
        Scenario{"tcp data/data that came before it was added", data_that_came_before_it_was_added},
        Scenario{"tcp data/data that comes during the wait", data_that_comes_during_the_wait},
        Scenario{"tcp data/data under every interest", data_under_every_interest},
        Scenario{"tcp data/a quiet connection under every interest",
                 a_quiet_connection_under_every_interest},
        Scenario{"tcp data/room to send until there is none", room_to_send_until_there_is_none},
        Scenario{"tcp data/no room under every interest", no_room_under_every_interest},
        Scenario{"tcp data/data while there is no room", data_while_there_is_no_room},
        Scenario{"tcp data/both ends in one poller", both_ends_in_one_poller},
        Scenario{"tcp data/many sockets are reported in one wait",
                 many_sockets_are_reported_in_one_wait},
    };
    return scenarios;
}

}  // namespace wakepoll::test
