// The poller's one timer: reported once, never early, wherever the waiting thread is parked.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "stage.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

[[nodiscard]] Clock::time_point in(Clock::duration time) { return Clock::now() + time; }

/// One wait, which returns `timer` and nothing else, and not before `due`.
void expect_timer(OsPoller& poller, Clock::time_point due, Timeout timeout = patience) {
    const auto waited = wait(poller, timeout);
    BOOST_TEST(waited.result.timer);
    BOOST_TEST(waited.count() == 0U);
    BOOST_TEST(!waited.result.woken);
    BOOST_TEST(!waited.result.error);
    BOOST_TEST((Clock::now() >= due));
}

void expect_no_timer(OsPoller& poller, Timeout timeout) {
    const auto waited = wait(poller, timeout);
    BOOST_TEST(!waited.result.timer);
    BOOST_TEST(waited.count() == 0U);
    BOOST_TEST(!waited.result.error);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(poller_timer)

BOOST_DATA_TEST_CASE(a_timer_is_said_once_and_never_early, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        for (const Clock::duration delay : {Clock::duration(1), Clock::duration(100us),
                                            Clock::duration(1ms), Clock::duration(7300us)}) {
            const Clock::time_point due = in(delay);
            BOOST_REQUIRE(poller.set_timer(due));
            expect_timer(poller, due);
            expect_no_timer(poller, 0ms);
        }
        expect_no_timer(poller, 3ms);
    });
}

BOOST_DATA_TEST_CASE(a_timer_ends_a_wait_without_an_end, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Clock::time_point due = in(20ms);
        BOOST_REQUIRE(poller.set_timer(due));
        expect_timer(poller, due, wait_forever);
    });
}

BOOST_DATA_TEST_CASE(a_time_that_is_past_is_said_by_the_next_wait, data::make(all_parkings),
                     parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Clock::time_point now = Clock::now();
        for (const Clock::time_point past :
             {now, now - 1s, Clock::time_point{}, Clock::time_point(Clock::duration(1)),
              Clock::time_point::min()}) {
            BOOST_REQUIRE(poller.set_timer(past));
            expect_timer(poller, past, 0ms);
            BOOST_REQUIRE(poller.set_timer(past));
            expect_timer(poller, past, wait_forever);
        }
        expect_no_timer(poller, 1ms);
    });
}

BOOST_AUTO_TEST_CASE(a_timer_that_came_between_two_waits_is_said_by_the_second) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Clock::time_point due = in(2ms);
        BOOST_REQUIRE(poller.set_timer(due));
#if defined(_WIN32)
        while (Clock::now() < due) {
        }
        (void)stage;
#else
        stage.kernel.advance(3ms);
#endif
        expect_timer(poller, due, 0ms);
        expect_no_timer(poller, 2ms);
    });
}

BOOST_DATA_TEST_CASE(setting_it_again_replaces_it, data::make(all_parkings), parking) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        // Sooner.
        BOOST_REQUIRE(poller.set_timer(in(10s)));
        expect_no_timer(poller, 1ms);
        Clock::time_point due = in(3ms);
        BOOST_REQUIRE(poller.set_timer(due));
        expect_timer(poller, due);
        expect_no_timer(poller, 1ms);
        // Later.
        BOOST_REQUIRE(poller.set_timer(in(2ms)));
        due = in(30ms);
        BOOST_REQUIRE(poller.set_timer(due));
        expect_no_timer(poller, 5ms);
        expect_timer(poller, due);
        // The past by the future, and the other way round.
        BOOST_REQUIRE(poller.set_timer(in(-1ms)));
        due = in(4ms);
        BOOST_REQUIRE(poller.set_timer(due));
        expect_timer(poller, due);
        BOOST_REQUIRE(poller.set_timer(in(2ms)));
        BOOST_REQUIRE(poller.set_timer(in(-1ms)));
        expect_timer(poller, in(-1ms), 0ms);
        expect_no_timer(poller, 5ms);
    });
}

BOOST_DATA_TEST_CASE(one_that_is_cleared_is_not_said, data::make(all_parkings), parking) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_TEST(poller.clear_timer());  // None was ever set.
        BOOST_REQUIRE(poller.set_timer(in(2ms)));
        BOOST_TEST(poller.clear_timer());
        BOOST_TEST(poller.clear_timer());
        expect_no_timer(poller, 5ms);
        BOOST_REQUIRE(poller.set_timer(in(-1ms)));
        BOOST_TEST(poller.clear_timer());
        expect_no_timer(poller, 1ms);
        // Cleared when the kernel's has fired already.
        BOOST_REQUIRE(poller.set_timer(in(1ms)));
        BOOST_TEST(poller.post_wakeup());
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(poller.clear_timer());
        const Clock::time_point due = in(2ms);
        BOOST_REQUIRE(poller.set_timer(due));
        expect_timer(poller, due);
        BOOST_TEST(poller.clear_timer());
        expect_no_timer(poller, 1ms);
    });
}

