// Readiness of a console: only for characters, whatever else its input contains.
//
// Under Wine a console exists only if the program was started from a terminal; elsewhere the
// suite is skipped with a message.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "subject.hpp"
#if defined(_WIN32)
#include "win32_objects.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

boost::test_tools::assertion_result has_console(boost::unit_test::test_unit_id /*unit*/) {
    boost::test_tools::assertion_result result(true);
#if defined(_WIN32)
    const HANDLE input = open_console(L"CONIN$");
    DWORD mode = 0;
    result = ::GetConsoleMode(input, &mode) != FALSE;
    if (input != INVALID_HANDLE_VALUE) {
        ::CloseHandle(input);
    }
    result.message() << "this process has no console";
#endif
    return result;
}

constexpr std::array no_characters = {ConsoleInput::mouse, ConsoleInput::focus,
                                      ConsoleInput::window, ConsoleInput::key_release,
                                      ConsoleInput::shift};

}  // namespace

BOOST_AUTO_TEST_SUITE(console, *boost::unit_test::precondition(&has_console))

BOOST_DATA_TEST_CASE(a_key_is_in_until_it_is_read, data::make(all_parkings), parking) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject console(stage.world, Watched::console);
        BOOST_REQUIRE(poller.register_handle(console.handle(), IoInterest::read, 1));
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            stage.world.beside([&] { stage.expect(console.signal()); });
            BOOST_TEST(only_event(poller, 1) == mask::in);
            stage.world.join();
            BOOST_TEST(wait(poller, 0ms).mask_of(1) == mask::in);
            BOOST_TEST(stage.world.drain_console(console.handle()) == 1U);
        }
        expect_silence(poller);
    });
}

BOOST_DATA_TEST_CASE(what_is_no_character_is_taken_away_unseen, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Handle console = stage.world.console();
        BOOST_REQUIRE(poller.register_handle(console, IoInterest::read, 1));
        expect_silence(poller);
        for (int i = 0; i < 3; ++i) {
            for (const ConsoleInput input : no_characters) {
                stage.world.beside(
                    [&stage, console, input] { stage.world.console_input(console, input); });
                BOOST_TEST(wait(poller, 3ms).count() == 0U);
                stage.world.join();
            }
        }
        expect_silence(poller);
        BOOST_TEST(stage.world.drain_console(console) == 0U);
        // What came with them is not held up by them.
        stage.world.beside([&] {
            stage.world.console_input(console, ConsoleInput::focus);
            stage.world.console_input(console, ConsoleInput::mouse);
            stage.world.console_input(console, ConsoleInput::key);
            stage.world.console_input(console, ConsoleInput::mouse);
            stage.world.console_input(console, ConsoleInput::key);
        });
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.join();
        BOOST_TEST(wait(poller, 0ms).mask_of(1) == mask::in);
        BOOST_TEST(stage.world.drain_console(console) == 2U);
        expect_silence(poller);
    });
}

BOOST_DATA_TEST_CASE(a_key_that_is_let_go_neither_shows_nor_spins, data::make(all_parkings),
                     parking) {
    // A program that reads line by line finds the release of Enter behind the line.
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject console(stage.world, Watched::console);
        BOOST_REQUIRE(poller.register_handle(console.handle(), IoInterest::read, 1));
        for (int round = 0; round < 3; ++round) {
            BOOST_TEST(console.signal());
            BOOST_TEST(only_event(poller, 1) == mask::in);
            console.calm();
            stage.world.console_input(console.handle(), ConsoleInput::key_release);
            stage.world.console_input(console.handle(), ConsoleInput::shift);
            expect_silence(poller);
            const std::uint64_t before = poller.stats().blocked;
            BOOST_TEST(wait(poller, 100ms).count() == 0U);
            BOOST_TEST(poller.stats().blocked - before <= 15U);
        }
    });
}

BOOST_DATA_TEST_CASE(a_character_typed_as_a_number_is_in, data::make(all_parkings), parking) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Handle console = stage.world.console();
        BOOST_REQUIRE(poller.register_handle(console, IoInterest::read, 1));
        expect_silence(poller);
        stage.world.beside([&] {
            stage.world.console_input(console, ConsoleInput::key_release);
            stage.world.console_input(console, ConsoleInput::alt_character);
        });
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.join();
        BOOST_TEST(wait(poller, 0ms).mask_of(1) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(keys_from_before_registration_are_reported) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle console = stage.world.console();
        stage.world.console_input(console, ConsoleInput::focus);
        stage.world.console_input(console, ConsoleInput::key);
        BOOST_REQUIRE(poller.register_handle(console, IoInterest::read, 1));
        BOOST_TEST(only_event(poller, 1) == mask::in);
        BOOST_TEST(stage.world.drain_console(console) == 1U);
        expect_silence(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_empty_interest_leaves_the_records_where_they_are) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject console(stage.world, Watched::console);
        BOOST_REQUIRE(poller.register_handle(console.handle(), IoInterest::none, 1));
        stage.world.console_input(console.handle(), ConsoleInput::focus);
        BOOST_TEST(console.signal());
        expect_silence(poller);
        BOOST_REQUIRE(poller.modify_handle(console.handle(), IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        BOOST_REQUIRE(poller.modify_handle(console.handle(), IoInterest::none, 3));
        expect_silence(poller);
        BOOST_TEST(stage.world.drain_console(console.handle()) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(one_shot_and_the_end_of_a_registration) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject console(stage.world, Watched::console);
        constexpr IoInterest once = IoInterest::read | IoInterest::one_shot;
        BOOST_TEST(poller.register_handle(console.handle(), IoInterest::write, 1) ==
                   std::errc::invalid_argument);
        BOOST_REQUIRE(poller.register_handle(console.handle(), once, 1));
        expect_silence(poller);
        stage.world.beside([&] { stage.expect(console.signal()); });
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.join();
        expect_silence(poller);
        BOOST_REQUIRE(poller.modify_handle(console.handle(), once, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        BOOST_REQUIRE(poller.unregister_handle(console.handle()));
        expect_silence(poller);
        BOOST_TEST(stage.world.drain_console(console.handle()) == 1U);
    });
}

#if !defined(_WIN32)
BOOST_AUTO_TEST_CASE(what_is_no_character_costs_a_few_calls_and_no_more) {
    // Exactly: the signal's callback, then for each such record a look and taking it away, a last
    // look that finds nothing, and the wait in the system's pool armed again.
    on_prompt_kernels([](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle console = stage.world.console();
        BOOST_REQUIRE(poller.register_handle(console, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.world.console_input(console, ConsoleInput::mouse);
        stage.world.console_input(console, ConsoleInput::focus);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 20s).count() == 0U);
        BOOST_TEST(stage.kernel.calls(sim::Call::next_console_record) == 3U);
        BOOST_TEST(stage.kernel.calls(sim::Call::discard_console_record) == 2U);
        BOOST_TEST(stage.kernel.calls(sim::Call::wait_arm) == 1U);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 20s).count() == 0U);
        BOOST_TEST(stage.kernel.calls() == 1U);
        BOOST_TEST(stage.kernel.calls(sim::Call::port_dequeue) == 1U);
    });
}
#endif

BOOST_AUTO_TEST_SUITE_END()
