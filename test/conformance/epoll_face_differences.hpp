// Where epoll for C differs from an OsPoller over AFD in the same place, with the reasons.
// Everything else is compared with differences.txt, as for OsPoller.
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
    {"interests/unknown bits", "add", "success"},
    {"interests/unknown bits", "modify", "success"},
    // Linux has devices that are always ready. A handle that cannot be waited for and is no file
    // gets ENOTSOCK, as with wepoll.
    {"lifetimes/handles that cannot be polled", "the null device", "not_a_socket"},
    // A wait with events or with timeout 0 does not report that it was woken.
    {"waits/a wake before a wait with timeout 0", "woken", "no"},
    {"waits/a wake and data", "woken", "no"},
};

/// Replaces what differs by what is expected. Fails if an entry's difference is not seen.
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
