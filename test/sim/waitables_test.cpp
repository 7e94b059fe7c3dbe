// The model's signals: which call takes one, and how thread-pool waits react.
#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>

#include "wait_fixture.hpp"
#include "waitables.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;
using sys::ThreadPoolWait;
using test::Thing;

constexpr int seeds = 60;

constexpr Thing automatic[] = {Thing::auto_reset_event, Thing::auto_reset_timer};
constexpr Thing lasting[] = {Thing::event,         Thing::timer,        Thing::process,
                             Thing::child_process, Thing::child_thread, Thing::thread};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_waitables)

// Signals
// --------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_signal_that_a_wait_resets_is_taken_once, WaitFixture) {
    for (const Thing kind : automatic) {
        const Handle thing = world.thing(kind);
        BOOST_TEST(!sys::take_signal(thing).value());
        world.signal(thing);
        world.signal(thing);
        BOOST_TEST(sys::take_signal(thing).value());
        BOOST_TEST(!sys::take_signal(thing).value());
    }
}

BOOST_FIXTURE_TEST_CASE(a_lasting_signal_is_there_for_every_wait, WaitFixture) {
    for (const Thing kind : lasting) {
        const Handle thing = world.thing(kind);
        BOOST_TEST(!sys::take_signal(thing).value());
        world.signal(thing);
        BOOST_TEST(sys::take_signal(thing).value());
        CountedWait wait;
        BOOST_TEST(wait.arm(thing));
        let_callbacks_run();
        BOOST_TEST(wait.fired == 1);
        BOOST_TEST(sys::take_signal(thing).value());
    }
}

BOOST_FIXTURE_TEST_CASE(a_signal_that_was_reset_is_gone, WaitFixture) {
    for (const Thing kind :
         {Thing::event, Thing::auto_reset_event, Thing::timer, Thing::auto_reset_timer}) {
        const Handle thing = signalled(kind);
        world.reset_signal(thing);
        BOOST_TEST(!sys::take_signal(thing).value());
    }
}

BOOST_FIXTURE_TEST_CASE(a_semaphore_of_count_three_satisfies_three_waits, WaitFixture) {
    const Handle semaphore = world.thing(Thing::semaphore);
    std::array<CountedWait, 4> waits;
    for (CountedWait& wait : waits) {
        BOOST_TEST(wait.arm(semaphore));
    }
    for (int i = 0; i < 3; ++i) {
        world.signal(semaphore);
    }
    BOOST_TEST(!sys::take_signal(semaphore).value());
    let_callbacks_run();
    int fired = 0;
    for (const CountedWait& wait : waits) {
        BOOST_TEST(wait.fired <= 1);
        fired += wait.fired;
    }
    BOOST_TEST(fired == 3);
    world.signal(semaphore);
    let_callbacks_run();
    BOOST_TEST(waits[3].fired == 1);
}

BOOST_FIXTURE_TEST_CASE(a_semaphore_counts_between_nothing_and_its_maximum, WaitFixture) {
    const auto semaphore = std::make_shared<Semaphore>(1, 2);
    const Handle handle = kernel.open(semaphore);
    BOOST_TEST(semaphore->release());
    BOOST_TEST(!semaphore->release());
    BOOST_TEST(sys::take_signal(handle).value());
    BOOST_TEST(sys::take_signal(handle).value());
    BOOST_TEST(!sys::take_signal(handle).value());
}

BOOST_FIXTURE_TEST_CASE(a_wait_that_takes_a_signal_leaves_packets_at_the_port, WaitFixture) {
    BOOST_TEST(!port.post(7));
    BOOST_TEST(sys::take_signal(port.handle()).value());
    BOOST_TEST(sys::take_signal(port.handle()).value());
    std::array<sys::Packet, 2> packets;
    BOOST_TEST(port.dequeue(packets, 0).value() == 1U);
    BOOST_TEST(!sys::take_signal(port.handle()).value());
}

