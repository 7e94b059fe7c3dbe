// sys: the records of a console, if the process has one.
#include "sys/console.hpp"

#include <boost/test/unit_test.hpp>

#include "bell.hpp"
#include "sys/waitable.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::ConsoleRecord;

namespace {

struct ConsoleFixture {
    World world;

    [[nodiscard]] static ConsoleRecord next(Handle console) {
        return sys::next_console_record(console).value();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_console, ConsoleFixture)

BOOST_AUTO_TEST_CASE(what_is_no_console_is_a_bad_handle) {
    for (const Handle handle :
         {world.thing(Thing::event), world.thing(Thing::null_device),
          world.pipe_pair(PipeKind::anonymous).local, world.never_a_handle()}) {
        BOOST_TEST(sys::next_console_record(handle).error().value() == 6);
        BOOST_TEST(sys::discard_console_record(handle).value() == 6);
    }
}

BOOST_AUTO_TEST_CASE(without_a_console_the_world_has_none) {
    const bool expected = static_cast<bool>(has_console(0));
    BOOST_TEST(static_cast<bool>(world.console()) == expected);
}

BOOST_AUTO_TEST_SUITE(with_one, *boost::unit_test::precondition(&has_console))

BOOST_AUTO_TEST_CASE(an_empty_console_has_no_record_and_no_signal) {
    const Handle console = world.console();
    BOOST_TEST((next(console) == ConsoleRecord::none));
    BOOST_TEST(!sys::take_signal(console).value());
    BOOST_TEST(world.drain_console(console) == 0U);
}

BOOST_AUTO_TEST_CASE(the_next_record_is_looked_at_and_stays) {
    const Handle console = world.console();
    world.console_input(console, ConsoleInput::key);
    BOOST_TEST((next(console) == ConsoleRecord::character));
    BOOST_TEST((next(console) == ConsoleRecord::character));
    BOOST_TEST(sys::take_signal(console).value());
    BOOST_TEST(sys::take_signal(console).value());
    BOOST_TEST(world.drain_console(console) == 1U);
    BOOST_TEST((next(console) == ConsoleRecord::none));
    BOOST_TEST(!sys::take_signal(console).value());
}

BOOST_AUTO_TEST_CASE(a_record_that_is_no_character_signals_too_and_can_be_discarded) {
    const Handle console = world.console();
    for (const ConsoleInput input : {ConsoleInput::mouse, ConsoleInput::focus, ConsoleInput::window,
                                     ConsoleInput::key_release, ConsoleInput::shift}) {
        world.console_input(console, input);
        world.console_input(console, ConsoleInput::alt_character);
        const bool of_key = input == ConsoleInput::key_release || input == ConsoleInput::shift;
        BOOST_TEST((next(console) == (of_key ? ConsoleRecord::key : ConsoleRecord::other)));
        BOOST_TEST(sys::take_signal(console).value());
        BOOST_TEST(!sys::discard_console_record(console));
        BOOST_TEST((next(console) == ConsoleRecord::character));
        BOOST_TEST(!sys::discard_console_record(console));
        BOOST_TEST((next(console) == ConsoleRecord::none));
        BOOST_TEST(!sys::take_signal(console).value());
    }
}

BOOST_AUTO_TEST_CASE(a_wait_on_a_console_rings_with_its_input) {
    const Handle console = world.console();
    Bell bell;
    sys::ThreadPoolWait wait;
    BOOST_REQUIRE(!wait.arm(console, &Bell::ring, &bell));
    BOOST_TEST(bell.stays_silent());
    world.console_input(console, ConsoleInput::key);
    BOOST_TEST(bell.rings());
    wait.disarm();
    BOOST_TEST(world.drain_console(console) == 1U);
}

BOOST_AUTO_TEST_CASE(a_closed_console_is_a_bad_handle) {
    const Handle console = world.console();
    world.close_handle(console);
    BOOST_TEST(sys::next_console_record(console).error().value() == 6);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
