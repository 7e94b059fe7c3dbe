// Turn: with k ready and room for m, each is reported within ceil(k/m) waits.
//
// Turn alone is a few numbers; its promise shows only in a loop (turn_loop.hpp), here with sockets
// that are always ready, and with packets.
#include <algorithm>
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

BOOST_AUTO_TEST_SUITE(turn)

/// Sockets that are always ready, from 0 on, and packets, from 1000 on.
class Loop {
public:
    static constexpr int first_packet = 1000;

    explicit Loop(std::size_t sockets) {
        while (loop_.sockets.size() < sockets) {
            register_one();
        }
    }

    void queue(std::size_t packets) {
        for (std::size_t i = 0; i < packets; ++i) {
            loop_.port.push_back(next_packet_++);
        }
    }

    void register_one() { loop_.sockets.push_back(next_socket_++); }
    void unregister_one() { loop_.sockets.pop_front(); }

    [[nodiscard]] std::size_t sockets() const { return loop_.sockets.size(); }
    [[nodiscard]] std::size_t queued() const { return loop_.packets(); }

    std::vector<int> wait(std::size_t room) { return loop_.wait(room); }

    /// All sockets, and all packets that are queued now.
    [[nodiscard]] std::set<int> ready() const {
        std::set<int> all(loop_.sockets.begin(), loop_.sockets.end());
        all.insert(loop_.queue.begin(), loop_.queue.end());
        all.insert(loop_.port.begin(), loop_.port.end());
        return all;
    }

private:
    TurnLoop loop_;
    int next_socket_ = 0;
    int next_packet_ = first_packet;
};

/// Whether all that is ready now is reported within as many waits as their number needs. No socket
/// may come twice in one wait.
bool serves_all(Loop& loop, std::size_t room) {
    std::set<int> missing = loop.ready();
    const std::size_t waits = (missing.size() + room - 1) / room;
    for (std::size_t i = 0; i < waits; ++i) {
        const std::vector<int> reported = loop.wait(room);
        BOOST_REQUIRE(std::set<int>(reported.begin(), reported.end()).size() == reported.size());
        for (const int number : reported) {
            missing.erase(number);
        }
    }
    return missing.empty();
}

