// PollSchedule: the policy, one transition at a time. Random programs are in
// poll_schedule_random_test.cpp, costs in poll_schedule_cost_test.cpp, held and cancelled requests
// in poll_schedule_held_test.cpp.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "poll_schedule_life.hpp"

namespace wakepoll::core::test::schedule {
namespace {

BOOST_AUTO_TEST_SUITE(poll_schedule)

constexpr std::uint32_t patience = PollSchedule::patience;
constexpr std::uint32_t worth_a_cancel = PollSchedule::worth_a_cancel;

BOOST_AUTO_TEST_CASE(an_empty_schedule_has_nothing_to_do) {
    Life life(1);
    life.wait({});
    BOOST_TEST(life->due() == 0U);
    BOOST_TEST(life.requests().in_flight() == 0U);
    BOOST_TEST(!life.backend.is_waiting());
    BOOST_TEST(!life.backend.is_held_up());
    BOOST_TEST(!life.requests().has_orphans());
    BOOST_TEST(life->awake() == 0U);
}

BOOST_AUTO_TEST_CASE(all_zero_memory_is_a_schedule_of_absent_slots) {
    std::vector<std::uint64_t> zeros(sizeof(PollSchedule::Member));
    const auto* const member = reinterpret_cast<const PollSchedule::Member*>(zeros.data());
    BOOST_TEST(!member->awake);
    BOOST_TEST(member->answer == 0);
    const auto* const cover = reinterpret_cast<const PollRequests::Cover*>(zeros.data());
    BOOST_CHECK(cover->request == Wish::none);
    BOOST_CHECK(cover->need == Need::nothing);
    BOOST_TEST(!cover->canceled);
}

// Rule 1: due, or pending.

BOOST_AUTO_TEST_CASE(a_new_socket_is_due_and_then_parked_alone) {
    Life life(3);
    life.add(3);
    BOOST_TEST(life->due() == 3U);
    BOOST_CHECK(life.requests().covering(Slot{2}) == Wish::none);
    life.wait({});
    BOOST_TEST(life.calls().polls == 3U);
    BOOST_TEST(life->due() == 0U);
    BOOST_TEST(life.requests().in_flight() == 3U);
    for (std::uint32_t i = 0; i < 3; ++i) {
        BOOST_CHECK(life.requests().need_of(Slot{i}) == Need::answer);
        BOOST_TEST(life.is_parked(Slot{i}));
    }
    life.wait({});
    BOOST_TEST(life.calls().polls == 3U, "what is pending is not polled again");
}

BOOST_AUTO_TEST_CASE(each_wait_polls_what_is_due_once) {
    Life life(2);
    life.add(2);
    for (std::uint64_t waits = 1; waits <= 2; ++waits) {
        BOOST_TEST(life.wait({0, 1}) == (Slots{0, 1}), boost::test_tools::per_element());
        BOOST_TEST(life->due() == 0U);
        BOOST_TEST(life.calls().asked == 2 * waits);
    }
}

// Rule 2: what a packet says is reported.

BOOST_AUTO_TEST_CASE(what_a_packet_says_is_reported_without_another_poll) {
    Life life(2);
    life.add(2);
    life.wait({});
    BOOST_TEST(life.wait_until({1}) == Slots{1}, boost::test_tools::per_element());
    BOOST_TEST(life.calls().polls == 2U);
    BOOST_CHECK(life.requests().need_of(Slot{0}) == Need::answer);
    BOOST_CHECK(life.requests().covering(Slot{1}) == Wish::none);
    BOOST_TEST(life.requests().in_flight() == 1U);
}

BOOST_AUTO_TEST_CASE(a_reported_socket_is_due_in_the_next_wait) {
    Life life(1);
    life.add(1);
    life.wait({});
    life.wait_until({0});
    BOOST_TEST(!life->is_due(Slot{0}), "it was polled in this wait");
    life->begin_wait(Life::all);
    BOOST_TEST(life->is_due(Slot{0}));
    BOOST_TEST(life->due() == 1U);
}

BOOST_AUTO_TEST_CASE(the_others_of_a_group_that_has_ended_are_due) {
    Life life(4);
    life.make_group({0, 1, 2, 3});
    const std::uint64_t before = life.calls().polls;
    BOOST_TEST(life.wait_until({2}) == Slots{2}, boost::test_tools::per_element());
    BOOST_TEST(life.calls().polls - before == 1U, "the others, together");
    for (const std::uint32_t other : {0U, 1U, 3U}) {
        BOOST_CHECK(life.requests().need_of(Slot{other}) == Need::answer);
        BOOST_TEST(!life.is_parked(Slot{other}));
    }
}

BOOST_AUTO_TEST_CASE(a_packet_that_says_nothing_makes_its_socket_due) {
    Life life(1);
    life.add(1);
    life.wait({});
    life.backend.device.end_any(0);
    BOOST_TEST(life.wait({}).empty());
    BOOST_CHECK(life.requests().need_of(Slot{0}) == Need::answer);
    BOOST_TEST(life.calls().polls == 2U);
}

// Rule 3: active sockets are polled together, the others alone.

BOOST_AUTO_TEST_CASE(sockets_that_stay_active_cost_one_request_a_wait) {
    Life life(100);
    life.add(100);
    const Slots all = Life::first(100);
    life.wait(all);
    life.wait(all);
    for (int waits = 1; waits <= 5; ++waits) {
        const std::uint64_t before = life.calls().polls;
        BOOST_TEST(life.wait(all).size() == 100U);
        BOOST_TEST(life.calls().polls - before == 1U);
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_ready_for_the_second_time_within_patience_joins) {
    for (std::uint32_t rest = 0; rest <= patience + 2; ++rest) {
        Life life(2);
        life.add(2);
        life.wait({0});
        for (std::uint32_t rounds = 0; rounds < rest; ++rounds) {
            life.wait({1});
        }
        life.wait({0});
        life->begin_wait(Life::all);
        BOOST_TEST(life->joins_group(Slot{0}) == (rest + 1 <= patience));
    }
}

/// Rounds in which every fourth of so many sockets is ready, in rotation; returns the polls of the
/// last four.
std::uint64_t polls_of_a_rotation(std::uint32_t sockets) {
    Life life(sockets);
    life.add(sockets);
    std::uint64_t before = 0;
    for (std::uint32_t round = 0; round < 16; ++round) {
        before = round <= 12 ? life.calls().polls : before;
        std::vector<std::uint32_t> ready;
        for (std::uint32_t slot = round % 4; slot < sockets; slot += 4) {
            ready.push_back(slot);
        }
        life.wait(ready);
    }
    return life.calls().polls - before;
}

BOOST_AUTO_TEST_CASE(a_quarter_of_a_crowd_in_turn_is_polled_together) {
    BOOST_TEST(polls_of_a_rotation(32) == 4U);
    BOOST_TEST(polls_of_a_rotation(28) == 4U * 7U);
}

BOOST_AUTO_TEST_CASE(one_that_was_ready_once_is_parked_alone) {
    Life life(2);
    life.add(2);
    life.wait({0, 1});
    const std::uint64_t before = life.calls().polls;
    life.wait({});
    BOOST_TEST(life.calls().polls - before == 2U);
    BOOST_TEST(life.is_parked(Slot{0}));
    BOOST_TEST(life.is_parked(Slot{1}));
}

BOOST_AUTO_TEST_CASE(one_that_is_quiet_for_longer_than_patience_is_parked_alone) {
    Life life(3);
    life.add(3);
    life.wait({0, 1, 2});
    life.wait({0, 1, 2});
    for (std::uint32_t rounds = 1; rounds <= patience; ++rounds) {
        life.wait({1, 2});
        BOOST_CHECK(life.requests().covering(Slot{0}) == Wish::none);
    }
    const std::uint64_t before = life.calls().polls;
    life.wait({1, 2});
    BOOST_CHECK(life.requests().need_of(Slot{0}) == Need::answer);
    BOOST_TEST(life.is_parked(Slot{0}));
    BOOST_TEST(life.calls().polls - before == 2U);
}

BOOST_AUTO_TEST_CASE(a_wait_in_which_none_is_ready_is_no_round) {
    Life life(2);
    life.add(2);
    life.wait({0, 1});
    life.wait({0, 1});
    for (std::uint32_t waits = 0; waits < 3 * patience; ++waits) {
        life.wait({});
    }
    life.backend.device.end_any(0);
    life->begin_wait(Life::all);
    life.take_packets();
    BOOST_TEST(life->joins_group(Slot{0}));
    BOOST_TEST(life->joins_group(Slot{1}));
}

BOOST_AUTO_TEST_CASE(one_active_socket_is_no_group) {
    Life life(1);
    life.add(1);
    life.wait({0});
    life.wait({0});
    life.wait({});
    BOOST_TEST(life.is_parked(Slot{0}));
    BOOST_TEST(!life.requests().is_group_in_flight());
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_registered_anew_has_no_past) {
    Life life(2);
    life.add(2);
    life.wait({0, 1});
    life.wait({0, 1});
    life.backend.remove(Slot{0});
    life.backend.add(Slot{0}, in_bit);
    life->begin_wait(Life::all);
    BOOST_TEST(!life->joins_group(Slot{0}));
    BOOST_TEST(life->joins_group(Slot{1}));
}

BOOST_AUTO_TEST_CASE(what_was_answered_and_had_no_room_is_polled_with_the_others) {
    Life life(3);
    life.add(3);
    BOOST_TEST(life.wait({0, 1, 2}, 1) == Slots{0}, boost::test_tools::per_element());
    life->begin_wait(Life::all);
    BOOST_TEST(!life->joins_group(Slot{0}));
    BOOST_TEST(life->joins_group(Slot{1}));
    BOOST_TEST(life->joins_group(Slot{2}));
    BOOST_TEST(life->ready() == 0U, "it is asked again before it is reported");
}

BOOST_AUTO_TEST_CASE(no_more_of_those_are_polled_than_there_is_room_for) {
    Life life(20);
    life.add(20);
    const Slots all = Life::first(20);
    BOOST_TEST(life.wait(all, 4).size() == 4U);
    for (int waits = 1; waits <= 4; ++waits) {
        const std::uint64_t before = life.calls().asked;
        BOOST_TEST(life.wait(all, 4).size() == 4U);
        const std::uint64_t reported_before = 4;  // Those are due, and polled, too.
        BOOST_TEST(life.calls().asked - before == 4 + reported_before * std::min(waits, 1));
    }
}

BOOST_AUTO_TEST_CASE(where_those_have_nothing_to_say_the_next_are_polled) {
    Life life(20);
    life.add(20);
    BOOST_TEST(life.wait(Life::first(20), 4).size() == 4U);
    BOOST_TEST(life.wait({18, 19}, 4) == (Slots{18, 19}), boost::test_tools::per_element());
    BOOST_TEST(life.wait({17}, 4) == Slots{17}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(those_that_had_no_room_wait_for_the_packet_of_a_cancelled_group) {
    Life life(24);
    life.make_group({0, 1, 2, 3});
    Slots beside;
    for (std::uint32_t i = 4; i < 24; ++i) {
        life.backend.add(Slot{i}, in_bit);
        beside.push_back(i);
    }
    BOOST_TEST(life.wait(beside, worth_a_cancel).size() == worth_a_cancel);
    BOOST_TEST(life.wait(beside, worth_a_cancel).size() == worth_a_cancel);
    BOOST_TEST(life.calls().cancels == 1U);
}

// Rule 4: active ones while a group is in flight.

BOOST_AUTO_TEST_CASE(few_active_ones_beside_a_group_in_flight_are_parked_alone) {
    constexpr std::uint32_t beside = worth_a_cancel - 1;
    Life life(4 + beside);
    life.make_group({0, 1, 2, 3});
    const Slots others = life.make_active(4, beside);
    const std::uint64_t cancels = life.calls().cancels;
    life.wait({});
    BOOST_TEST(life.calls().cancels == cancels);
    for (const std::uint32_t other : others) {
        BOOST_TEST(life.is_parked(Slot{other}));
    }
    BOOST_CHECK(life.requests().need_of(Slot{0}) == Need::answer);
}

BOOST_AUTO_TEST_CASE(enough_active_ones_cancel_it_and_all_are_polled_together) {
    Life life(4 + worth_a_cancel);
    life.make_group({0, 1, 2, 3});
    life.make_active(4, worth_a_cancel);
    const Calls before = life.calls();
    life->begin_wait(Life::all);
    BOOST_TEST(life.backend.look());
    BOOST_TEST(life.calls().cancels - before.cancels == 1U);
    BOOST_TEST(life.calls().polls == before.polls);
    BOOST_TEST(life.requests().is_group_canceled());
    BOOST_TEST(life.backend.is_waiting());
    BOOST_TEST(life->due() == worth_a_cancel, "they wait for its packet");
    life.take_packets();
    BOOST_TEST(!life.backend.is_waiting());
    BOOST_TEST(life->due() == 4 + worth_a_cancel);
    std::uint32_t quiet = 0;  // Of the former group, those that were so for too long by now.
    for (std::uint32_t i = 0; i < 4; ++i) {
        quiet += life->joins_group(Slot{i}) ? 0U : 1U;
    }
    BOOST_TEST(life.backend.look());
    BOOST_TEST(life.calls().polls - before.polls == 1 + quiet);
    BOOST_TEST(life.requests().in_flight() == 1 + quiet);
    BOOST_TEST(life.requests().is_group_in_flight());
    BOOST_TEST(!life.requests().is_group_canceled());
    BOOST_TEST(life.backend.device.group()->asked.size() == worth_a_cancel + 4 - quiet);
}

BOOST_AUTO_TEST_CASE(what_is_not_active_is_parked_beside_a_cancelled_group) {
    Life life(5 + worth_a_cancel);
    life.make_group({0, 1, 2, 3});
    life.make_active(4, worth_a_cancel);
    const Slot late{4 + worth_a_cancel};
    life.backend.add(late, in_bit);
    life->begin_wait(Life::all);
    BOOST_TEST(life.backend.look());
    BOOST_TEST(life.is_parked(late));
    BOOST_TEST(life->due() == worth_a_cancel);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test::schedule
