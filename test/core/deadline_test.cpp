// Deadline and Backoff: until when a wait may block, and how often the kernel is polled again.
#include "core/deadline.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <vector>

namespace wakepoll::core::test {
namespace {

using namespace std::chrono_literals;

/// Clock readings at which a wait may begin: a fresh machine, a day on, and close to the end.
const std::vector<nanoseconds> clock_readings = {0ns, 1ns, nanoseconds(24h),
                                                 nanoseconds::max() - 1h, nanoseconds::max() - 1ns};

struct Row {
    nanoseconds timeout;
    nanoseconds elapsed;
    nanoseconds limit;
    std::uint32_t expected;

    friend std::ostream& operator<<(std::ostream& stream, const Row& row) {
        return stream << row.timeout.count() << " ns, " << row.elapsed.count()
                      << " ns later, at most " << row.limit.count() << " ns";
    }
};

constexpr nanoseconds no_limit = nanoseconds::max();

const Row kernel_timeouts[] = {
    {0ns, 0ns, no_limit, 0},
    {1ns, 0ns, no_limit, 1},
    {999'999ns, 0ns, no_limit, 1},
    {1ms, 0ns, no_limit, 1},
    {1ms + 1ns, 0ns, no_limit, 2},
    {5ms, 0ns, no_limit, 5},
    {5ms, 1ns, no_limit, 5},
    {5ms, 1ms, no_limit, 4},
    {5ms, 5ms - 1ns, no_limit, 1},
    {5ms, 5ms, no_limit, 0},
    {5ms, 1h, no_limit, 0},
    // A re-check that is due sooner shortens the block; one that is due later does not.
    {5ms, 0ns, 2ms, 2},
    {5ms, 0ns, 2ms + 1ns, 3},
    {5ms, 0ns, 9ms, 5},
    {5ms, 4ms, 2ms, 1},
    {5ms, 0ns, 0ns, 0},
    {5ms, 5ms, 2ms, 0},
    // A finite wait is capped and never becomes the kernel's endless one.
    {std::chrono::milliseconds(kernel_wait_cap), 0ns, no_limit, kernel_wait_cap},
    {std::chrono::milliseconds(kernel_wait_cap) + 1ns, 0ns, no_limit, kernel_wait_cap},
    {std::chrono::milliseconds(kernel_infinite), 0ns, no_limit, kernel_wait_cap},
    {24h * 365, 0ns, no_limit, kernel_wait_cap},
};

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(deadline)

BOOST_DATA_TEST_CASE(the_kernel_waits_for_what_is_left_rounded_up, data::make(kernel_timeouts),
                     row) {
    for (const nanoseconds start : {nanoseconds(0), nanoseconds(24h)}) {
        const Deadline deadline(row.timeout, start);
        BOOST_TEST(deadline.kernel_timeout(start + row.elapsed, row.limit) == row.expected);
    }
}

BOOST_AUTO_TEST_CASE(a_zero_timeout_has_passed_at_once) {
    for (const nanoseconds now : clock_readings) {
        const Deadline deadline(Timeout{}, now);
        BOOST_TEST(deadline.has_passed(now));
        BOOST_TEST(deadline.kernel_timeout(now) == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_nanosecond_passes_after_a_nanosecond_and_not_before) {
    const nanoseconds now = 24h;
    const Deadline deadline(1ns, now);
    BOOST_TEST(!deadline.has_passed(now));
    BOOST_TEST(deadline.kernel_timeout(now) == 1U);
    BOOST_TEST(deadline.has_passed(now + 1ns));
    BOOST_TEST(deadline.has_passed(now + 1h));
}

BOOST_AUTO_TEST_CASE(a_deadline_has_passed_exactly_when_the_kernel_would_not_wait_for_it) {
    const nanoseconds start = 1s;
    const Deadline deadline(3ms, start);
    for (nanoseconds now = start - 10us; now < start + 4ms; now += 7us) {
        BOOST_TEST(deadline.has_passed(now) == (deadline.kernel_timeout(now) == 0));
    }
}

BOOST_AUTO_TEST_CASE(forever_never_passes_and_only_a_recheck_ends_its_block) {
    for (const nanoseconds now : clock_readings) {
        const Deadline deadline(wait_forever, now);
        BOOST_TEST(!deadline.has_passed(now));
        BOOST_TEST(!deadline.has_passed(nanoseconds::max()));
        BOOST_TEST(deadline.kernel_timeout(now) == kernel_infinite);
        BOOST_TEST(deadline.kernel_timeout(nanoseconds::max()) == kernel_infinite);
        BOOST_TEST(deadline.kernel_timeout(now, 3ms) == 3U);
        BOOST_TEST(deadline.kernel_timeout(now, 0ns) == 0U);
        BOOST_TEST(deadline.kernel_timeout(now, nanoseconds::max() - 1ns) == kernel_wait_cap);
    }
}

BOOST_AUTO_TEST_CASE(the_longest_timeout_saturates_and_stays_finite) {
    for (const nanoseconds start : clock_readings) {
        const Deadline deadline(Timeout::longest(), start);
        BOOST_TEST(!deadline.has_passed(start));
        const std::uint32_t first = deadline.kernel_timeout(start);
        BOOST_TEST(first > 0U);
        BOOST_TEST(first <= kernel_wait_cap);
        BOOST_TEST(deadline.has_passed(nanoseconds::max()));
    }
    BOOST_TEST(Deadline(Timeout::longest(), 24h).kernel_timeout(24h) == kernel_wait_cap);
    // An hour before the clock's end, an hour is still waited for.
    BOOST_TEST(Deadline(2h, nanoseconds::max() - 1h).kernel_timeout(nanoseconds::max() - 1h) ==
               3'600'000U);
}

BOOST_AUTO_TEST_CASE(a_deadline_that_just_fits_the_clock_is_not_shortened) {
    const nanoseconds start = nanoseconds::max() - 10s;
    const Deadline deadline(5s, start);
    BOOST_TEST(!deadline.has_passed(start + 5s - 1ns));
    BOOST_TEST(deadline.has_passed(start + 5s));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(backoff)

BOOST_AUTO_TEST_CASE(the_distance_doubles_from_1_to_50_milliseconds_and_stays) {
    Backoff backoff;
    nanoseconds now = 24h;
    backoff.restart(now);
    for (const int milliseconds : {1, 2, 4, 8, 16, 32, 50, 50, 50}) {
        const nanoseconds distance = std::chrono::milliseconds(milliseconds);
        BOOST_TEST(backoff.remaining(now).count() == distance.count());
        BOOST_TEST(!backoff.is_due(now));
        BOOST_TEST(!backoff.is_due(now + distance - 1ns));
        BOOST_TEST(backoff.is_due(now + distance));
        now += distance;
        backoff.advance(now);
    }
}

BOOST_AUTO_TEST_CASE(a_restart_begins_at_1_millisecond_again) {
    Backoff backoff;
    backoff.restart(0ns);
    for (int i = 0; i < 10; ++i) {
        backoff.advance(0ns);
    }
    backoff.restart(7s);
    BOOST_TEST(backoff.remaining(7s).count() == nanoseconds(1ms).count());
    backoff.advance(7s);
    BOOST_TEST(backoff.remaining(7s).count() == nanoseconds(2ms).count());
}

BOOST_AUTO_TEST_CASE(what_remains_is_never_negative) {
    Backoff backoff;
    backoff.restart(1s);
    for (const nanoseconds now : {nanoseconds(1s + 1ms), nanoseconds(1s + 2ms), nanoseconds(24h)}) {
        BOOST_TEST(backoff.remaining(now).count() == 0);
        BOOST_TEST(backoff.is_due(now));
    }
}

// The next look is counted from the one that was taken, not from the one that was due: a loop that
// is busy elsewhere does not come back to a burst of them.
BOOST_AUTO_TEST_CASE(a_late_look_does_not_make_the_next_one_early) {
    Backoff backoff;
    backoff.restart(0ns);
    backoff.advance(1s);
    BOOST_TEST(backoff.remaining(1s).count() == nanoseconds(2ms).count());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
