// The model's waitable timers: when they fire, and what sets, resets and stops them.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "fixture.hpp"
#include "sys/timer.hpp"
#include "sys/waitable.hpp"
#include "waitable_timer.hpp"

namespace wakepoll::sim {
namespace {

using std::chrono::nanoseconds;
using sys::CompletionPort;
using sys::ThreadPoolWait;
using sys::Timer;
using test::Thing;

struct TimerFixture : Fixture {
    explicit TimerFixture(const Options& options = {.early_waits = false}) : Fixture(options) {}

    Timer timer = Timer::create().value();
    CompletionPort port = CompletionPort::create().value();

    bool signalled() const { return sys::take_signal(timer.handle()).value(); }

    /// Blocks at the port, to which the callback of the wait on the timer posts.
    bool post_when_fired(ThreadPoolWait& wait) {
        return !wait.arm(
            timer.handle(),
            [](void* context, const sys::ThreadPoolWait&) noexcept {
                static_cast<void>(static_cast<CompletionPort*>(context)->post(1));
            },
            &port);
    }
    std::size_t dequeue(std::uint32_t milliseconds) {
        std::array<sys::Packet, 4> packets;
        return port.dequeue(packets, milliseconds).value();
    }
    /// The time from now until the timer fires.
    nanoseconds time_until_fired() {
        const nanoseconds before = kernel.now();
        ThreadPoolWait wait;
        BOOST_TEST(post_when_fired(wait));
        BOOST_TEST(dequeue(kernel_infinite) == 1U);
        return kernel.now() - before;
    }
};

/// The shortest and the longest time that a timer set to `delay` takes, over many seeds.
std::pair<nanoseconds, nanoseconds> range_of(Personality personality, nanoseconds delay,
                                             bool early) {
    nanoseconds least = nanoseconds::max();
    nanoseconds most(0);
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        const nanoseconds due = due_moment(5s, delay, early, traits_of(personality), random) - 5s;
        least = std::min(least, due);
        most = std::max(most, due);
    }
    return {least, most};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_timer)

BOOST_FIXTURE_TEST_CASE(a_timer_that_was_not_set_is_never_signalled, TimerFixture) {
    BOOST_TEST(timer.is_open());
    BOOST_TEST(!signalled());
    kernel.advance(1h);
    BOOST_TEST(!signalled());
}

BOOST_AUTO_TEST_CASE(a_timer_is_signalled_once_its_time_is_over_and_stays_so) {
    for (const Personality personality : all_personalities) {
        TimerFixture fixture(Options{.personality = personality, .early_waits = false});
        BOOST_TEST(!fixture.timer.set(5ms));
        BOOST_TEST(!fixture.signalled());
        fixture.kernel.advance(4900us);
        BOOST_TEST(!fixture.signalled());
        fixture.kernel.advance(500us);
        BOOST_TEST(fixture.signalled());
        BOOST_TEST(fixture.signalled());
    }
}

BOOST_AUTO_TEST_CASE(a_blocked_call_wakes_when_the_timer_fires) {
    for (const Personality personality : all_personalities) {
        TimerFixture fixture(Options{.personality = personality, .early_waits = false});
        BOOST_TEST(!fixture.timer.set(5ms));
        const nanoseconds took = fixture.time_until_fired();
        BOOST_TEST((took >= 4990us && took <= 5400us));
        BOOST_TEST(!fixture.kernel.hung());
    }
}

BOOST_FIXTURE_TEST_CASE(time_that_passes_outside_fires_it_before_who_is_due_later, TimerFixture) {
    ThreadPoolWait wait;
    BOOST_TEST(post_when_fired(wait));
    BOOST_TEST(!timer.set(5ms));
    bool seen = false;
    kernel.at(10ms, [&] { seen = signalled(); });
    kernel.advance(20ms);
    BOOST_TEST(seen);
    BOOST_TEST(dequeue(1) == 1U);
}

BOOST_FIXTURE_TEST_CASE(set_again_before_it_is_due_only_the_new_time_counts, TimerFixture) {
    BOOST_TEST(!timer.set(5ms));
    kernel.advance(4ms);
    BOOST_TEST(!timer.set(5ms));
    kernel.advance(4ms);
    BOOST_TEST(!signalled());
    BOOST_TEST(!timer.set(1h));
    BOOST_TEST(!timer.set(1ms));
    const nanoseconds took = time_until_fired();
    BOOST_TEST((took <= 2ms));
    // The first two times no longer count, so nothing else happens in that hour.
    BOOST_TEST(!timer.cancel());
    ThreadPoolWait wait;
    BOOST_TEST(!timer.set(2h));
    BOOST_TEST(post_when_fired(wait));
    BOOST_TEST(dequeue(patience) == 0U);
}

BOOST_FIXTURE_TEST_CASE(setting_a_timer_takes_its_signal_away, TimerFixture) {
    BOOST_TEST(!timer.set(1ms));
    kernel.advance(2ms);
    BOOST_TEST(signalled());
    BOOST_TEST(!timer.set(1ms));
    BOOST_TEST(!signalled());
    kernel.advance(2ms);
    BOOST_TEST(signalled());
}

BOOST_FIXTURE_TEST_CASE(a_cancelled_timer_does_not_fire, TimerFixture) {
    BOOST_TEST(!timer.set(1ms));
    BOOST_TEST(!timer.cancel());
    kernel.advance(1s);
    BOOST_TEST(!signalled());
    ThreadPoolWait wait;
    BOOST_TEST(post_when_fired(wait));
    BOOST_TEST(dequeue(100) == 0U);
}

BOOST_FIXTURE_TEST_CASE(cancelling_leaves_the_signal_of_a_timer_that_fired, TimerFixture) {
    BOOST_TEST(!timer.set(1ms));
    kernel.advance(2ms);
    BOOST_TEST(!timer.cancel());
    BOOST_TEST(signalled());
}

BOOST_FIXTURE_TEST_CASE(no_time_at_all_is_the_least_there_is, TimerFixture) {
    BOOST_TEST(!timer.set(0ns));
    kernel.advance(301us);
    BOOST_TEST(signalled());
    BOOST_TEST(!timer.set(-5s));
    BOOST_TEST(!signalled());
    kernel.advance(301us);
    BOOST_TEST(signalled());
}

BOOST_FIXTURE_TEST_CASE(the_longest_time_is_for_ever, TimerFixture) {
    BOOST_TEST(!timer.set(nanoseconds::max()));
    kernel.advance(24h * 365);
    BOOST_TEST(!signalled());
}

BOOST_AUTO_TEST_CASE(a_timer_keeps_time_as_the_personality_and_the_seed_choose) {
    for (const Personality windows : {Personality::windows_11, Personality::windows_server_2019}) {
        const auto [least, most] = range_of(windows, 500us, true);
        BOOST_TEST((least >= 400us && least < 420us));
        BOOST_TEST((most > 750us && most <= 800us));
        BOOST_TEST((range_of(windows, 500us, false).first >= 500us));
        // Never before the time at which it was set.
        BOOST_TEST((range_of(windows, 100ns, true).first >= 0ns));
    }
    for (const nanoseconds delay : {100ns, nanoseconds(500us), nanoseconds(1ms)}) {
        const auto [least, most] = range_of(Personality::wine_8, delay, true);
        BOOST_TEST((least >= 1ms && most > 1100us && most <= 1200us));
    }
    BOOST_TEST((range_of(Personality::wine_8, 3ms, true).first >= 3ms));
}

BOOST_AUTO_TEST_CASE(some_seeds_fire_a_timer_before_its_time_by_the_clock) {
    int early = 0;
    constexpr int seeds = 60;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        TimerFixture fixture(Options{.seed = seed});
        const nanoseconds before = fixture.kernel.now();
        BOOST_TEST(!fixture.timer.set(2ms));
        fixture.time_until_fired();
        early += fixture.kernel.now() - before < 2ms ? 1 : 0;
    }
    BOOST_TEST(early > 0);
    BOOST_TEST(early < seeds);
}

