// The model's virtual clock and its actors: when time passes, which actors run then, and what a
// hang is.
#include <array>
#include <vector>

#include "fixture.hpp"
#include "sys/system.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;

/// A port that only actors post to.
struct ClockFixture : Fixture {
    using Fixture::Fixture;

    CompletionPort port = CompletionPort::create().value();
    std::vector<int> order;

    Action add(int number) {
        return [this, number] { order.push_back(number); };
    }

    std::size_t dequeue(std::uint32_t milliseconds) {
        std::array<sys::Packet, 8> packets;
        return port.dequeue(packets, milliseconds).value();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_clock)

BOOST_AUTO_TEST_CASE(a_finite_wait_moves_the_clock_to_its_end) {
    on_each(
        [](Fixture& fixture) {
            const CompletionPort port = CompletionPort::create().value();
            const auto before = sys::now();
            std::array<sys::Packet, 1> packets;
            BOOST_TEST(port.dequeue(packets, 1000).value() == 0U);
            const auto waited = sys::now() - before;
            BOOST_TEST((waited >= 1s && waited < 1001ms));
            BOOST_TEST(fixture.kernel.blocked_calls() == 1U);
        },
        Options{.early_waits = false});
}

BOOST_AUTO_TEST_CASE(windows_ends_some_waits_up_to_15_ms_early_and_wine_ends_all_late) {
    for (const Personality personality : all_personalities) {
        int early = 0;
        int late = 0;
        for (std::uint64_t seed = 1; seed <= 200; ++seed) {
            ClockFixture fixture(Options{.personality = personality, .seed = seed});
            const auto before = fixture.kernel.now();
            BOOST_TEST(fixture.dequeue(100) == 0U);
            const auto waited = fixture.kernel.now() - before;
            BOOST_TEST((waited >= 85ms && waited < 101ms));
            early += waited < 100ms ? 1 : 0;
            late += waited >= 100ms + 100us ? 1 : 0;
        }
        if (personality == Personality::wine_8) {
            BOOST_TEST(late == 200);
        } else {
            BOOST_TEST(early > 50);
            BOOST_TEST(early < 150);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(an_early_end_never_turns_the_clock_back, ClockFixture) {
    for (int i = 0; i < 1000; ++i) {
        const auto before = kernel.now();
        dequeue(1);
        BOOST_TEST((kernel.now() >= before));
    }
}

BOOST_FIXTURE_TEST_CASE(a_blocked_call_jumps_to_what_is_due_next, ClockFixture) {
    const auto before = kernel.now();
    kernel.at(300ms, [&] { BOOST_TEST(!port.post(1)); });
    BOOST_TEST(dequeue(kernel_infinite) == 1U);
    const auto waited = kernel.now() - before;
    BOOST_TEST((waited >= 300ms && waited < 301ms));
}

BOOST_FIXTURE_TEST_CASE(what_is_due_later_does_not_act_in_a_shorter_wait, ClockFixture) {
    kernel.at(300ms, add(1));
    BOOST_TEST(dequeue(100) == 0U);
    BOOST_TEST(order.empty());
    BOOST_TEST(dequeue(1000) == 0U);
    BOOST_TEST(order.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_endless_wait_with_nothing_to_come_is_a_hang, ClockFixture) {
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).error().value() == 10004);
    BOOST_TEST(kernel.hung());
    BOOST_TEST(poll(world.tcp_socket(), ask_all, kernel_infinite) == -10004);
}

BOOST_FIXTURE_TEST_CASE(time_that_passes_outside_lets_act_who_is_due, ClockFixture) {
    kernel.at(20ms, add(2));
    kernel.at(10ms, add(1));
    kernel.at(40ms, add(3));
    kernel.advance(30ms);
    BOOST_TEST(order == (std::vector{1, 2}), boost::test_tools::per_element());
}

// Actors
// --------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(one_actor_acts_in_a_block_that_it_ends, ClockFixture) {
    kernel.when_blocked([&] { BOOST_TEST(!port.post(1)); });
    kernel.when_blocked(add(2));
    BOOST_TEST(dequeue(kernel_infinite) == 1U);
    BOOST_TEST(order.empty());
    BOOST_TEST(dequeue(10) == 0U);
    BOOST_TEST(order.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_call_that_need_not_block_lets_nobody_act_who_waits_for_a_block,
                        ClockFixture) {
    kernel.when_blocked(add(1));
    BOOST_TEST(!port.post(1));
    BOOST_TEST(dequeue(1000) == 1U);
    BOOST_TEST(dequeue(0) == 0U);
    BOOST_TEST(order.empty());
}

BOOST_FIXTURE_TEST_CASE(certain_actors_act_at_the_very_next_call, ClockFixture) {
    kernel.between_calls(add(1), 1.0);
    BOOST_TEST(dequeue(0) == 0U);
    BOOST_TEST(order.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_actor_with_no_chance_acts_when_a_call_blocks, ClockFixture) {
    kernel.between_calls([&] { BOOST_TEST(!port.post(1)); }, 0.0);
    BOOST_TEST(dequeue(0) == 0U);
    BOOST_TEST(dequeue(kernel_infinite) == 1U);
    BOOST_TEST(!kernel.hung());
}

BOOST_AUTO_TEST_CASE(the_seed_decides_between_which_calls_an_actor_acts) {
    const auto run = [](std::uint64_t seed) {
        ClockFixture fixture(Options{.seed = seed});
        bool acted = false;
        fixture.kernel.between_calls([&] { acted = true; }, 0.2);
        int calls = 0;
        while (!acted) {
            fixture.dequeue(0);
            ++calls;
        }
        return calls;
    };
    std::vector<int> lengths;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        lengths.push_back(run(seed));
        BOOST_TEST(run(seed) == lengths.back());
    }
    const auto [least, most] = std::minmax_element(lengths.begin(), lengths.end());
    BOOST_TEST(*least < *most);
}

BOOST_FIXTURE_TEST_CASE(actors_do_not_act_inside_one_another, ClockFixture) {
    kernel.between_calls(
        [&] {
            order.push_back(1);
            BOOST_TEST(!port.post(1));
            order.push_back(2);
        },
        1.0);
    kernel.between_calls(add(3), 1.0);
    dequeue(0);
    BOOST_TEST(order == (std::vector{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_model_is_inside_and_actors_are_not, ClockFixture) {
    BOOST_TEST(!Kernel::inside());
    bool inside = true;
    kernel.when_blocked([&] { inside = Kernel::inside(); });
    dequeue(10);
    BOOST_TEST(!inside);
}

BOOST_AUTO_TEST_CASE(a_callback_runs_by_the_next_block_and_for_some_seeds_before_it) {
    int before_block = 0;
    constexpr int seeds = 100;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        ClockFixture fixture(Options{.seed = seed});
        const Handle event = fixture.world.thing(test::Thing::event);
        int fired = 0;
        sys::ThreadPoolWait wait;
        BOOST_TEST(!wait.arm(
            event,
            [](void* context, const sys::ThreadPoolWait&) noexcept {
                ++*static_cast<int*>(context);
            },
            &fired));
        fixture.world.signal(event);
        // The event was seen signalled; resetting it does not revoke the callback.
        fixture.world.reset_signal(event);
        fixture.dequeue(0);
        before_block += fired;
        fixture.dequeue(10);
        BOOST_TEST(fired == 1);
    }
    BOOST_TEST(before_block > 0);
    BOOST_TEST(before_block < seeds);
}

BOOST_AUTO_TEST_CASE(disarming_lets_a_due_callback_run_or_forgets_it) {
    int ran = 0;
    constexpr int seeds = 100;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        ClockFixture fixture(Options{.seed = seed});
        int fired = 0;
        sys::ThreadPoolWait wait;
        BOOST_TEST(!fixture.port.post(1));
        BOOST_TEST(!wait.arm(
            fixture.port.handle(),
            [](void* context, const sys::ThreadPoolWait&) noexcept {
                ++*static_cast<int*>(context);
            },
            &fired));
        wait.disarm();
        ran += fired;
        const int then = fired;
        CompletionPort other = CompletionPort::create().value();
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(other.dequeue(packets, 10).value() == 0U);
        BOOST_TEST(fired == then);
    }
    BOOST_TEST(ran > 0);
    BOOST_TEST(ran < seeds);
}

BOOST_FIXTURE_TEST_CASE(what_goes_on_beside_happens_by_the_next_block_or_by_join, ClockFixture) {
    world.beside([&] { BOOST_TEST(!port.post(1)); });
    world.beside(add(1));
    BOOST_TEST(dequeue(kernel_infinite) == 1U);
    world.join();
    BOOST_TEST(order.size() == 1U);
    world.beside(add(2));
    world.join();
    BOOST_TEST(order.size() == 2U);
    // Not a second time.
    dequeue(10);
    BOOST_TEST(order.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