BOOST_DATA_TEST_CASE(a_wait_may_be_shorter_than_the_timer, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Clock::time_point due = in(40ms);
        BOOST_REQUIRE(poller.set_timer(due));
        int waits = 0;
        for (; Clock::now() < due - 10ms; ++waits) {
            const Clock::time_point end = in(5ms);
            const auto waited = wait(poller, 5ms);
            BOOST_TEST((Clock::now() >= end));
            // A real thread may be kept from running until it is due.
            BOOST_TEST((!waited.result.timer || Clock::now() >= due));
            if (waited.result.timer) {
                return;
            }
        }
        expect_timer(poller, due);
    });
}

BOOST_DATA_TEST_CASE(a_timer_comes_beside_events_and_wakes, data::make(all_parkings), parking) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject event(stage.world, Watched::event);
        BOOST_REQUIRE(poller.register_handle(event.handle(), IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        const Clock::time_point due = in(3ms);
        BOOST_REQUIRE(poller.set_timer(due));
        stage.world.beside([&] { stage.expect(event.signal()); });
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        int timers = 0;
        int wakes = 0;
        bool ready = false;
        for (int waits = 0; waits < 10000 && (timers == 0 || wakes == 0 || !ready); ++waits) {
            const auto waited = wait(poller);
            timers += waited.result.timer ? 1 : 0;
            wakes += waited.result.woken ? 1 : 0;
            ready = ready || waited.mask_of(1) == mask::in;
            BOOST_TEST((timers == 0 || Clock::now() >= due));
        }
        stage.world.join();
        BOOST_TEST(timers == 1);
        BOOST_TEST(wakes == 1);
        BOOST_TEST(ready);
        // What is ready all the time does not keep the timer from being reported.
        BOOST_REQUIRE(poller.set_timer(in(-1ms)));
        BOOST_TEST(wait(poller).result.timer);
    });
}

BOOST_AUTO_TEST_CASE(a_moment_of_the_steady_clock_is_one_too) {
    on_every_kernel(20, [](Stage&) {
        OsPoller poller = make_poller();
        const Clock::time_point before = Clock::now();
        BOOST_REQUIRE(poller.set_timer(std::chrono::steady_clock::now() + 60s));
        expect_no_timer(poller, 1ms);
        BOOST_REQUIRE(poller.set_timer(std::chrono::steady_clock::now() + 20ms));
        const auto waited = wait(poller);
        BOOST_TEST(waited.result.timer);
        BOOST_TEST((Clock::now() - before >= 1ms));
        BOOST_REQUIRE(poller.set_timer(std::chrono::steady_clock::now() - 1h));
        BOOST_TEST(wait(poller, 0ms).result.timer);
        BOOST_REQUIRE(poller.set_timer(std::chrono::steady_clock::time_point{}));
        BOOST_TEST(wait(poller, 0ms).result.timer);
        BOOST_REQUIRE(poller.set_timer(std::chrono::steady_clock::time_point::min()));
        BOOST_TEST(wait(poller, 0ms).result.timer);
        // The last moment of a clock, and of one that counts seconds, is very far away.
        BOOST_REQUIRE(poller.set_timer(std::chrono::steady_clock::time_point::max()));
        expect_no_timer(poller, 2ms);
        BOOST_REQUIRE(
            poller.set_timer(std::chrono::time_point<std::chrono::system_clock, std::chrono::hours>(
                std::chrono::hours(100'000'000))));
        expect_no_timer(poller, 2ms);
    });
}

BOOST_DATA_TEST_CASE(the_last_moment_there_is_never_comes, data::make(all_parkings), parking) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_REQUIRE(poller.set_timer(Clock::time_point::max()));
        expect_no_timer(poller, 0ms);
        expect_no_timer(poller, 5ms);
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        const auto waited = wait(poller, wait_forever);
        BOOST_TEST(waited.result.woken);
        BOOST_TEST(!waited.result.timer);
        stage.world.join();
        const Clock::time_point due = in(2ms);
        BOOST_REQUIRE(poller.set_timer(due));
        expect_timer(poller, due);
    });
}

BOOST_DATA_TEST_CASE(after_the_end_there_is_no_timer, data::make({true, false}), dispose) {
    on_every_kernel(10, [&](Stage&) {
        OsPoller poller = make_poller();
        BOOST_REQUIRE(poller.set_timer(in(1ms)));
        if (dispose) {
            poller.dispose();
        } else {
            BOOST_TEST(poller.post_shutdown());
        }
        BOOST_TEST(poller.set_timer(in(1ms)) == std::errc::operation_canceled);
        BOOST_TEST(poller.set_timer(std::chrono::steady_clock::now()) ==
                   std::errc::operation_canceled);
        BOOST_TEST(poller.clear_timer() == std::errc::operation_canceled);
        BOOST_TEST(wait(poller, 5ms).result.error == std::errc::operation_canceled);
    });
}

BOOST_AUTO_TEST_SUITE_END()
