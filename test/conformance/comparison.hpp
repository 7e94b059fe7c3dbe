// Compares observations with the expected ones, for the three test programs of this folder.
//
// A failure prints the line that differences.txt would need.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "expectations.hpp"

namespace wakepoll::test {

inline std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
    return out << scenario.name;
}

[[nodiscard]] inline const Conformance& conformance() {
    static const Conformance files = Conformance::from_files();
    return files;
}

/// Compares the observations one by one, in order.
inline void compare(const std::string& scenario, const std::vector<Observation>& expected,
                    const std::vector<Observation>& observed) {
    BOOST_TEST(expected.size() == observed.size(), scenario << ": another number of observations");
    for (std::size_t i = 0; i < std::min(expected.size(), observed.size()); ++i) {
        BOOST_TEST(expected[i].label == observed[i].label, scenario << ": another observation");
        BOOST_TEST((expected[i].seen == observed[i].seen),
                   '[' << scenario << "] " << observed[i].label << ": expected " << expected[i].seen
                       << ", seen " << observed[i].seen);
    }
}

/// Expects what epoll reports, except for the known differences of this place.
inline void compare_in(const Place& place, const Scenario& scenario,
                       const std::vector<Observation>& observed) {
    const Conformance& known = conformance();
    BOOST_REQUIRE_MESSAGE(known.knows(scenario.name), scenario.name << " is not in epoll.txt");
    const std::vector<Observation>& epoll = known.epoll(scenario.name);
    BOOST_TEST(epoll.size() == observed.size(),
               scenario.name << ": another number of observations");
    for (std::size_t i = 0; i < std::min(epoll.size(), observed.size()); ++i) {
        BOOST_TEST(epoll[i].label == observed[i].label, scenario.name << ": another observation");
        const Expected expected = known.expected(scenario.name, epoll[i], place);
        BOOST_TEST((expected.seen == observed[i].seen),
                   '[' << scenario.name << "] " << observed[i].label << " @ " << place.name()
                       << " @ " << observed[i].seen << " @ epoll: " << epoll[i].seen
                       << (expected.difference != nullptr ? ", expected: " + expected.seen : ""));
    }
}

}  // namespace wakepoll::test
