// The model's consoles: how records change the signal, and which call removes them.
#include "sys/console.hpp"
#include "fixture.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using sys::ConsoleRecord;
using test::ConsoleInput;
using test::Thing;

struct ConsoleFixture : Fixture {
    using Fixture::Fixture;

    Handle console = world.console();

    ConsoleRecord next() const { return sys::next_console_record(console).value(); }
    bool signalled() const { return sys::take_signal(console).value(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_console)

BOOST_FIXTURE_TEST_CASE(an_empty_console_is_not_signalled, ConsoleFixture) {
    BOOST_TEST(!signalled());
    BOOST_TEST((next() == ConsoleRecord::none));
}

BOOST_FIXTURE_TEST_CASE(records_are_told_and_discarded_in_the_order_they_came, ConsoleFixture) {
    for (const ConsoleInput input :
         {ConsoleInput::mouse, ConsoleInput::key, ConsoleInput::key_release, ConsoleInput::shift,
          ConsoleInput::alt_character, ConsoleInput::focus}) {
        world.console_input(console, input);
    }
    for (const ConsoleRecord expected :
         {ConsoleRecord::other, ConsoleRecord::character, ConsoleRecord::key, ConsoleRecord::key,
          ConsoleRecord::character, ConsoleRecord::other}) {
        BOOST_TEST((next() == expected));
        // Peeking takes no record.
        BOOST_TEST((next() == expected));
        BOOST_TEST(!sys::discard_console_record(console));
    }
    BOOST_TEST((next() == ConsoleRecord::none));
    BOOST_TEST(kernel.calls(Call::next_console_record) == 13U);
    BOOST_TEST(kernel.calls(Call::discard_console_record) == 6U);
}

BOOST_FIXTURE_TEST_CASE(records_that_are_no_keys_keep_it_signalled_until_discarded,
                        ConsoleFixture) {
    world.console_input(console, ConsoleInput::mouse);
    world.console_input(console, ConsoleInput::key_release);
    BOOST_TEST(signalled());
    // The wait takes no record.
    BOOST_TEST(signalled());
    BOOST_TEST(!sys::discard_console_record(console));
    BOOST_TEST(signalled());
    BOOST_TEST(!sys::discard_console_record(console));
    BOOST_TEST(!signalled());
}

BOOST_FIXTURE_TEST_CASE(draining_takes_all_and_counts_the_keys, ConsoleFixture) {
    for (const ConsoleInput input : {ConsoleInput::key, ConsoleInput::mouse, ConsoleInput::key}) {
        world.console_input(console, input);
    }
    BOOST_TEST(world.drain_console(console) == 2U);
    BOOST_TEST(!signalled());
    BOOST_TEST(world.drain_console(console) == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_process_has_one_console_and_any_number_of_handles, ConsoleFixture) {
    world.console_input(console, ConsoleInput::key);
    const Handle second = world.console();
    BOOST_TEST((second != console));
    BOOST_TEST(!signalled());
    world.console_input(second, ConsoleInput::key);
    BOOST_TEST(signalled());
    world.close_handle(second);
    BOOST_TEST(signalled());
}

BOOST_FIXTURE_TEST_CASE(discarding_what_is_not_there_waits_for_it, ConsoleFixture) {
    kernel.when_blocked([&] { world.console_input(console, ConsoleInput::key); });
    BOOST_TEST(!sys::discard_console_record(console));
    BOOST_TEST(kernel.blocked_calls() == 1U);
    BOOST_TEST(!signalled());
    BOOST_TEST(sys::discard_console_record(console).value() == 10004);
    BOOST_TEST(kernel.hung());
}

BOOST_FIXTURE_TEST_CASE(what_is_no_console_or_none_any_more_is_an_invalid_handle, ConsoleFixture) {
    world.close_handle(console);
    for (const Handle handle :
         {console, world.never_a_handle(), world.thing(Thing::event), world.tcp_socket()}) {
        BOOST_TEST(sys::next_console_record(handle).error().value() == 6);
        BOOST_TEST(sys::discard_console_record(handle).value() == 6);
    }
}

BOOST_FIXTURE_TEST_CASE(a_look_and_a_discard_fail_where_that_is_planned, ConsoleFixture) {
    world.console_input(console, ConsoleInput::key);
    kernel.fail_next(Call::next_console_record, 6);
    BOOST_TEST(sys::next_console_record(console).error().value() == 6);
    kernel.fail_next(Call::discard_console_record, 1450);
    BOOST_TEST(sys::discard_console_record(console).value() == 1450);
    BOOST_TEST((next() == ConsoleRecord::character));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
