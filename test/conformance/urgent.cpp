// Out-of-band data, separate and inline.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

void an_out_of_band_byte_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.send_urgent(pair.peer);
    scene.add_under_every_interest(pair.local, mask::pri);
}

void an_inline_out_of_band_byte_under_every_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.keep_urgent_inline(pair.local);
    scene.world.send_urgent(pair.peer);
    scene.add_under_every_interest(pair.local, mask::in);
}

void an_out_of_band_byte_during_the_wait(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::priority, 1);
    scene.during([&] { scene.world.send_urgent(pair.peer); },
                 [&] { scene.next_report("first", 1); });
    scene.settled("afterwards", 1, mask::pri);
}

void an_out_of_band_byte_among_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::priority, 1);
    scene.world.send_urgent(pair.peer);
    scene.settled("the byte", 1, mask::pri);
    scene.world.send(pair.peer, 5);
    scene.settled("data after the byte", 1, mask::in);
}

void data_before_an_out_of_band_byte(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::priority, 1);
    scene.world.send(pair.peer, 5);
    scene.settled("data", 1, mask::in);
    scene.world.send_urgent(pair.peer);
    scene.settled("the byte after the data", 1, mask::pri);
    scene.world.receive(pair.local, 5);
    scene.settled("data read", 1);
}

void two_out_of_band_bytes(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read | IoInterest::priority, 1);
    scene.world.send_urgent(pair.peer);
    scene.settled("one byte", 1, mask::pri);
    scene.world.send_urgent(pair.peer);
    scene.settled("two bytes", 1, mask::pri);
    scene.world.receive_urgent(pair.local);
    scene.settled("one received", 1);
    while (!scene.world.receive_urgent(pair.local).error) {
    }
    scene.settled("all received", 1);
}

void an_inline_out_of_band_byte_that_is_read(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.world.keep_urgent_inline(pair.local);
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send_urgent(pair.peer);
    scene.settled("unread", 1, mask::in);
    scene.note("bytes read", std::to_string(scene.world.receive(pair.local, 1).bytes));
    scene.settled("read", 1);
}

void an_out_of_band_byte_under_one_shot_interest(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::priority, 1);
    scene.world.send_urgent(pair.peer);
    scene.settle(1, mask::pri);
    scene.modify(pair.local, IoInterest::priority | IoInterest::one_shot, 2);
    scene.next_report("once", 2);
    scene.nothing_more("no further report", 2);
}

}  // namespace

std::span<const Scenario> urgent_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"out-of-band/a byte under every interest",
                 an_out_of_band_byte_under_every_interest},
        Scenario{"out-of-band/an inline byte under every interest",
                 an_inline_out_of_band_byte_under_every_interest},
        Scenario{"out-of-band/a byte during the wait", an_out_of_band_byte_during_the_wait},
        Scenario{"out-of-band/a byte, then data", an_out_of_band_byte_among_data},
        Scenario{"out-of-band/data, then a byte", data_before_an_out_of_band_byte},
        Scenario{"out-of-band/two bytes", two_out_of_band_bytes},
        Scenario{"out-of-band/an inline byte that is read",
                 an_inline_out_of_band_byte_that_is_read},
        Scenario{"out-of-band/a byte under one-shot interest",
                 an_out_of_band_byte_under_one_shot_interest},
    };
    return scenarios;
}

}  // namespace wakepoll::test
