// P3 and P4: an idle wait is one blocked call, and a finite timeout never ends early.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "stage.hpp"
#include "sys/system.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

struct Length {
    const char* name;
    std::chrono::nanoseconds timeout;
};

std::ostream& operator<<(std::ostream& out, const Length& length) { return out << length.name; }

constexpr Length lengths[] = {
    {"nothing", 0ns},         {"one nanosecond", 1ns},        {"one microsecond", 1us},
    {"one millisecond", 1ms}, {"just over one", 1'000'001ns}, {"sixteen", 16ms},
    {"sixty", 60ms},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(timeout)

BOOST_DATA_TEST_CASE(a_wait_never_ends_early, data::make(all_parkings) * data::make(lengths),
                     parking, length) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const std::chrono::nanoseconds begin = sys::now();
        const auto waited = wait(poller, length.timeout);
        const std::chrono::nanoseconds lasted = sys::now() - begin;
        BOOST_TEST(waited.count() == 0U);
        BOOST_TEST(!waited.result.woken);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(lasted.count() >= length.timeout.count());
    });
}

BOOST_DATA_TEST_CASE(timeout_zero_does_not_block, data::make(all_parkings), parking) {
    on_every_kernel(10, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        for (int i = 0; i < 10; ++i) {
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
        }
        BOOST_TEST(poller.stats().blocked == 0U);
    });
}

BOOST_DATA_TEST_CASE(an_idle_wait_blocks_once, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const auto waited = wait(poller, 120ms);
        BOOST_TEST(waited.count() == 0U);
        const PollerStats stats = poller.stats();
        // After a block that ends early (on Windows, by up to 15 ms) the poller blocks again for
        // the rest.
        BOOST_TEST(stats.blocked == 1 + stats.spurious_returns);
        BOOST_TEST(stats.spurious_returns <= 12U);
        BOOST_TEST(stats.rechecks == 0U);
    });
}

BOOST_DATA_TEST_CASE(a_negative_duration_is_a_deadline_that_has_passed, data::make(all_parkings),
                     parking) {
    on_every_kernel(1, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const auto waited = wait(poller, -5s);
        BOOST_TEST(waited.count() == 0U);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(poller.stats().blocked == 0U);
    });
}

BOOST_DATA_TEST_CASE(huge_timeouts_wait_and_can_be_woken,
                     data::make(all_parkings) * data::make({0, 1, 2}), parking, which) {
    const Timeout huge[] = {Timeout::longest(), std::chrono::hours::max(),
                            Timeout::from_milliseconds(-1)};
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        const auto waited = wait(poller, huge[which]);
        BOOST_TEST(waited.result.woken);
        stage.world.join();
    });
}

#if !defined(_WIN32)

BOOST_DATA_TEST_CASE(a_timeout_beyond_the_kernels_cap_is_waited_out, data::make(all_parkings),
                     parking) {
    // 100 days, of which one kernel call takes at most 24.8; only a virtual clock has the time.
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const std::chrono::nanoseconds begin = sys::now();
        const auto waited = wait(poller, 24h * 100);
        BOOST_TEST(waited.count() == 0U);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST((sys::now() - begin >= 24h * 100));
        BOOST_TEST(poller.stats().blocked >= 5U);
        BOOST_TEST(poller.stats().blocked <= 10U);
    });
}

BOOST_DATA_TEST_CASE(an_early_end_of_the_block_is_waited_out, data::make(all_parkings), parking) {
    // Over these seeds Windows does end some waits early; each of them must show as a second block.
    std::uint64_t early = 0;
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        (void)wait(poller, 30ms);
        early += poller.stats().spurious_returns;
    });
    BOOST_TEST(early > 0U);
}

BOOST_DATA_TEST_CASE(after_a_sleep_a_wait_goes_on_for_what_was_left, data::make(all_parkings),
                     parking) {
    for (const std::chrono::nanoseconds asleep : {3s, 3600s}) {
        on_every_kernel(50, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Parked parked(stage.world, poller, parking);
            stage.kernel.at(2s, [&] { stage.kernel.sleep(asleep); });
            const std::chrono::nanoseconds begin = sys::now();
            const auto waited = wait(poller, 10s);
            BOOST_TEST(waited.count() == 0U);
            BOOST_TEST(!waited.result.error);
            const std::chrono::nanoseconds awake = sys::now() - begin - asleep;
            BOOST_TEST((awake >= 10s - 20ms && awake <= 10s + 20ms));
            // The next one begins after the sleep and knows of none.
            const std::chrono::nanoseconds next = sys::now();
            (void)wait(poller, 1s);
            BOOST_TEST((sys::now() - next >= 1s && sys::now() - next <= 1s + 20ms));
        });
    }
}

BOOST_DATA_TEST_CASE(after_a_sleep_the_timer_goes_on_for_what_was_left, data::make(all_parkings),
                     parking) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_REQUIRE(poller.set_timer(Clock::now() + 5s));
        stage.kernel.at(2s, [&] { stage.kernel.sleep(1h); });
        const std::chrono::nanoseconds begin = sys::now();
        const auto waited = wait(poller);
        BOOST_TEST(waited.result.timer);
        const std::chrono::nanoseconds awake = sys::now() - begin - 1h;
        BOOST_TEST((awake >= 5s - 20ms && awake <= 5s + 20ms));
    });
}

BOOST_DATA_TEST_CASE(a_wake_at_the_resume_makes_a_loop_go_by_the_time_that_has_passed,
                     data::make(all_parkings), parking) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Clock::time_point deadline = Clock::now() + 10s;
        BOOST_REQUIRE(poller.set_timer(Clock::now() + 5s));
        stage.kernel.at(2s, [&] {
            stage.kernel.sleep(1h);
            stage.expect(poller.post_wakeup());
        });
        const auto waited = wait(poller, 10s);
        BOOST_TEST(waited.result.woken);
        bool timer = waited.result.timer;
        const std::chrono::nanoseconds resumed = sys::now();
        const auto next = wait(poller, deadline - Clock::now());
        timer = timer || next.result.timer;
        BOOST_TEST(timer);
        BOOST_TEST((sys::now() - resumed < 20ms));
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
