// Turn with all four sources: with k ready and room for m, each is reported within ceil(k/m) waits.
//
// The loop here gathers as PollerState::gather does. What the sources are like is what makes the
// difference: sockets are asked all over again in each wait and stay, handles are visited one by
// one and leave where they are not ready, completed operations leave when they are reported, and
// the port is asked once a wait and says no more than was asked for.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <set>
#include <vector>

#include "core/turn.hpp"

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(turn_sources)

/// A number for each thing that can be reported; a handle that is not ready has none.
class Loop {
public:
    static constexpr int not_ready = -1;

    std::deque<int> sockets;
    std::deque<int> handles;
    std::deque<int> completed;
    std::deque<int> packets;

    std::vector<int> wait(std::size_t room) {
        std::vector<int> reported;
        std::size_t left_sockets = sockets.size();
        std::size_t left_handles = handles.size();
        std::size_t left_completed = completed.size();
        bool ask_port = true;
        while (reported.size() < room) {
            left_sockets = std::min(left_sockets, sockets.size());
            left_handles = std::min(left_handles, handles.size());
            left_completed = std::min(left_completed, completed.size());
            if (!ask_port && left_sockets + left_handles + left_completed == 0) {
                break;
            }
            const std::size_t free = room - reported.size();
            std::size_t used = 0;
            bool exhausted = false;
            switch (turn_.source()) {
                case Turn::Source::sockets: {
                    const std::size_t share = std::min(turn_.left(sizes()), left_sockets);
                    used = std::min(share, free);
                    rotate(sockets, used, reported);
                    left_sockets -= used;
                    exhausted = share == 0;
                    break;
                }
                case Turn::Source::handles: {
                    const std::size_t share = std::min(turn_.left(sizes()), left_handles);
                    used = visit_handles(share, free, reported);
                    left_handles -= used;
                    exhausted = share == 0;
                    break;
                }
                case Turn::Source::completed: {
                    const std::size_t share = std::min(turn_.left(sizes()), left_completed);
                    used = take(completed, std::min(share, free), reported);
                    left_completed -= used;
                    exhausted = used == 0;
                    break;
                }
                case Turn::Source::packets: {
                    const std::size_t most = std::min(free, turn_.left(sizes()));
                    if (ask_port) {
                        used = take(packets, most, reported);
                    }
                    ask_port = false;
                    exhausted = used < most;
                    break;
                }
            }
            turn_.spend(used, exhausted, sizes());
        }
        return reported;
    }

private:
    [[nodiscard]] Turn::Sizes sizes() const {
        return {sockets.size(), handles.size(), completed.size()};
    }

    static void rotate(std::deque<int>& ring, std::size_t count, std::vector<int>& reported) {
        for (; count > 0; --count) {
            reported.push_back(ring.front());
            ring.push_back(ring.front());
            ring.pop_front();
        }
    }

    static std::size_t take(std::deque<int>& queue, std::size_t most, std::vector<int>& reported) {
        const std::size_t taken = std::min(most, queue.size());
        reported.insert(reported.end(), queue.begin(),
                        queue.begin() + static_cast<std::ptrdiff_t>(taken));
        queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(taken));
        return taken;
    }

    std::size_t visit_handles(std::size_t visits, std::size_t free, std::vector<int>& reported) {
        std::size_t visited = 0;
        for (; visited < visits && free > 0; ++visited) {
            if (handles.front() == not_ready) {
                handles.pop_front();
            } else {
                rotate(handles, 1, reported);
                --free;
            }
        }
        return visited;
    }

    Turn turn_;
};

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
        loop.packets.push_back(next++);
    }
    missing.insert(loop.completed.begin(), loop.completed.end());
    missing.insert(loop.packets.begin(), loop.packets.end());
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
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        std::mt19937_64 random(seed);
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

BOOST_AUTO_TEST_CASE(handles_that_turn_out_not_to_be_ready_cost_nobody_a_turn) {
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        std::mt19937_64 random(seed);
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

BOOST_AUTO_TEST_CASE(a_turn_of_the_completed_is_as_long_as_they_were_many) {
    Turn turn;
    const Turn::Sizes three = {.completed = 3};
    turn.spend(0, true, three);
    BOOST_CHECK(turn.source() == Turn::Source::completed);
    for (std::size_t left = 3; left > 0; --left) {
        BOOST_CHECK(turn.source() == Turn::Source::completed);
        BOOST_TEST(turn.left({.completed = left}) == left);
        turn.spend(1, false, {.completed = left - 1});
    }
    BOOST_CHECK(turn.source() == Turn::Source::packets);
}

BOOST_AUTO_TEST_CASE(endless_completions_starve_nobody) {
    for (std::size_t room = 1; room <= 8; ++room) {
        Loop loop = loop_with({.sockets = 3, .handles = 2});
        std::vector<int> since(200);
        for (int waits = 0; waits < 1000; ++waits) {
            for (std::size_t i = 0; i < room && loop.completed.size() < 64; ++i) {
                loop.completed.push_back(1000);
            }
            loop.packets.push_back(150);
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