BOOST_FIXTURE_TEST_CASE(taking_the_signal_of_no_handle_fails, WaitFixture) {
    const Handle closed = signalled(Thing::event);
    world.close_handle(closed);
    BOOST_TEST(sys::take_signal(closed).error().value() == 6);
    BOOST_TEST(sys::take_signal(world.never_a_handle()).error().value() == 6);
    const Handle event = signalled(Thing::auto_reset_event);
    kernel.fail_next(Call::take_signal, 5);
    BOOST_TEST(sys::take_signal(event).error().value() == 5);
    BOOST_TEST(sys::take_signal(event).value());
    // This process and this thread have not ended.
    BOOST_TEST(!sys::take_signal(Handle(~std::uintptr_t{0})).value());
    BOOST_TEST(!sys::take_signal(Handle(~std::uintptr_t{1})).value());
}

BOOST_FIXTURE_TEST_CASE(an_event_tells_who_resets_it, WaitFixture) {
    BOOST_TEST(sys::is_auto_reset(world.thing(Thing::auto_reset_event)).value());
    const Handle event = signalled(Thing::event);
    BOOST_TEST(!sys::is_auto_reset(event).value());
    BOOST_TEST(sys::take_signal(event).value());
    BOOST_TEST(sys::is_auto_reset(world.thing(Thing::timer)).error().value() == 6);
    BOOST_TEST(sys::is_auto_reset(world.never_a_handle()).error().value() == 6);
    kernel.fail_next(Call::is_auto_reset, 1450);
    BOOST_TEST(sys::is_auto_reset(event).error().value() == 1450);
}

BOOST_FIXTURE_TEST_CASE(what_can_not_be_signalled_fails_the_test_that_tries, WaitFixture) {
    BOOST_CHECK_THROW(world.signal(world.thing(Thing::disk_file)), std::runtime_error);
    BOOST_CHECK_THROW(world.signal(world.never_a_handle()), std::runtime_error);
    BOOST_CHECK_THROW(world.reset_signal(world.thing(Thing::child_process)), std::runtime_error);
}

// Waits of the thread pool
// --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_signal_of_an_auto_reset_object_goes_to_the_wait_or_to_who_asks) {
    on_each([](Fixture& fixture) {
        for (const Thing kind : automatic) {
            for (const bool armed_first : {true, false}) {
                const Handle thing = fixture.world.thing(kind);
                const CompletionPort port = CompletionPort::create().value();
                std::array<sys::Packet, 1> packets;
                CountedWait wait;
                BOOST_TEST((!armed_first || wait.arm(thing)));
                fixture.world.signal(thing);
                const bool taken = sys::take_signal(thing).value();
                BOOST_TEST((armed_first || wait.arm(thing)));
                BOOST_TEST(port.dequeue(packets, 1).value() == 0U);
                // The wait that was there first gets it.
                BOOST_TEST(taken == !armed_first);
                BOOST_TEST(wait.fired == (armed_first ? 1 : 0));
                BOOST_TEST(!sys::take_signal(thing).value());
            }
        }
    });
}

BOOST_FIXTURE_TEST_CASE(one_signal_ends_one_wait_of_several, WaitFixture) {
    const Handle event = world.thing(Thing::auto_reset_event);
    CountedWait first;
    CountedWait second;
    BOOST_TEST(first.arm(event));
    BOOST_TEST(second.arm(event));
    for (int signals = 1; signals <= 2; ++signals) {
        world.signal(event);
        let_callbacks_run();
        BOOST_TEST(first.fired + second.fired == signals);
    }
    BOOST_TEST(first.fired == 1);
    // Each wait fires once.
    world.signal(event);
    let_callbacks_run();
    BOOST_TEST(first.fired + second.fired == 2);
    BOOST_TEST(sys::take_signal(event).value());
}

BOOST_FIXTURE_TEST_CASE(a_wait_that_was_disarmed_before_the_signal_leaves_it, WaitFixture) {
    const Handle event = world.thing(Thing::auto_reset_event);
    CountedWait wait;
    BOOST_TEST(wait.arm(event));
    wait.wait.disarm();
    world.signal(event);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    BOOST_TEST(sys::take_signal(event).value());
}