BOOST_AUTO_TEST_CASE(each_is_reported_within_k_over_m_waits) {
    for (std::size_t sockets = 0; sockets <= 20; ++sockets) {
        for (std::size_t packets = 0; packets <= 20; ++packets) {
            for (std::size_t room = 1; room <= 8; ++room) {
                Loop loop(sockets);
                // Several bursts, so that the later ones begin where an earlier one stopped.
                for (int burst = 0; burst < 10; ++burst) {
                    loop.queue(packets);
                    BOOST_REQUIRE_MESSAGE(serves_all(loop, room), sockets << " sockets, " << packets
                                                                          << " packets, room for "
                                                                          << room << ", burst "
                                                                          << burst);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_queue_of_64_packets_is_served_within_k_over_m_waits) {
    for (const std::size_t sockets : {1U, 5U, 63U, 64U, 65U, 1000U}) {
        for (const std::size_t room : {1U, 7U, 63U, 64U, 65U, 100U, 2000U}) {
            Loop loop(sockets);
            for (int burst = 0; burst < 5; ++burst) {
                loop.queue(64);
                BOOST_REQUIRE_MESSAGE(serves_all(loop, room),
                                      sockets << " sockets, room for " << room);
            }
        }
    }
}

// The same from wherever a busy past has left the turn: packets have been coming all the time, and
// sockets were registered and unregistered, before they stop.
BOOST_AUTO_TEST_CASE(each_is_reported_within_k_over_m_waits_after_any_past) {
    for (int seed = 1; seed <= wakepoll::test::seeds_to_try(20'000); ++seed) {
        std::mt19937_64 random(static_cast<std::uint64_t>(seed));
        const std::size_t room = 1 + random() % 8;
        Loop loop(1 + random() % 8);
        for (std::uint64_t waits = random() % 60; waits > 0; --waits) {
            if (loop.queued() < 20) {
                loop.queue(random() % (2 * room));
            }
            if (random() % 4 == 0) {
                loop.register_one();
            } else if (random() % 3 == 0 && loop.sockets() > 1) {
                loop.unregister_one();
            }
            (void)loop.wait(random() % 4 == 0 ? 1 + random() % 8 : room);
        }
        BOOST_REQUIRE_MESSAGE(serves_all(loop, room), "seed " << seed);
    }
}

BOOST_AUTO_TEST_CASE(endless_packets_do_not_starve_the_sockets) {
    for (std::size_t sockets = 1; sockets <= 20; ++sockets) {
        for (const std::size_t room : {1U, 2U, 3U, 7U, 8U, 64U, 100U}) {
            Loop loop(sockets);
            std::vector<std::size_t> since(sockets);  // Events since the socket was reported.
            for (int wait = 0; wait < 400; ++wait) {
                loop.queue(room);
                const std::vector<int> reported = loop.wait(room);
                BOOST_REQUIRE(reported.size() == room);
                for (std::size_t& count : since) {
                    count += reported.size();
                }
                for (const int number : reported) {
                    if (number < Loop::first_packet) {
                        since[static_cast<std::size_t>(number)] = 0;
                    }
                }
                // A turn of packets, the other sockets, and what of the last wait came behind it.
                const std::size_t most = std::max(TurnLoop::packets_in_turn, room) + sockets + room;
                BOOST_REQUIRE(*std::max_element(since.begin(), since.end()) <= most);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(endless_readiness_does_not_starve_a_packet) {
    for (std::size_t sockets = 1; sockets <= 20; ++sockets) {
        for (std::size_t room = 1; room <= 8; ++room) {
            Loop loop(sockets);
            for (int i = 0; i < 50; ++i) {
                loop.queue(1);
                std::size_t waits = 0;
                while (loop.queued() > 0) {
                    (void)loop.wait(room);
                    ++waits;
                }
                BOOST_REQUIRE(waits <= (sockets + 1 + room - 1) / room);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_turn_ends_when_it_is_spent_or_the_source_has_nothing_left) {
    Turn turn;
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    BOOST_TEST(turn.left({3, 0, 0, 4}) == 0U, "no turn has begun");
    turn.spend(0, false, {3, 0, 0, 4});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    BOOST_TEST(turn.left({3, 0, 0, 4}) == 4U);
    turn.spend(3, false, {3, 0, 0, 1});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    turn.spend(1, false, {3, 0, 0, 9});
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    BOOST_TEST(turn.left({3, 0, 0, 9}) == 3U);
    turn.spend(2, false, {3, 0, 0, 9});
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    BOOST_TEST(turn.left({3, 0, 0, 9}) == 1U);
    BOOST_TEST(turn.left({0, 0, 0, 9}) == 0U, "they have left");
    turn.spend(0, false, {0, 0, 0, 9});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    BOOST_TEST(turn.left({2, 0, 0, 9}) == 9U);
    turn.spend(4, true, {2, 0, 0, 9});
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    turn.spend(0, true, {2, 0, 0, 9});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    BOOST_TEST(turn.left({0, 0, 0, 9}) == 9U);
}

BOOST_AUTO_TEST_CASE(a_turn_is_as_long_as_the_source_was_when_it_began) {
    for (std::size_t source = 0; source < Turn::sources; ++source) {
        Turn::Sizes sizes{};
        sizes[source] = 3;
        Turn turn;
        turn.spend(0, false, sizes);
        BOOST_REQUIRE(turn.source() == static_cast<Turn::Source>(source));
        sizes[source] = 100;
        BOOST_TEST(turn.left(sizes) == 3U);
        sizes[source] = 2;
        BOOST_TEST(turn.left(sizes) == 2U, "and never longer than it is");
        sizes[source] = 100;
        BOOST_TEST(turn.left(sizes) == 2U);
    }
}

BOOST_AUTO_TEST_CASE(each_source_that_has_something_has_a_turn) {
    const Turn::Sizes sizes = {2, 1, 3, 1};
    Turn turn;
    std::vector<Turn::Source> order;
    turn.spend(0, false, sizes);
    for (int i = 0; i < 8; ++i) {
        order.push_back(turn.source());
        turn.spend(turn.left(sizes), false, sizes);
    }
    using enum Turn::Source;
    const std::vector<Turn::Source> expected = {handles, completed, packets, sockets,
                                                handles, completed, packets, sockets};
    BOOST_CHECK(order == expected);
}

BOOST_AUTO_TEST_CASE(nothing_at_all_ends_no_turn_and_hangs_no_loop) {
    Turn turn;
    turn.spend(0, false, {});
    turn.spend(5, false, {});
    BOOST_TEST(turn.left({}) == 0U);
    turn.spend(0, false, {0, 0, 1, 0});
    BOOST_CHECK(turn.source() == Turn::Source::completed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
