// Which interests are valid, and how they are modified.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

using namespace std::chrono_literals;

void edge_triggered(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.note("add",
               scene.poller().add(pair.local, IoInterest::read | IoInterest::edge_triggered, 1));
    static_cast<void>(scene.poller().remove(pair.local));
    scene.add(pair.local, IoInterest::read, 2);
    scene.note("modify",
               scene.poller().modify(pair.local, IoInterest::read | IoInterest::edge_triggered, 3));
}

void no_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::none, 1);
    scene.settled("idle", 1);
    scene.world.send(pair.peer, 1);
    scene.settled("data", 1);
    scene.world.receive(pair.local, 1);
    scene.world.shutdown_send(pair.peer);
    scene.settled("FIN", 1);
    scene.world.reset(pair.peer);
    scene.settled("reset", 1, mask::err | mask::hup);
}

void an_interest_that_excludes_the_fin(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::write, 1);
    scene.fill(pair.local, 1);
    scene.world.shutdown_send(pair.peer);
    scene.settled("FIN", 1);
    scene.modify(pair.local, IoInterest::write | IoInterest::read_hangup, 2);
    scene.settled("rdhup added", 2, mask::rdhup);
    scene.modify(pair.local, IoInterest::write, 3);
    scene.settled("rdhup removed", 3);
}

void unknown_bits(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    constexpr IoInterest unknown{std::uint32_t{1} << 20U};
    scene.note("add", scene.poller().add(pair.local, IoInterest::read | unknown, 1));
    static_cast<void>(scene.poller().remove(pair.local));
    scene.add(pair.local, IoInterest::read, 2);
    scene.note("modify", scene.poller().modify(pair.local, IoInterest::read | unknown, 3));
}

void modify_replaces_interest_and_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send(pair.peer, 1);
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("read, by its data", 1, mask::in);
    scene.modify(pair.local, IoInterest::write, 2);
    scene.settled("write, by its new data", 2, mask::out);
    scene.settled("by the old data", 1);
    scene.modify(pair.local, IoInterest::read | IoInterest::write, 2);
    scene.settled("both", 2);
}

void modified_many_times(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.settled("idle", 1);
    for (std::uint64_t data = 2; data < 10; ++data) {
        scene.modify(pair.local, data % 2 == 0 ? IoInterest::none : IoInterest::read, data);
    }
    scene.world.send(pair.peer, 1);
    scene.settled("data", 9, mask::in);
}

void the_same_data_for_two_sockets(Scene& scene) {
    const SocketPair first = scene.world.tcp_pair();
    const SocketPair second = scene.world.tcp_pair();
    scene.add(first.local, IoInterest::read, 1);
    scene.add(second.local, IoInterest::write, 1);
    scene.world.send(first.peer, 1);
    scene.settled("both", 1, mask::in | mask::out);
}

void data_of_64_bits(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    constexpr std::uint64_t wide = 0xFEDC'BA98'7654'3210;
    scene.add(pair.local, IoInterest::write, wide);
    scene.settled("wide", wide, mask::out);
    scene.modify(pair.local, IoInterest::write, 0);
    scene.settled("zero", 0, mask::out);
}

void sockets_take_turns_in_spans_of_one_event(Scene& scene) {
    std::array<SocketPair, 3> pairs;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = scene.world.tcp_pair();
        scene.add(pairs[i].local, IoInterest::write, i + 1);
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        scene.settle(i + 1, mask::out);
    }
    std::array<int, pairs.size()> reports = {};
    for (std::size_t i = 0; i < 2 * pairs.size(); ++i) {
        const Batch batch = scene.poller().wait(1s, 1);
        for (const Reported& event : batch.events) {
            ++reports.at(event.data - 1);
        }
    }
    for (std::size_t i = 0; i < reports.size(); ++i) {
        scene.note("reports of " + std::to_string(i + 1) + " in 6 waits for one event",
                   std::to_string(reports[i]));
    }
    scene.note("an empty span", scene.poller().wait(0ms, 0).error);
}

}  // namespace

std::span<const Scenario> interest_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"interests/edge-triggered", edge_triggered},
        Scenario{"interests/no interest", no_interest},
        Scenario{"interests/an interest that excludes the FIN", an_interest_that_excludes_the_fin},
        Scenario{"interests/unknown bits", unknown_bits},
        Scenario{"interests/modify replaces interest and data", modify_replaces_interest_and_data},
        Scenario{"interests/modified many times", modified_many_times},
        Scenario{"interests/the same data for two sockets", the_same_data_for_two_sockets},
        Scenario{"interests/data of 64 bits", data_of_64_bits},
        Scenario{"interests/sockets take turns in spans of one event",
                 sockets_take_turns_in_spans_of_one_event},
    };
    return scenarios;
}

}  // namespace wakepoll::test
