// What handles that are no sockets and the timer cost, exactly, counted by the simulated kernel;
// together with sockets, over WSAPoll.
//
// | situation                                                | calls                              |
// |----------------------------------------------------------|------------------------------------|
// | a signalled event                                        | 1 (take_signal) a wait             |
// | a quiet one: the first wait / every other                | 2 (take_signal, wait_arm) / 0      |
// | a pipe that can be read                                  | 1 (readable_bytes) a wait          |
// | one that holds what the interest does not want           | 1 (readable_bytes) a wait          |
// | a quiet overlapped one: the first wait / every other     | 2 (readable_bytes, read) / 0       |
// | a quiet anonymous one: the first wait / every other      | 2 (readable_bytes, ...) / 0        |
// | set_timer: the first / again / after it has fired        | 3 / 1 / 3                          |
// | an armed timer                                           | 0 a wait                           |
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "status.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sim::Call;
namespace code = sim::code;
namespace data = boost::unit_test::data;

namespace {

/// Calls other than those that wait.
std::uint64_t further_calls(Stage& stage) {
    return stage.kernel.calls() - stage.kernel.calls(Call::port_dequeue) -
           stage.kernel.calls(Call::poll_sockets);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handles_budget)

BOOST_DATA_TEST_CASE(a_signalled_event_costs_one_call_a_wait, data::make(all_parkings), parking) {
    on_prompt_kernels(Backend::wsapoll, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        std::vector<Subject> subjects;
        for (std::uint64_t i = 0; i < 10; ++i) {
            subjects.emplace_back(stage.world, Watched::event);
            BOOST_TEST(subjects.back().signal());
            BOOST_REQUIRE(poller.register_handle(subjects.back().handle(), IoInterest::read, i));
        }
        for (int waits = 0; waits < 3; ++waits) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait(poller).count() == 10U);
            BOOST_TEST(stage.kernel.calls(Call::take_signal) == 10U);
            // Without a socket, only the handles are polled.
            BOOST_TEST(further_calls(stage) == 10U);
            BOOST_TEST((parking != Parking::no_socket || stage.kernel.calls() == 10U));
        }
    });
}

BOOST_DATA_TEST_CASE(a_quiet_event_is_asked_and_armed_once, data::make(all_parkings), parking) {
    on_prompt_kernels(Backend::wsapoll, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);  // The watch of the port is armed.
        const Subject subject(stage.world, Watched::event);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls(Call::take_signal) == 1U);
        BOOST_TEST(stage.kernel.calls(Call::wait_arm) == 1U);
        BOOST_TEST(further_calls(stage) == 2U);
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller, waits % 2 == 0 ? 0ms : 5ms).count() == 0U);
        }
        BOOST_TEST(further_calls(stage) == 0U);
    });
}

BOOST_DATA_TEST_CASE(a_quiet_pipe_is_asked_and_armed_once,
                     data::make({Watched::byte_pipe, Watched::message_pipe,
                                 Watched::anonymous_pipe}),
                     kind) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls(Call::readable_bytes) == 1U);
        BOOST_TEST(stage.kernel.calls(Call::read) == (is_overlapped_pipe(kind) ? 1U : 0U));
        BOOST_TEST(stage.kernel.calls(Call::pipe_wait_arm) == (is_overlapped_pipe(kind) ? 0U : 1U));
        BOOST_TEST(further_calls(stage) == 2U);
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller, waits % 2 == 0 ? 0ms : 5ms).count() == 0U);
        }
        BOOST_TEST(stage.kernel.calls() == 10U);
        BOOST_TEST(subject.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.kernel.reset_counts();
        BOOST_TEST(only_event(poller, 1) == mask::in);
        BOOST_TEST(stage.kernel.calls(Call::readable_bytes) == 1U);
        BOOST_TEST(further_calls(stage) == 1U);
    });
}

BOOST_DATA_TEST_CASE(an_idle_wait_over_everything_blocks_without_slices, data::make(all_parkings),
                     parking) {
    on_prompt_kernels(Backend::wsapoll, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        for (std::uint64_t i = 0; i < 1000; ++i) {
            BOOST_REQUIRE(
                poller.register_handle(stage.world.thing(Thing::event), IoInterest::read, i));
        }
        BOOST_REQUIRE(poller.set_timer(Clock::now() + 1h));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        // In the sockets the first block is short, to see the doorbell.
        const std::uint64_t dequeues = parking == Parking::socket ? 0U : 1U;
        const std::uint64_t polls = parking == Parking::no_socket ? 0U : 2U;
        for (int waits = 0; waits < 5; ++waits) {
            stage.kernel.reset_counts();
            BOOST_TEST(wait(poller, 5s).count() == 0U);
            BOOST_TEST(stage.kernel.calls(Call::port_dequeue) == dequeues);
            BOOST_TEST(stage.kernel.calls(Call::poll_sockets) == polls);
            BOOST_TEST(further_calls(stage) == 0U);
            BOOST_TEST(stage.kernel.blocked_calls() == (parking == Parking::no_socket ? 1U : 2U));
        }
    });
}

BOOST_DATA_TEST_CASE(a_quiet_pipe_costs_the_same_whatever_the_interest,
                     data::make({Watched::byte_pipe, Watched::anonymous_pipe}), kind) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::none, 1));
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(further_calls(stage) == 2U);
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller, 5ms).count() == 0U);
        }
        BOOST_TEST(stage.kernel.calls() == 10U);
    });
}

