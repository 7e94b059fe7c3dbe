// PollGroup: what becomes of requests in flight when their answers come late, when the interest
// changes meanwhile, or when whom they asked about is gone.
#include <boost/test/unit_test.hpp>
#include <vector>

#include "poll_group_requests.hpp"

namespace wakepoll::core::test {

BOOST_AUTO_TEST_SUITE(poll_group)

BOOST_AUTO_TEST_CASE(an_answer_by_packet_makes_fresh_and_is_not_reported) {
    Group group(2);
    group.add(1);
    group.round({});
    BOOST_TEST(group->own_ended(Slot{0}));
    BOOST_CHECK(group.place(0) == Place::fresh);
    BOOST_TEST(group.reported().empty());
    group.look({});  // It was drained meanwhile.
    BOOST_CHECK(group.place(0) == Place::parked);
    BOOST_TEST(group->own_ended(Slot{0}));
    group.look({0});
    BOOST_TEST(group.reported() == Slots{0}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_packet_of_the_group_makes_all_fresh_that_it_covers) {
    Group group(50);
    group.add(50);
    group.round({});
    group->group_ended();
    BOOST_TEST(group->fresh() == 50U);
    group.look({7, 8});
    BOOST_TEST(group.requests == 2);
    BOOST_TEST(group.reported() == (Slots{7, 8}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_subset_of_what_is_in_flight_changes_nothing) {
    Group group(3);
    group.add(1);
    group->begin_wait();
    group->park(group->request_for(Slot{0}), [](Slot) { return in | out; });
    BOOST_TEST(!group->must_cancel(Slot{0}, in));
    group->modify(Slot{0}, in);
    group->modify(Slot{0}, in | out);  // No less than what is in flight.
    BOOST_CHECK(group.place(0) == Place::parked);
    group->add(Slot{1});
    group->add(Slot{2});
    group->begin_wait();
    group->cover([](Slot) { return in | out; });
    group->modify(Slot{1}, out);
    BOOST_CHECK(group.place(1) == Place::covered);
    BOOST_TEST(group->fresh() == 0U);
}

BOOST_AUTO_TEST_CASE(more_than_what_is_in_flight_is_asked_anew) {
    Group group(3);
    group.add(1);
    group.round({});
    BOOST_TEST(group->must_cancel(Slot{0}, in | out));
    group->modify(Slot{0}, in | out);
    BOOST_TEST(group->is_busy(Slot{0}));
    group->begin_wait();
    BOOST_CHECK(group->next() ==
                PollGroup::Step::together);  // Its own memory is still the kernel's.
    BOOST_TEST(group->own_ended(Slot{0}));
    BOOST_CHECK(group->next() == PollGroup::Step::apart);
    group.look({0});
    BOOST_TEST(group.reported() == Slots{0}, boost::test_tools::per_element());

    group->add(Slot{1});
    group.round({});
    BOOST_CHECK(group.place(1) == Place::covered);
    BOOST_TEST(!group->must_cancel(Slot{1}, in | out));
    group->modify(Slot{1}, in | out);
    BOOST_CHECK(group.place(1) == Place::fresh);
    BOOST_CHECK(group.place(0) == Place::covered);
}

BOOST_AUTO_TEST_CASE(a_busy_one_beside_a_group_in_flight_waits_for_its_packet) {
    Group group(4);
    group.add(3);
    group.round({});
    group->add(Slot{3});
    group.round({});
    group->modify(Slot{3}, in | out);
    group.round({3});
    BOOST_TEST(group->is_waiting());
    BOOST_TEST(group->own_ended(Slot{3}));
    BOOST_TEST(!group->is_waiting());
    group.look({3});
    BOOST_TEST(group.reported() == Slots{3}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_answer_to_an_earlier_tenant_is_nobodys) {
    Group group(1);
    group.add(1);
    group.round({});
    group->remove(Slot{0}, true);
    BOOST_TEST(group->is_busy(Slot{0}));
    BOOST_TEST(group->in_flight() == 1U);
    group->add(Slot{0});
    BOOST_TEST(!group->own_ended(Slot{0}));
    BOOST_TEST(!group->is_busy(Slot{0}));
    BOOST_CHECK(group.place(0) == Place::fresh);
    group.round({0});
    BOOST_TEST(group.reported() == Slots{0}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_is_removed_from_a_group_in_flight_is_not_woken_by_it) {
    Group group(3);
    group.add(3);
    group.round({});
    group->remove(Slot{1}, true);
    group->add(Slot{1});
    group->remove(Slot{2}, true);
    group->group_ended();
    BOOST_CHECK(group.place(0) == Place::fresh);
    BOOST_CHECK(group.place(1) == Place::fresh);
    BOOST_CHECK(group.place(2) == Place::absent);
    BOOST_TEST(group->fresh() == 2U);
}

BOOST_AUTO_TEST_CASE(who_is_removed_with_an_answer_is_not_counted_any_more) {
    // Else a wait would take it that somebody has something to report, and never block again.
    Group group(2);
    group.add(2);
    group.round({0, 1});
    BOOST_TEST(group->ready() == 2U);
    group->remove(Slot{0}, true);
    BOOST_TEST(group->ready() == 1U);
    BOOST_TEST(group.reported() == Slots{1}, boost::test_tools::per_element());
    BOOST_TEST(group->ready() == 0U);
}

BOOST_AUTO_TEST_CASE(a_one_shot_that_was_reported_is_absent_until_it_is_armed) {
    Group group(2);
    group.add(2);
    group.round({0, 1});
    group->remove(Slot{0}, false);
    BOOST_TEST(group.reported() == Slots{1}, boost::test_tools::per_element());
    group.round({0, 1});
    BOOST_TEST(group.reported() == Slots{1}, boost::test_tools::per_element());
    group->modify(Slot{0}, in);
    const int before = group.requests;
    group.round({0, 1});
    BOOST_TEST(group.requests - before == 1);
    BOOST_TEST(group.reported().size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::core::test
