// PollGroup: who is parked when, alone or in a lot, and for how long the quiet stay awake.
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "poll_group_requests.hpp"

namespace wakepoll::core::test {

BOOST_AUTO_TEST_SUITE(poll_group)

constexpr int rounds = PollGroup::rounds_a_credit;

BOOST_AUTO_TEST_CASE(the_quiet_ones_are_parked_by_lots_when_their_credit_is_used_up) {
    Group group(20);
    group.add(20);
    group.rounds_of_a_credit({3});  // The others lose that of a newcomer.
    BOOST_TEST(group.requests == rounds);
    BOOST_CHECK(group.place(0) == Place::asked);
    group.round({3});
    BOOST_TEST(group.requests == rounds + 1 + 2, "0 to 15 are a block, and 16 to 19 begin another");
    BOOST_CHECK(group.place(0) == Place::in_lot);
    BOOST_CHECK(group.place(19) == Place::in_lot);
    BOOST_CHECK(group.place(3) == Place::asked);
    BOOST_TEST(!group->is_busy(Slot{3}));
    group.round({3});
    BOOST_TEST(group.requests == rounds + 1 + 2 + 1);
}

BOOST_AUTO_TEST_CASE(who_was_ready_three_times_is_quiet_for_three_credits) {
    Group group(2);
    group.add(2);
    for (int waits = 0; waits < 3; ++waits) {
        group.round({0, 1});
    }
    const std::uint32_t waits = group.rounds_until_parked(0, {1});
    BOOST_TEST(waits > 2 * PollGroup::rounds_a_credit);
    BOOST_TEST(waits <= 3 * PollGroup::rounds_a_credit + 1);
}

BOOST_AUTO_TEST_CASE(who_pauses_for_eight_rounds_is_not_parked) {
    Group group(2);
    group.add(2);
    for (int bursts = 0; bursts < 5; ++bursts) {
        for (int waits = 0; waits < 3; ++waits) {
            group.round({0, 1});
        }
        for (int waits = 0; waits < 8; ++waits) {
            group.round({1});
            BOOST_CHECK(group.place(0) == Place::asked);
        }
    }
    BOOST_TEST(group.requests == 5 * 11, "one for both in each wait, and none to park or to wake");
}

BOOST_AUTO_TEST_CASE(an_idle_crowd_is_parked_sixteen_to_a_request) {
    Group group(1000);
    group.add(1000);
    group.rounds_of_a_credit({0});
    group.round({0});
    BOOST_TEST(group.requests == rounds + 1 + 63);
    BOOST_TEST(group->in_flight() == 63U);
    BOOST_TEST(group->awake() == 1U);
}

BOOST_AUTO_TEST_CASE(a_restless_crowd_is_parked_a_part_at_a_time) {
    Group group(1000);
    group.add(1000);
    for (std::uint32_t i = 0; i < 1000; ++i) {
        group->keep_alone(Slot{i});
    }
    group.rounds_of_a_credit({0});
    const int before = group.requests;
    group.round({0});
    BOOST_TEST(group.requests - before >= 1 + 1000 / 8);
    BOOST_TEST(group.requests - before <= 1 + 1000 / 8 + 16);
    int waits = 2;
    for (; group->awake() > 1; ++waits) {
        group.round({0});
    }
    BOOST_TEST(waits < 30);
    BOOST_TEST(group->in_flight() == 999U);
}

BOOST_AUTO_TEST_CASE(one_of_a_lot_wakes_it_once) {
    Group group(32);
    group.add(32);
    group.rounds_of_a_credit({31});
    group.round({31});
    BOOST_CHECK(group.place(5) == Place::in_lot);
    const Slot lot = group->cell_of_lot(Slot{5});
    group->lot_ended(lot);
    BOOST_TEST(group->fresh() == 16U);
    group.look({5});
    BOOST_TEST(group.reported() == (Slots{31, 5}), boost::test_tools::per_element());
    group.rounds_of_a_credit({31});
    group.round({31});
    BOOST_CHECK(group.place(4) == Place::in_lot);
    group.rounds_of_a_credit({31});
    BOOST_CHECK(group.place(5) == Place::parked);
    BOOST_TEST(group->own_ended(Slot{5}));
    BOOST_TEST(group->fresh() == 1U);
}

BOOST_AUTO_TEST_CASE(a_lot_uses_cells_of_its_own_members) {
    Group group(16);
    group.add(16);
    // Every third is active: runs of two have room for four each, and there is one lot a block.
    group.rounds_of_a_credit({0, 3, 6, 9, 12, 15});
    group.round({0, 3, 6, 9, 12, 15});
    int in_lot = 0;
    int busy = 0;
    for (std::uint32_t i = 0; i < 16; ++i) {
        const bool active = i % 3 == 0;
        in_lot += group.place(i) == Place::in_lot ? 1 : 0;
        busy += group->is_busy(Slot{i}) ? 1 : 0;
        BOOST_TEST((active || group.place(i) == Place::in_lot || group.place(i) == Place::parked));
        BOOST_TEST((!active || !group->is_busy(Slot{i})));
    }
    BOOST_TEST(in_lot == 4);
    BOOST_TEST(busy == 2 + 6);
    group.end_requests(16);
    BOOST_TEST(group->in_flight() == 0U);
    BOOST_TEST(group->fresh() == 10U);
}

BOOST_AUTO_TEST_CASE(who_leaves_a_lot_has_it_cancelled) {
    Group group(17);
    group.add(17);
    group.rounds_of_a_credit({16});
    group.round({16});
    BOOST_TEST(group->is_parked(Slot{2}));
    BOOST_TEST(!group->must_cancel(Slot{2}, in));
    BOOST_TEST(group->must_cancel(Slot{2}, in | out));
    group->note_lot_canceled(Slot{2});
    group->modify(Slot{2}, in | out);
    BOOST_TEST(!group->must_cancel(Slot{3}, in | out), "it is being cancelled already");
    BOOST_TEST(group->is_waiting());
    group->lot_ended(group->cell_of_lot(Slot{3}));
    BOOST_TEST(!group->is_waiting());
    BOOST_TEST(group->fresh() == 16U);
}

BOOST_AUTO_TEST_CASE(a_lot_that_is_cancelled_twice_ends_with_one_packet) {
    Group group(17);
    group.add(17);
    group.rounds_of_a_credit({16});
    group.round({16});
    group->note_lot_canceled(Slot{2});
    group->note_lot_canceled(Slot{3});
    BOOST_TEST(group->is_waiting());
    group->lot_ended(group->cell_of_lot(Slot{3}));
    BOOST_TEST(!group->is_waiting());
}

BOOST_AUTO_TEST_CASE(a_cell_of_a_lot_has_a_new_tenant) {
    Group group(17);
    group.add(17);
    group.rounds_of_a_credit({16});
    group.round({16});
    BOOST_CHECK(group->lot_over(Slot{1}) == Slot{0});
    group->note_lot_canceled(Slot{1});
    group->remove(Slot{1}, true);
    group->add(Slot{1});
    BOOST_TEST(group->is_busy(Slot{1}));
    group->lot_ended(Slot{0});
    BOOST_TEST(!group->is_busy(Slot{1}));
    group.round({1, 16});
    BOOST_TEST(group.reported() == (Slots{16, 1}), boost::test_tools::per_element());
    group.round({});
    group->group_ended();
    group.rounds_of_a_credit({16});
    group.rounds_of_a_credit({16});
    group.round({16});
    BOOST_CHECK(group->place_of(Slot{1}) != Place::asked);
    group.end_requests(17);
    BOOST_CHECK(group->place_of(Slot{1}) == Place::fresh);
}

BOOST_AUTO_TEST_CASE(credit_outlasts_a_request_of_the_group) {
    Group group(2);
    group.add(2);
    for (int waits = 0; waits < 3; ++waits) {
        group.round({0, 1});
    }
    group.round({});
    BOOST_CHECK(group.place(0) == Place::covered);
    group->group_ended();
    group.look({1});
    BOOST_TEST(group.rounds_until_parked(0, {1}) > 2 * PollGroup::rounds_a_credit - 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::core::test