BOOST_DATA_TEST_CASE(what_is_unread_and_not_wanted_is_asked_once_a_wait,
                     data::make({Watched::byte_pipe, Watched::anonymous_pipe}), kind) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::none, 1));
        BOOST_TEST(pipe.signal());
        BOOST_TEST(wait(poller, 5ms).count() == 0U);
        stage.kernel.reset_counts();
        for (int waits = 0; waits < 10; ++waits) {
            BOOST_TEST(wait(poller, waits % 2 == 0 ? 0ms : 5ms).count() == 0U);
        }
        BOOST_TEST(stage.kernel.calls(Call::readable_bytes) == 10U);
        BOOST_TEST(further_calls(stage) == 10U);
    });
}

BOOST_DATA_TEST_CASE(set_timer_costs_what_it_says, data::make(all_parkings), parking) {
    on_prompt_kernels([&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const auto set = [&] {
            stage.kernel.reset_counts();
            BOOST_REQUIRE(poller.set_timer(Clock::now() + 10ms));
            BOOST_TEST(stage.kernel.calls(Call::timer_set) == 1U);
        };
        set();
        BOOST_TEST(stage.kernel.calls(Call::timer_create) == 1U);
        BOOST_TEST(stage.kernel.calls(Call::wait_arm) == 1U);
        BOOST_TEST(stage.kernel.calls() == 3U);
        for (int again = 0; again < 5; ++again) {
            set();
            BOOST_TEST(stage.kernel.calls() == 1U);
        }
        BOOST_TEST(wait(poller).result.timer);
        BOOST_TEST(wait(poller, 20ms).count() == 0U);  // The kernel's has fired by then.
        set();
        BOOST_TEST(stage.kernel.calls(Call::wait_disarm) == 1U);
        BOOST_TEST(stage.kernel.calls(Call::wait_arm) == 1U);
        BOOST_TEST(stage.kernel.calls() == 3U);
        stage.kernel.reset_counts();
        BOOST_TEST(poller.clear_timer());
        BOOST_TEST(stage.kernel.calls(Call::timer_cancel) == 1U);
        BOOST_TEST(poller.clear_timer());
        BOOST_TEST(stage.kernel.calls() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(an_early_timer_of_the_kernels_is_set_again) {
    // Windows' fires up to 100 us before its time; then it is set for the rest.
    std::uint64_t sets = 0;
    std::uint64_t early = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Stage stage(sim::Options{.seed = seed});
        OsPoller poller = make_poller();
        const Clock::time_point due = Clock::now() + 20ms;
        stage.kernel.reset_counts();
        BOOST_REQUIRE(poller.set_timer(due));
        BOOST_TEST(wait(poller, wait_forever).result.timer);
        BOOST_TEST((Clock::now() >= due));
        sets = std::max(sets, stage.kernel.calls(Call::timer_set));
        early += stage.kernel.calls(Call::timer_set) > 1 ? 1 : 0;
    }
    BOOST_TEST(early > 0U);
    BOOST_TEST(sets > 1U);
    BOOST_TEST(sets < 10U);
}

BOOST_AUTO_TEST_CASE(a_timer_that_can_not_be_had_is_not_set) {
    for (const Call call : {Call::timer_create, Call::timer_set, Call::wait_arm}) {
        on_every_kernel(20, [&](Stage& stage) {
            OsPoller poller = make_poller();
            // Once there is none, and once one is to be replaced, which takes one call alone.
            for (const bool replaces : {false, true}) {
                if (replaces) {
                    BOOST_REQUIRE(poller.set_timer(Clock::now() + 1ms));
                }
                stage.kernel.fail_next(replaces ? Call::timer_set : call,
                                       code::no_system_resources);
                BOOST_TEST(poller.set_timer(Clock::now() + 1s) == std::errc::no_buffer_space);
                BOOST_TEST(wait(poller, 20ms).result.timer == replaces, "the earlier one stays");
                const Clock::time_point due = Clock::now() + 2ms;
                BOOST_REQUIRE(poller.set_timer(due));
                BOOST_TEST(wait(poller).result.timer);
                BOOST_TEST((Clock::now() >= due));
            }
        });
    }
}

BOOST_DATA_TEST_CASE(a_rouse_for_a_signal_is_tried_until_it_succeeds, data::make(all_parkings),
                     parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, Watched::auto_reset_event);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.kernel.when_blocked([&] {
            for (int failures = 0; failures < 3; ++failures) {
                stage.kernel.fail_next(
                    blocks_in_sockets(poller, parking) ? Call::doorbell_ring : Call::port_post,
                    code::no_system_resources);
            }
            stage.expect(subject.signal());
        });
        BOOST_TEST(wait(poller, wait_forever).mask_of(1) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(a_signal_that_the_pool_took_before_the_interest_went_is_not_lost,
                     data::make(taken_watched), kind) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        OsPoller other = make_poller();
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 7));
        expect_silence(poller);
        BOOST_TEST(subject.signal());
        // The pool's thread has run by the time that this blocks.
        BOOST_TEST(wait(other, 1ms).count() == 0U);
        BOOST_REQUIRE(poller.modify_handle(subject.handle(), IoInterest::none, 7));
        expect_silence(poller);
        BOOST_REQUIRE(poller.modify_handle(subject.handle(), IoInterest::read, 7));
        BOOST_TEST(only_event(poller, 7) == mask::in);
        expect_silence(poller);
    });
}

BOOST_AUTO_TEST_SUITE_END()