BOOST_FIXTURE_TEST_CASE(a_timer_that_was_closed_still_fires_for_the_wait_that_keeps_it,
                        TimerFixture) {
    ThreadPoolWait wait;
    BOOST_TEST(post_when_fired(wait));
    BOOST_TEST(!timer.set(1ms));
    timer.close();
    BOOST_TEST(dequeue(100) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_closed_timer_refuses_every_call_and_closes_once, TimerFixture) {
    const Handle number = timer.handle();
    world.close_handle(number);
    BOOST_TEST(timer.set(1ms).value() == 6);
    BOOST_TEST(timer.cancel().value() == 6);
    BOOST_TEST(sys::take_signal(number).error().value() == 6);
    timer.close();
    timer.close();
    BOOST_TEST(!timer.is_open());
    BOOST_TEST(kernel.calls(Call::timer_close) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_timer_is_closed_with_its_owner, TimerFixture) {
    const std::size_t before = kernel.open_handles();
    {
        Timer other = Timer::create().value();
        const Timer moved = std::move(other);
        BOOST_TEST(kernel.open_handles() == before + 1);
        BOOST_TEST(!moved.set(1ms));
    }
    BOOST_TEST(kernel.open_handles() == before);
    // Nothing of it is left that could wake a blocked call.
    BOOST_TEST(dequeue(10) == 0U);
}

BOOST_FIXTURE_TEST_CASE(creating_and_setting_fail_where_that_is_planned, TimerFixture) {
    const std::size_t before = kernel.open_handles();
    kernel.fail_next(Call::timer_create, 8);
    BOOST_TEST(Timer::create().error().value() == 8);
    BOOST_TEST(kernel.open_handles() == before);
    kernel.fail_next(Call::timer_set, 1450);
    BOOST_TEST(timer.set(1ms).value() == 1450);
    kernel.advance(1s);
    BOOST_TEST(!signalled());
}

BOOST_FIXTURE_TEST_CASE(an_auto_reset_timer_is_reset_by_the_wait_that_ends, TimerFixture) {
    const Handle automatic = world.thing(Thing::auto_reset_timer);
    const Handle manual = world.thing(Thing::timer);
    for (const Handle thing : {automatic, manual}) {
        world.signal(thing);
        BOOST_TEST(sys::take_signal(thing).value());
        BOOST_TEST(sys::take_signal(thing).value() == (thing == manual));
        world.reset_signal(thing);
        BOOST_TEST(!sys::take_signal(thing).value());
    }
}

BOOST_AUTO_TEST_CASE(threaded_a_timer_calls_back_in_real_time) {
    TimerFixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    const auto before = std::chrono::steady_clock::now();
    ThreadPoolWait wait;
    BOOST_TEST(fixture.post_when_fired(wait));
    // The thread that serves the waits is already asleep, until a time that is then too late.
    BOOST_TEST(!fixture.timer.set(1h));
    BOOST_TEST(!fixture.timer.set(20ms));
    BOOST_TEST(fixture.dequeue(patience) == 1U);
    const auto took = std::chrono::steady_clock::now() - before;
    BOOST_TEST((took >= 20ms && took < 10s));
}

BOOST_AUTO_TEST_CASE(threaded_a_timer_that_nobody_waits_for_is_signalled_in_time) {
    TimerFixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    BOOST_TEST(!fixture.timer.set(1ms));
    const auto over = std::chrono::steady_clock::now() + 2ms;
    BOOST_TEST(eventually([&] { return std::chrono::steady_clock::now() > over; }));
    BOOST_TEST(fixture.signalled());
}

BOOST_AUTO_TEST_CASE(threaded_a_timer_calls_back_while_nobody_is_in_the_kernel) {
    TimerFixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    std::atomic<bool> fired = false;
    ThreadPoolWait wait;
    BOOST_TEST(!wait.arm(
        fixture.timer.handle(),
        [](void* context, const sys::ThreadPoolWait&) noexcept {
            *static_cast<std::atomic<bool>*>(context) = true;
        },
        &fired));
    BOOST_TEST(!fixture.timer.set(1ms));
    BOOST_TEST(eventually([&] { return fired.load(); }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
