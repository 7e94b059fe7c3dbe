// Wakes and timeouts.
//
// The only observation about time is that a wait was not too short: the rest depends on the
// machine.
#include <array>

#include "scene.hpp"

namespace wakepoll::test {
namespace {

using namespace std::chrono_literals;

/// Waits until something comes or the time is over, because a wait may return nothing earlier.
Batch wait_for_something(Readiness& poller, Timeout timeout) {
    const auto end = poller.now() + wait_limit;
    Batch batch = poller.wait(timeout);
    while (!batch.woken && batch.events.empty() && !batch.error && poller.now() < end) {
        batch = poller.wait(timeout);
    }
    return batch;
}

void a_wake_before_the_wait(Scene& scene) {
    scene.note("wake", scene.poller().wake());
    scene.note("woken", scene.poller().wait(wait_limit).woken);
    scene.note("woken again", scene.poller().wait(0ms).woken);
}

void a_wake_before_a_wait_with_timeout_0(Scene& scene) {
    scene.add(scene.world.tcp_pair().local, IoInterest::read, 1);
    scene.note("wake", scene.poller().wake());
    scene.note("woken", scene.poller().wait(0ms).woken);
    scene.note("woken again", scene.poller().wait(0ms).woken);
}

void a_wake_during_the_wait(Scene& scene) {
    Batch batch;
    bool accepted = false;
    scene.during([&] { accepted = scene.poller().wake(); },
                 [&] { batch = wait_for_something(scene.poller(), wait_forever); });
    scene.note("wake", accepted);
    scene.note("woken", batch.woken);
    scene.note("events", std::to_string(batch.events.size()));
    scene.note("woken again", scene.poller().wait(0ms).woken);
}

void a_wake_during_a_wait_over_a_socket(Scene& scene) {
    scene.add(scene.world.tcp_pair().local, IoInterest::read, 1);
    scene.settled("idle", 1);
    Batch batch;
    scene.during([&] { static_cast<void>(scene.poller().wake()); },
                 [&] { batch = wait_for_something(scene.poller(), wait_forever); });
    scene.note("woken", batch.woken);
    scene.note("events", std::to_string(batch.events.size()));
}

void a_wake_after_the_wait(Scene& scene) {
    scene.note("woken before", scene.poller().wait(1ms).woken);
    scene.note("wake", scene.poller().wake());
    scene.note("woken after", scene.poller().wait(wait_limit).woken);
}

void many_wakes_are_reported_once(Scene& scene) {
    for (int i = 0; i < 100; ++i) {
        static_cast<void>(scene.poller().wake());
    }
    scene.note("woken", scene.poller().wait(wait_limit).woken);
    scene.note("woken again", scene.poller().wait(0ms).woken);
}

void a_wake_and_data(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    scene.world.send(pair.peer, 1);
    scene.settle(1, mask::in);
    scene.note("wake", scene.poller().wake());
    const Batch batch = scene.poller().wait(wait_limit);
    scene.note("woken", batch.woken);
    scene.note("the socket", words_of(batch.mask_of(1)));
    const Batch next = scene.poller().wait(wait_limit);
    scene.note("woken again", next.woken);
    scene.note("the socket again", words_of(next.mask_of(1)));
}

void a_wake_ends_the_wait_of_one_poller(Scene& scene) {
    Readiness& second = scene.second_poller();
    scene.note("wake", second.wake());
    scene.note("the first is woken", scene.poller().wait(0ms).woken);
    scene.note("the second is woken", second.wait(wait_limit).woken);
}

void wakes_and_waits_in_turn(Scene& scene) {
    int woken = 0;
    for (int i = 0; i < 20; ++i) {
        scene.during([&] { static_cast<void>(scene.poller().wake()); },
                     [&] { woken += scene.poller().wait(wait_limit).woken ? 1 : 0; });
    }
    scene.note("woken", std::to_string(woken));
}

void a_timeout_of_0(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    const Batch empty = scene.poller().wait(0ms);
    scene.note("events of an empty poller", std::to_string(empty.events.size()));
    scene.note("error of an empty poller", empty.error);
    scene.add(pair.local, IoInterest::read, 1);
    scene.note("events of an idle socket", std::to_string(scene.poller().wait(0ms).events.size()));
    scene.world.send(pair.peer, 1);
    scene.settle(1, mask::in);
    scene.note("data", words_of(scene.poller().wait(0ms).mask_of(1)));
}

void a_timeout_of_1_ms(Scene& scene) {
    for (const bool with_socket : {false, true}) {
        const std::string of = with_socket ? " with an idle socket" : " without a handle";
        if (with_socket) {
            scene.add(scene.world.tcp_pair().local, IoInterest::read, 1);
        }
        const auto begin = scene.poller().now();
        const Batch batch = scene.poller().wait(1ms);
        scene.note("not early" + of, scene.poller().now() - begin >= 1ms);
        scene.note("events" + of, std::to_string(batch.events.size()));
        scene.note("woken" + of, batch.woken);
    }
}

void a_timeout_below_1_ms(Scene& scene) {
    const auto begin = scene.poller().now();
    static_cast<void>(scene.poller().wait(100us));
    scene.note("not early", scene.poller().now() - begin >= 100us);
}

void a_timeout_that_data_ends(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    const auto begin = scene.poller().now();
    scene.during([&] { scene.world.send(pair.peer, 1); }, [&] { scene.next_report("data", 1); });
    scene.note("before the timeout", scene.poller().now() - begin < wait_limit);
}

void no_timeout(Scene& scene) {
    const SocketPair pair = scene.world.tcp_pair();
    scene.add(pair.local, IoInterest::read, 1);
    Batch batch;
    scene.during([&] { scene.world.send(pair.peer, 1); },
                 [&] { batch = wait_for_something(scene.poller(), wait_forever); });
    scene.note("data", words_of(batch.mask_of(1)));
    scene.note("woken", batch.woken);
    scene.note("error", batch.error);
}

}  // namespace

std::span<const Scenario> wait_scenarios() {
    static constexpr std::array scenarios = {
        Scenario{"waits/a wake before the wait", a_wake_before_the_wait},
        Scenario{"waits/a wake before a wait with timeout 0", a_wake_before_a_wait_with_timeout_0},
        Scenario{"waits/a wake during the wait", a_wake_during_the_wait},
        Scenario{"waits/a wake during a wait over a socket", a_wake_during_a_wait_over_a_socket},
        Scenario{"waits/a wake after the wait", a_wake_after_the_wait},
        Scenario{"waits/many wakes are reported once", many_wakes_are_reported_once},
        Scenario{"waits/a wake and data", a_wake_and_data},
        Scenario{"waits/a wake ends the wait of one poller", a_wake_ends_the_wait_of_one_poller},
        Scenario{"waits/wakes and waits in turn", wakes_and_waits_in_turn},
        Scenario{"waits/a timeout of 0", a_timeout_of_0},
        Scenario{"waits/a timeout of 1 ms", a_timeout_of_1_ms},
        Scenario{"waits/a timeout below 1 ms", a_timeout_below_1_ms},
        Scenario{"waits/a timeout that data ends", a_timeout_that_data_ends},
        Scenario{"waits/no timeout", no_timeout},
    };
    return scenarios;
}

}  // namespace wakepoll::test
