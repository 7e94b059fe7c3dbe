// Timeout: rounding up, saturation, the two meanings of a negative number, and the conversion to
// the kernel's milliseconds.
#include "wakepoll/timeout.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <ratio>
#include <string_view>
#include <type_traits>

namespace wakepoll::test {
namespace {

BOOST_AUTO_TEST_SUITE(timeout)

using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::nanoseconds;

constexpr std::int64_t longest = nanoseconds::max().count();

std::int64_t nanoseconds_of(Timeout timeout) { return timeout.duration().count(); }

struct Case {
    std::string_view name;
    Timeout timeout;
    std::int64_t expected;

    friend std::ostream& operator<<(std::ostream& stream, const Case& c) {
        return stream << c.name;
    }
};

using Doubles = std::numeric_limits<double>;

const Case durations[] = {
    {"zero", 0s, 0},
    {"one nanosecond", 1ns, 1},
    {"minus one nanosecond", -1ns, 0},
    {"minus one hour", -1h, 0},
    {"the most negative", nanoseconds::min(), 0},
    {"the most negative hours", std::chrono::hours::min(), 0},
    {"milliseconds", 5ms, 5'000'000},
    {"an exact large number", nanoseconds(longest - 1), longest - 1},
    {"the most nanoseconds", nanoseconds::max(), longest},
    {"the most hours", std::chrono::hours::max(), longest},
    {"the last whole seconds", std::chrono::seconds(longest / 1'000'000'000),
     longest / 1'000'000'000 * 1'000'000'000},
    {"a second more", std::chrono::seconds(longest / 1'000'000'000 + 1), longest},
    {"unsigned beyond the limit",
     duration<std::uint64_t, std::nano>(std::numeric_limits<std::uint64_t>::max()), longest},
    {"a picosecond is rounded up", duration<std::int64_t, std::pico>(1), 1},
    {"1001 picoseconds are rounded up", duration<std::int64_t, std::pico>(1001), 2},
    {"half a nanosecond is rounded up", duration<double, std::nano>(0.5), 1},
    {"the smallest double is rounded up", duration<double>(Doubles::denorm_min()), 1},
    {"a double", duration<double>(1.5), 1'500'000'000},
    {"a negative double", duration<double>(-1.5), 0},
    {"NaN", duration<double>(Doubles::quiet_NaN()), 0},
    {"infinity", duration<double>(Doubles::infinity()), longest},
    {"minus infinity", duration<double>(-Doubles::infinity()), 0},
    {"the largest double", duration<double>(Doubles::max()), longest},
    {"a third of a second is rounded up", duration<int, std::ratio<1, 3>>(1), 333'333'334},
    {"three thirds of a second are one", duration<int, std::ratio<1, 3>>(3), 1'000'000'000},
    // If std::chrono::ceil would overflow.
    {"many thirds of a second", duration<std::int64_t, std::ratio<1, 3>>(9'000'000'000),
     3'000'000'000'000'000'000},
};

struct Kernel {
    std::int64_t nanoseconds;
    std::uint32_t milliseconds;

    friend std::ostream& operator<<(std::ostream& stream, const Kernel& kernel) {
        return stream << kernel.nanoseconds << " ns";
    }
};

constexpr std::int64_t capped = std::int64_t{kernel_wait_cap} * 1'000'000;

const Kernel kernel_table[] = {
    {std::numeric_limits<std::int64_t>::min(), 0},
    {-1, 0},
    {0, 0},
    {1, 1},
    {999'999, 1},
    {1'000'000, 1},
    {1'000'001, 2},
    {1'999'999, 2},
    {2'000'000, 2},
    {capped - 1'000'000, kernel_wait_cap - 1},
    {capped - 999'999, kernel_wait_cap},
    {capped, kernel_wait_cap},
    {capped + 1, kernel_wait_cap},
    {std::int64_t{kernel_infinite} * 1'000'000, kernel_wait_cap},
    {longest, kernel_wait_cap},
};

namespace data = boost::unit_test::data;

BOOST_DATA_TEST_CASE(a_duration_is_rounded_up_and_saturates, data::make(durations), c) {
    BOOST_TEST(nanoseconds_of(c.timeout) == c.expected);
    BOOST_TEST(c.timeout.is_zero() == (c.expected == 0));
    BOOST_TEST(!c.timeout.is_forever());
}

BOOST_AUTO_TEST_CASE(a_double_just_below_the_limit_is_not_negative) {
    double seconds = 9223372036.854775807;
    for (int i = 0; i < 1000; ++i) {
        seconds = std::nextafter(seconds, 0.0);
        const std::int64_t count = nanoseconds_of(Timeout(duration<double>(seconds)));
        BOOST_TEST_REQUIRE(count > longest - 4'000'000);
    }
}

BOOST_AUTO_TEST_CASE(a_new_timeout_does_not_block) {
    constexpr Timeout none;
    static_assert(none.is_zero() && !none.is_forever() && none == Timeout(0ms));
    BOOST_TEST(nanoseconds_of(none) == 0);
}

BOOST_AUTO_TEST_CASE(forever_is_longer_than_the_longest_and_equal_only_to_itself) {
    static_assert(wait_forever.is_forever() && !wait_forever.is_zero());
    static_assert(Timeout::forever() == wait_forever);
    static_assert(Timeout::longest() != wait_forever && !Timeout::longest().is_forever());
    BOOST_TEST(nanoseconds_of(wait_forever) == longest);
    BOOST_TEST(nanoseconds_of(Timeout::longest()) == longest);
}

BOOST_AUTO_TEST_CASE(milliseconds_mean_what_epoll_wait_means) {
    BOOST_TEST(Timeout::from_milliseconds(-1).is_forever());
    BOOST_TEST(Timeout::from_milliseconds(-2).is_forever());
    BOOST_TEST(Timeout::from_milliseconds(std::numeric_limits<int>::min()).is_forever());
    BOOST_TEST(Timeout::from_milliseconds(0).is_zero());
    BOOST_TEST(nanoseconds_of(Timeout::from_milliseconds(1)) == 1'000'000);
    BOOST_TEST(nanoseconds_of(Timeout::from_milliseconds(std::numeric_limits<int>::max())) ==
               std::int64_t{std::numeric_limits<int>::max()} * 1'000'000);
}

BOOST_AUTO_TEST_CASE(a_number_alone_is_not_a_timeout) {
    BOOST_TEST((!std::is_convertible_v<int, Timeout>));
    BOOST_TEST((std::is_convertible_v<std::chrono::milliseconds, Timeout>));
}

BOOST_DATA_TEST_CASE(the_kernel_gets_milliseconds_rounded_up_and_capped, data::make(kernel_table),
                     row) {
    BOOST_TEST(to_kernel_milliseconds(nanoseconds(row.nanoseconds)) == row.milliseconds);
}

BOOST_AUTO_TEST_CASE(no_finite_wait_becomes_an_endless_one) {
    static_assert(kernel_wait_cap < kernel_infinite);
    BOOST_TEST(to_kernel_milliseconds(Timeout::longest().duration()) != kernel_infinite);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
