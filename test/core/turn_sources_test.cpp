// Turn with all four sources: with k ready and room for m, each is reported within ceil(k/m) waits.
//
// The loop (turn_loop.hpp) reports as Wait::report does.
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "sanitizers.hpp"
#include "turn_loop.hpp"

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(turn_sources)

using Loop = TurnLoop;

/// A burst of what is ready, numbered from 0; the sockets and handles come back in each.
struct Burst {
    std::size_t sockets = 0;
    std::size_t handles = 0;
    std::size_t silent_handles = 0;
    std::size_t completed = 0;
    std::size_t packets = 0;
};

bool serves_all(Loop& loop, const Burst& burst, std::size_t room) {
    std::set<int> missing(loop.sockets.begin(), loop.sockets.end());
    missing.insert(loop.handles.begin(), loop.handles.end());
    missing.erase(Loop::not_ready);
    for (std::size_t i = 0; i < burst.silent_handles; ++i) {
        loop.handles.insert(
            loop.handles.begin() + static_cast<std::ptrdiff_t>(i * 2 % (loop.handles.size() + 1)),
            Loop::not_ready);
    }
    int next = 1000;
    for (std::size_t i = 0; i < burst.completed; ++i) {
        loop.completed.push_back(next++);
    }
    for (std::size_t i = 0; i < burst.packets; ++i) {
        loop.port.push_back(next++);
    }
    missing.insert(loop.completed.begin(), loop.completed.end());
    missing.insert(loop.port.begin(), loop.port.end());
    missing.insert(loop.queue.begin(), loop.queue.end());
    const std::size_t waits = (missing.size() + room - 1) / room;
    for (std::size_t i = 0; i < waits; ++i) {
        for (const int number : loop.wait(room)) {
            missing.erase(number);
        }
    }
    return missing.empty();
}

Loop loop_with(const Burst& burst) {
    Loop loop;
    for (std::size_t i = 0; i < burst.sockets; ++i) {
        loop.sockets.push_back(static_cast<int>(i));
    }
    for (std::size_t i = 0; i < burst.handles; ++i) {
        loop.handles.push_back(static_cast<int>(100 + i));
    }
    return loop;
}

BOOST_AUTO_TEST_CASE(each_of_four_sources_is_reported_within_k_over_m_waits) {
    for (int seed = 1; seed <= wakepoll::test::seeds_to_try(20'000); ++seed) {
        std::mt19937_64 random(static_cast<std::uint64_t>(seed));
        Burst burst{.sockets = random() % 8,
                    .handles = random() % 6,
                    .silent_handles = 0,
                    .completed = random() % 8,
                    .packets = random() % 8};
        const std::size_t room = 1 + random() % 9;
        Loop loop = loop_with(burst);
        for (int i = 0; i < 6; ++i) {
            BOOST_REQUIRE_MESSAGE(serves_all(loop, burst, room),
                                  "seed " << seed << ", burst " << i << ": " << burst.sockets
                                          << " sockets, " << burst.handles << " handles, "
                                          << burst.completed << " completed, " << burst.packets
                                          << " packets, room for " << room);
        }
    }
}

BOOST_AUTO_TEST_CASE(handles_that_turn_out_not_to_be_ready_cost_no_other_its_turn) {
    for (int seed = 1; seed <= wakepoll::test::seeds_to_try(20'000); ++seed) {
        std::mt19937_64 random(static_cast<std::uint64_t>(seed));
        Burst burst{.sockets = random() % 8,
                    .handles = random() % 6,
                    .silent_handles = random() % 6,
                    .completed = random() % 8,
                    .packets = random() % 8};
        const std::size_t room = 1 + random() % 9;
        Loop loop = loop_with(burst);
        for (int i = 0; i < 4; ++i) {
            BOOST_REQUIRE_MESSAGE(serves_all(loop, burst, room),
                                  "seed " << seed << ", burst " << i);
        }
    }
}

BOOST_AUTO_TEST_CASE(endless_completions_starve_no_other_source) {
    for (std::size_t room = 1; room <= 8; ++room) {
        Loop loop = loop_with({.sockets = 3, .handles = 2});
        std::vector<int> since(200);
        for (int waits = 0; waits < 1000; ++waits) {
            for (std::size_t i = 0; i < room && loop.completed.size() < 64; ++i) {
                loop.completed.push_back(1000);
            }
            loop.port.push_back(150);
            for (int& count : since) {
                ++count;
            }
            for (const int number : loop.wait(room)) {
                if (number < 200) {
                    since[static_cast<std::size_t>(number)] = 0;
                }
            }
            // A round: 64 completed, 64 packets and the last call's overdraft, five others.
            const int most = static_cast<int>((64 + 64 + 64 + 5) / room + 2);
            for (const std::size_t who : {0U, 1U, 2U, 100U, 101U, 150U}) {
                BOOST_REQUIRE_MESSAGE(since[who] <= most, who << " waits for " << since[who]);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
