// Where epoll for C reports otherwise than an OsPoller over AFD in the same place, each with the
// reason. All else is compared as OsPoller's is, with differences.txt.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "comparison.hpp"
#include "expectations.hpp"

namespace wakepoll::test {

struct FaceDifference {
    std::string_view scenario;
    std::string_view label;
    std::string_view seen;
};

inline constexpr FaceDifference face_differences[] = {
    // Bits without a meaning are ignored, as Linux and wepoll ignore them; OsPoller refuses them.
    {"interests/bits that mean nothing", "add", "success"},
    {"interests/bits that mean nothing", "modify", "success"},
    // Linux knows devices that are always ready. What cannot be waited for and is no file is
    // ENOTSOCK, as with wepoll.
    {"lifetimes/what can not be polled", "the null device", "not_a_socket"},
    // A wait that has events, or no time, does not say that it was woken.
    {"waits/a wake before a wait that may not block", "woken", "no"},
    {"waits/a wake beside data", "woken", "no"},
};

/// Puts what is expected in the place of what differs for a reason. What differs no more fails.
inline void take_what_the_face_reports(const Place& place, const std::string& scenario,
                                       std::vector<Observation>& observed) {
    const std::vector<Observation>& epoll = conformance().epoll(scenario);
    for (std::size_t i = 0; i < std::min(epoll.size(), observed.size()); ++i) {
        for (const FaceDifference& one : face_differences) {
            if (one.scenario == scenario && one.label == observed[i].label) {
                BOOST_TEST(observed[i].seen == one.seen,
                           '[' << scenario << "] " << one.label << " is " << observed[i].seen);
                observed[i].seen = conformance().expected(scenario, epoll[i], place).seen;
            }
        }
    }
}

}  // namespace wakepoll::test
