// The defaults of a poller's configuration, and the values that may be set.
#include "wakepoll/config.hpp"

#include <boost/test/unit_test.hpp>
#include <type_traits>

namespace wakepoll::test {
namespace {

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(the_defaults_are_1024_registrations_and_64_operations) {
    BOOST_TEST(max_registrations == 1024U);
    BOOST_TEST(max_overlapped_entries == 64U);
}

BOOST_AUTO_TEST_CASE(a_configuration_starts_with_the_defaults) {
    const PollerConfig config;
    BOOST_TEST(config.max_registrations == max_registrations);
    BOOST_TEST(config.max_overlapped_entries == max_overlapped_entries);
    BOOST_TEST((config.backend == Backend::automatic));
}

BOOST_AUTO_TEST_CASE(the_defaults_are_within_the_limit) {
    BOOST_TEST(max_registrations >= 1U);
    BOOST_TEST(max_registrations <= capacity_limit);
    BOOST_TEST(max_overlapped_entries >= 1U);
    BOOST_TEST(max_overlapped_entries <= capacity_limit);
}

BOOST_AUTO_TEST_CASE(a_configuration_can_name_what_it_changes) {
    constexpr PollerConfig config{.max_registrations = 8, .backend = Backend::wsapoll};
    static_assert(std::is_aggregate_v<PollerConfig>);
    BOOST_TEST(config.max_registrations == 8U);
    BOOST_TEST(config.max_overlapped_entries == max_overlapped_entries);
    BOOST_TEST((config.backend == Backend::wsapoll));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::test