BOOST_AUTO_TEST_CASE(disarmed_after_the_signal_the_callback_has_run_or_never_will) {
    int ran = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        WaitFixture fixture(Options{.seed = seed});
        const Handle event = fixture.world.thing(Thing::auto_reset_event);
        CountedWait wait;
        BOOST_TEST(wait.arm(event));
        fixture.world.signal(event);
        wait.wait.disarm();
        const int then = wait.fired;
        ran += then;
        fixture.let_callbacks_run();
        BOOST_TEST(wait.fired == then);
        // The signal was taken either way.
        BOOST_TEST(!sys::take_signal(event).value());
    }
    BOOST_TEST(ran > 0);
    BOOST_TEST(ran < seeds);
}

BOOST_FIXTURE_TEST_CASE(arming_again_disarms_the_wait_before, WaitFixture) {
    const Handle first = world.thing(Thing::event);
    const Handle second = world.thing(Thing::event);
    CountedWait wait;
    BOOST_TEST(wait.arm(first));
    BOOST_TEST(wait.arm(second));
    world.signal(first);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    world.signal(second);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 1);
}

BOOST_FIXTURE_TEST_CASE(a_wait_keeps_its_object_when_the_last_handle_is_closed, WaitFixture) {
    const Handle event = world.thing(Thing::event);
    const Handle other = world.duplicate(event);
    CountedWait wait;
    BOOST_TEST(wait.arm(event));
    world.close_handle(event);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    world.signal(other);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 1);

    const Handle last = world.thing(Thing::event);
    CountedWait forgotten;
    BOOST_TEST(forgotten.arm(last));
    world.close_handle(last);
    let_callbacks_run();
    // The number is another event's now.
    BOOST_TEST((signalled(Thing::event) == last));
    let_callbacks_run();
    BOOST_TEST(forgotten.fired == 0);
}

BOOST_FIXTURE_TEST_CASE(a_wait_on_a_console_is_ended_by_any_record_and_takes_none, WaitFixture) {
    const Handle console = world.console();
    CountedWait wait;
    BOOST_TEST(wait.arm(console));
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    world.console_input(console, test::ConsoleInput::focus);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 1);
    BOOST_TEST(sys::take_signal(console).value());
}

BOOST_FIXTURE_TEST_CASE(arming_fails_where_that_is_planned, WaitFixture) {
    const Handle event = signalled(Thing::auto_reset_event);
    CountedWait wait;
    kernel.fail_next(Call::wait_arm, 1450);
    BOOST_TEST(!wait.arm(event));
    wait.wait.disarm();
    BOOST_TEST(kernel.calls(Call::wait_disarm) == 0U);
    let_callbacks_run();
    BOOST_TEST(wait.fired == 0);
    BOOST_TEST(sys::take_signal(event).value());
}

// Threaded
// --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(threaded_a_disarm_waits_for_the_callback_that_is_under_way) {
    WaitFixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    struct Context {
        std::atomic<bool> entered = false;
        std::atomic<bool> may_leave = false;
        std::atomic<bool> left = false;
    } context;
    const Handle event = fixture.signalled(Thing::event);
    ThreadPoolWait wait;
    BOOST_TEST(!wait.arm(
        event,
        [](void* pointer, const sys::ThreadPoolWait&) noexcept {
            auto& seen = *static_cast<Context*>(pointer);
            seen.entered = true;
            seen.left = eventually([&] { return seen.may_leave.load(); });
        },
        &context));
    BOOST_REQUIRE(eventually([&] { return context.entered.load(); }));
    // The callback continues only after this thread has begun to remove the wait.
    fixture.world.beside([&] {
        context.may_leave =
            eventually([&] { return fixture.kernel.calls(Call::wait_disarm) != 0; });
    });
    wait.disarm();
    BOOST_TEST(context.left);
    fixture.world.join();
}

BOOST_AUTO_TEST_CASE(threaded_each_signal_of_an_auto_reset_event_is_taken_once) {
    WaitFixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    const Handle event = fixture.world.thing(Thing::auto_reset_event);
    for (int round = 0; round < 300; ++round) {
        CountedWait wait;
        BOOST_TEST(wait.arm(event));
        std::atomic<int> asked = 0;
        fixture.world.beside([&] { fixture.world.signal(event); });
        fixture.world.beside([&] { asked += sys::take_signal(event).value() ? 1 : 0; });
        fixture.world.join();
        BOOST_REQUIRE(eventually([&] { return wait.fired + asked != 0; }));
        wait.wait.disarm();
        BOOST_REQUIRE(wait.fired + asked == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
