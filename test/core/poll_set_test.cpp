// PollSet: a dense array for the kernel, and a turn for each socket in it.
//
// Fairness is stated strictly: a socket in the set is visited before as many visits have passed as
// there were entries when it was last visited, or added, whatever is added and removed in between.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "poll_set_memory.hpp"

namespace wakepoll::core::test {
namespace {

BOOST_AUTO_TEST_SUITE(poll_set)

BOOST_AUTO_TEST_CASE(an_empty_set_is_the_doorbell_alone) {
    Set set(4);
    set.check({}, 4);
    BOOST_CHECK(set->cursor() == no_slot);
    BOOST_TEST(!set->has_answers());
}

BOOST_AUTO_TEST_CASE(sockets_stand_behind_the_doorbell_in_the_order_they_came) {
    Set set(4);
    set.add(2);
    set.add(0);
    set.add(3);
    set.check({Slot{0}, Slot{2}, Slot{3}}, 4);
    BOOST_CHECK(set->slot_at(0) == Slot{2});
    BOOST_CHECK(set->slot_at(1) == Slot{0});
    BOOST_CHECK(set->slot_at(2) == Slot{3});
}

BOOST_AUTO_TEST_CASE(a_full_set_holds_every_slot) {
    Set set(1024);
    std::set<Slot> all;
    for (std::uint32_t n = 0; n < 1024; ++n) {
        set.add(n);
        all.insert(Slot{n});
    }
    set.check(all, 1024);
}

BOOST_AUTO_TEST_CASE(the_only_one_can_leave_and_come_back) {
    Set set(1);
    for (int round = 0; round < 3; ++round) {
        set.add(0);
        set.check({Slot{0}}, 1);
        BOOST_CHECK(set.visit() == Slot{0});
        BOOST_CHECK(set.visit() == Slot{0});
        set->remove(Slot{0});
        set.check({}, 1);
    }
}

/// A set of the first `count` slots, none of which has an answer.
void make_silent(Set& set, std::uint32_t count) {
    for (std::uint32_t n = 0; n < count; ++n) {
        set.add(n);
        set[Slot{n}].revents = 0;
    }
}

BOOST_AUTO_TEST_CASE(any_answer_is_found_wherever_it_is) {
    // The doorbell of these sets has one, and is not polled.
    for (std::uint32_t count = 0; count <= 9; ++count) {
        Set set(16);
        make_silent(set, count);
        BOOST_TEST(!set->has_answers());
        for (std::uint32_t n = 0; n < count; ++n) {
            set[Slot{n}].revents = 4;
            BOOST_TEST(set->has_answers());
            set[Slot{n}].revents = 0;
        }
    }
}

BOOST_AUTO_TEST_CASE(the_silent_are_passed_over_up_to_the_next_with_an_answer) {
    constexpr std::uint32_t count = 6;
    for (std::uint32_t begin = 0; begin < count; ++begin) {
        for (std::uint32_t answered = 0; answered < count; ++answered) {
            Set set(count);
            make_silent(set, count);
            for (std::uint32_t i = 0; i < begin; ++i) {
                set->advance_past(set->cursor());
            }
            BOOST_CHECK(set->cursor() == Slot{begin});
            set[Slot{answered}].revents = 1;
            const std::uint32_t distance = (answered + count - begin) % count;
            BOOST_TEST(set->pass_over_silent(0) == 0U);
            const std::uint32_t part = distance / 2;
            BOOST_TEST(set->pass_over_silent(part) == part);
            BOOST_TEST(set->pass_over_silent(count) == distance - part);
            BOOST_CHECK(set->cursor() == Slot{answered});
            BOOST_TEST(set->pass_over_silent(count) == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(any_one_may_leave_and_the_others_close_ranks) {
    constexpr std::uint32_t count = 6;
    for (std::uint32_t cursor = 0; cursor < count; ++cursor) {
        for (std::uint32_t leaving = 0; leaving < count; ++leaving) {
            Set set(count);
            std::set<Slot> expected;
            for (std::uint32_t n = 0; n < count; ++n) {
                set.add(n);
                expected.insert(Slot{n});
            }
            for (std::uint32_t i = 0; i < cursor; ++i) {
                set.visit();
            }
            set->remove(Slot{leaving});
            expected.erase(Slot{leaving});
            set.check(expected, count);
        }
    }
}

BOOST_AUTO_TEST_CASE(room_for_m_visits_all_k_within_k_over_m_rounds) {
    for (std::uint32_t k = 1; k <= 20; ++k) {
        for (std::uint32_t m = 1; m <= 8; ++m) {
            Set set(k);
            for (std::uint32_t n = 0; n < k; ++n) {
                set.add(n);
            }
            // From every place where an earlier round may have stopped.
            for (std::uint32_t start = 0; start < k; ++start) {
                std::map<Slot, int> visits;
                for (std::uint32_t visit = 0; visit < (k + m - 1) / m * m; ++visit) {
                    ++visits[set.visit()];
                }
                BOOST_REQUIRE(visits.size() == k);
                BOOST_REQUIRE((m < k || visits.begin()->second >= 1));
                set.visit();
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_full_round_visits_each_once_though_one_shots_leave_in_the_middle) {
    constexpr std::uint32_t count = 6;
    for (std::uint32_t start = 0; start < count; ++start) {
        for (std::uint32_t one_shots = 0; one_shots < 1U << count; ++one_shots) {
            Set set(count);
            for (std::uint32_t n = 0; n < count; ++n) {
                set.add(n);
            }
            for (std::uint32_t i = 0; i < start; ++i) {
                set.visit();
            }
            std::set<Slot> visited;
            for (std::uint32_t i = 0; i < count; ++i) {
                const bool leaves = (one_shots >> index_of(set->cursor()) & 1U) != 0;
                BOOST_REQUIRE(visited.insert(leaves ? set.visit_and_remove() : set.visit()).second);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(one_shots_that_are_armed_again_at_once_take_turns) {
    Set set(5);
    for (std::uint32_t n = 0; n < 5; ++n) {
        set.add(n);
    }
    std::vector<int> visits(5);
    for (int i = 0; i < 50; ++i) {
        const Slot slot = set.visit_and_remove();
        ++visits[index_of(slot)];
        set.add(static_cast<std::uint32_t>(slot));
    }
    BOOST_TEST(visits == std::vector<int>(5, 10), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(newcomers_that_leave_at_once_do_not_hold_the_others_up) {
    Set set(8);
    for (std::uint32_t n = 0; n < 5; ++n) {
        set.add(n);
    }
    // Each round: one visit, a new slot, and the newest gone again.
    std::vector<int> visits(8);
    for (int i = 0; i < 60; ++i) {
        set.add(5);
        ++visits[index_of(set.visit())];
        set->remove(Slot{5});
    }
    for (std::uint32_t n = 0; n < 5; ++n) {
        BOOST_TEST(visits[n] == 12);
    }
}

BOOST_AUTO_TEST_CASE(whatever_comes_and_goes_none_waits_longer_than_a_round) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        std::mt19937_64 random(seed);
        const auto capacity = static_cast<std::uint32_t>(2 + random() % 12);
        Set set(capacity);
        std::map<Slot, std::size_t> visits_left;  // Those in the set, and when they are due.
        const auto any_slot = [&](bool present) {
            std::vector<Slot> candidates;
            for (std::uint32_t n = 0; n < capacity; ++n) {
                if ((visits_left.count(Slot{n}) == 1) == present) {
                    candidates.push_back(Slot{n});
                }
            }
            return candidates.empty() ? no_slot : candidates[random() % candidates.size()];
        };
        for (int step = 0; step < 1000; ++step) {
            const auto action = random() % 10;
            if (action < 3) {
                if (const Slot slot = any_slot(false); slot != no_slot) {
                    set.add(static_cast<std::uint32_t>(slot));
                    visits_left[slot] = visits_left.size() + 1;
                }
            } else if (action < 5) {
                if (const Slot slot = any_slot(true); slot != no_slot) {
                    set->remove(slot);
                    visits_left.erase(slot);
                }
            } else if (!visits_left.empty()) {
                const bool leaves = action == 9;
                const Slot visited = leaves ? set.visit_and_remove() : set.visit();
                for (auto& [slot, left] : visits_left) {
                    --left;
                    BOOST_REQUIRE_MESSAGE(left > 0 || slot == visited,
                                          "slot " << index_of(slot) << " starves, seed " << seed);
                }
                visits_left[visited] = visits_left.size();
                if (leaves) {
                    visits_left.erase(visited);
                }
            }
            std::set<Slot> expected;
            for (const auto& [slot, left] : visits_left) {
                expected.insert(slot);
            }
            set.check(expected, capacity);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
