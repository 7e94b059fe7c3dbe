// Turn: with k ready and room for m, each is reported within ceil(k/m) waits.
//
// Turn alone is a few numbers; what it promises shows only in a loop. The loop here gathers as
// PollerState::gather does: from always-ready sockets in a ring, and from a queue of packets of
// which one call a wait takes as many as there is room and turn for.
#include "core/turn.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <set>
#include <vector>

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(turn)

class Loop {
public:
    explicit Loop(std::size_t sockets) : sockets_(sockets) {}

    void queue(std::size_t packets) {
        for (std::size_t i = 0; i < packets; ++i) {
            queue_.push_back(next_packet_++);
        }
    }

    void register_one() { ++sockets_; }

    void unregister_one() {
        --sockets_;
        cursor_ = cursor_ < sockets_ ? cursor_ : 0;
    }

    [[nodiscard]] std::size_t sockets() const { return sockets_; }
    [[nodiscard]] const std::deque<int>& queued() const { return queue_; }

    struct Reported {
        std::vector<std::size_t> sockets;
        std::vector<int> packets;
        [[nodiscard]] std::size_t size() const { return sockets.size() + packets.size(); }
    };

    /// One wait with room for so many events.
    Reported wait(std::size_t room) {
        Reported reported;
        if (sockets_ == 0) {
            take(std::min(room, Turn::packets_per_turn), reported);
            return reported;
        }
        bool asked_port = false;
        std::size_t to_visit = sockets_;
        while (reported.size() < room) {
            if (turn_.source() == Turn::Source::sockets) {
                if (to_visit == 0) {
                    break;
                }
                const std::size_t share = std::min(turn_.left({.sockets = sockets_}), to_visit);
                const std::size_t visited = std::min(share, room - reported.size());
                for (std::size_t i = 0; i < visited; ++i) {
                    reported.sockets.push_back(cursor_);
                    cursor_ = (cursor_ + 1) % sockets_;
                }
                to_visit -= visited;
                turn_.spend(visited, share == 0, {.sockets = sockets_});
            } else if (asked_port) {
                if (to_visit == 0) {
                    break;
                }
                turn_.spend(0, true, {.sockets = sockets_});
            } else {
                asked_port = true;
                const std::size_t most =
                    std::min(room - reported.size(), turn_.left({.sockets = sockets_}));
                const std::size_t taken = take(most, reported);
                turn_.spend(taken, taken < most, {.sockets = sockets_});
            }
        }
        return reported;
    }

private:
    std::size_t take(std::size_t most, Reported& reported) {
        const std::size_t taken = std::min(most, queue_.size());
        for (std::size_t i = 0; i < taken; ++i) {
            reported.packets.push_back(queue_.front());
            queue_.pop_front();
        }
        return taken;
    }

    Turn turn_;
    std::size_t sockets_;
    std::size_t cursor_ = 0;
    std::deque<int> queue_;
    int next_packet_ = 0;
};

/// Whether all sockets, and all packets that are queued now, are reported within as many waits as
/// their number needs. No socket may come twice in one wait.
bool serves_all(Loop& loop, std::size_t room) {
    std::set<int> packets(loop.queued().begin(), loop.queued().end());
    std::set<std::size_t> sockets;
    for (std::size_t i = 0; i < loop.sockets(); ++i) {
        sockets.insert(i);
    }
    const std::size_t waits = (sockets.size() + packets.size() + room - 1) / room;
    for (std::size_t i = 0; i < waits; ++i) {
        const Loop::Reported reported = loop.wait(room);
        const std::set<std::size_t> once(reported.sockets.begin(), reported.sockets.end());
        BOOST_REQUIRE(once.size() == reported.sockets.size());
        for (const std::size_t socket : reported.sockets) {
            sockets.erase(socket);
        }
        for (const int packet : reported.packets) {
            packets.erase(packet);
        }
    }
    return sockets.empty() && packets.empty();
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
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        std::mt19937_64 random(seed);
        const std::size_t room = 1 + random() % 8;
        Loop loop(1 + random() % 8);
        for (std::uint64_t waits = random() % 60; waits > 0; --waits) {
            if (loop.queued().size() < 20) {
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
                const Loop::Reported reported = loop.wait(room);
                BOOST_REQUIRE(reported.size() == std::min(room, 64 + sockets));
                for (std::size_t& count : since) {
                    count += reported.size();
                }
                for (const std::size_t socket : reported.sockets) {
                    since[socket] = 0;
                }
                // A turn of packets, which the last wait of it may overdraw, and the other sockets.
                const std::size_t most =
                    Turn::packets_per_turn + std::min(room, Turn::packets_per_turn) + sockets;
                BOOST_REQUIRE(*std::max_element(since.begin(), since.end()) <= most + room);
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
                while (!loop.queued().empty()) {
                    (void)loop.wait(room);
                    ++waits;
                }
                BOOST_REQUIRE(waits <= (sockets + 1 + room - 1) / room);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_turn_ends_when_it_is_spent_or_the_source_is_exhausted) {
    Turn turn;
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    turn.spend(Turn::packets_per_turn - 1, false, {.sockets = 3});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    turn.spend(1, false, {.sockets = 3});
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    BOOST_TEST(turn.left({.sockets = 3}) == 3U);
    turn.spend(2, false, {.sockets = 3});
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    BOOST_TEST(turn.left({.sockets = 3}) == 1U);
    turn.spend(1, false, {.sockets = 3});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
    turn.spend(0, true, {.sockets = 3});
    BOOST_CHECK(turn.source() == Turn::Source::sockets);
    turn.spend(0, true, {.sockets = 3});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
}

BOOST_AUTO_TEST_CASE(a_turn_of_the_sockets_is_never_longer_than_there_are_sockets) {
    Turn turn;
    turn.spend(0, true, {.sockets = 10});
    BOOST_TEST(turn.left({.sockets = 10}) == 10U);
    BOOST_TEST(turn.left({.sockets = 4}) == 4U);
    turn.spend(4, false, {.sockets = 4});
    BOOST_CHECK(turn.source() == Turn::Source::packets);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
