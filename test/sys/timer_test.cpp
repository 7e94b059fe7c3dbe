// sys::Timer: signalled when its time is over and not before.
#include "sys/timer.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <utility>

#include "support/win32_objects.hpp"
#include "sys/handle_info.hpp"
#include "sys/system.hpp"
#include "sys/waitable.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using namespace std::chrono_literals;
using sys::Timer;

namespace {

struct TimerFixture {
    Timer timer = Timer::create().value();

    [[nodiscard]] bool is_signalled(const Timer& which) const {
        return sys::take_signal(which.handle()).value();
    }
    [[nodiscard]] bool is_signalled() const { return is_signalled(timer); }

    [[nodiscard]] bool becomes_signalled() const {
        return ::WaitForSingleObject(timer.handle().native(), patience_milliseconds) ==
               WAIT_OBJECT_0;
    }

    /// For longer than the short times set here.
    [[nodiscard]] bool stays_silent() const {
        return ::WaitForSingleObject(timer.handle().native(), quiet_milliseconds) == WAIT_TIMEOUT;
    }
};

/// What a wait may end too early by, on Windows.
constexpr std::chrono::milliseconds clock_tick = 16ms;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_timer, TimerFixture)

BOOST_AUTO_TEST_CASE(a_new_timer_is_open_and_silent) {
    BOOST_TEST(timer.is_open());
    BOOST_TEST(!is_signalled());
    BOOST_TEST((sys::object_type(timer.handle()).value() == HandleType::timer));
}

BOOST_AUTO_TEST_CASE(it_is_signalled_when_its_time_is_over_and_stays_so) {
    const auto begin = sys::now();
    BOOST_REQUIRE(!timer.set(50ms));
    BOOST_TEST(becomes_signalled());
    BOOST_TEST((sys::now() - begin >= 50ms - clock_tick));
    BOOST_TEST(is_signalled());
    BOOST_TEST(is_signalled());
}

BOOST_AUTO_TEST_CASE(a_time_that_is_over_already_is_the_shortest) {
    for (const std::chrono::nanoseconds delay : {0ns, 1ns, 99ns, std::chrono::nanoseconds(-1s)}) {
        BOOST_REQUIRE(!timer.set(delay));
        BOOST_TEST(becomes_signalled());
    }
}

BOOST_AUTO_TEST_CASE(setting_it_takes_the_signal_away) {
    BOOST_REQUIRE(!timer.set(0ns));
    BOOST_REQUIRE(becomes_signalled());
    BOOST_REQUIRE(!timer.set(1h));
    BOOST_TEST(!is_signalled());
}

BOOST_AUTO_TEST_CASE(the_last_time_set_is_the_one) {
    BOOST_REQUIRE(!timer.set(1h));
    BOOST_REQUIRE(!timer.set(1ms));
    BOOST_TEST(becomes_signalled());
    BOOST_REQUIRE(!timer.set(1ms));
    BOOST_REQUIRE(!timer.set(1h));
    BOOST_TEST(stays_silent());
}

BOOST_AUTO_TEST_CASE(a_cancelled_timer_stays_silent) {
    BOOST_REQUIRE(!timer.set(5ms));
    BOOST_REQUIRE(!timer.cancel());
    BOOST_TEST(stays_silent());
    BOOST_REQUIRE(!timer.set(1ms));
    BOOST_TEST(becomes_signalled());
}

BOOST_AUTO_TEST_CASE(cancelling_takes_no_signal_away) {
    BOOST_REQUIRE(!timer.set(0ns));
    BOOST_REQUIRE(becomes_signalled());
    BOOST_REQUIRE(!timer.cancel());
    BOOST_TEST(is_signalled());
}

BOOST_AUTO_TEST_CASE(the_longest_time_is_no_error) {
    BOOST_TEST(!timer.set(std::chrono::nanoseconds::max()));
    BOOST_TEST(!is_signalled());
}

BOOST_AUTO_TEST_CASE(a_closed_timer_answers_with_a_bad_handle) {
    const Handle handle = timer.handle();
    timer.close();
    timer.close();
    BOOST_TEST(!timer.is_open());
    BOOST_TEST(timer.set(1ms).value() == 6);
    BOOST_TEST(timer.cancel().value() == 6);
    DWORD flags = 0;
    BOOST_TEST(::GetHandleInformation(handle.native(), &flags) == FALSE);
}

BOOST_AUTO_TEST_CASE(a_moved_timer_is_the_same_timer) {
    const Handle handle = timer.handle();
    Timer moved(std::move(timer));
    BOOST_TEST((moved.handle() == handle));
    BOOST_TEST(!timer.is_open());  // NOLINT(bugprone-use-after-move): that is what is tested.
    timer = std::move(moved);
    BOOST_REQUIRE(!timer.set(1ms));
    BOOST_TEST(becomes_signalled());
}

BOOST_AUTO_TEST_SUITE_END()
