// PollSchedule: rule 5, that no socket is in two requests at a time. What is held, what is
// cancelled, what is retried, and which socket a packet's answer belongs to.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "poll_schedule_life.hpp"

namespace wakepoll::core::test::schedule {
namespace {

BOOST_AUTO_TEST_SUITE(poll_schedule)

constexpr std::uint32_t both = in_bit | out_bit;

/// The packet of the slot's own request; true if its answer counts.
bool own_ends(Life& life, Slot slot) {
    life.backend.device.end_any(0);
    static_cast<void>(life.backend.device.take_packet(0));
    return life->note_ended(slot) == Need::answer;
}

/// One socket, parked.
struct Parked {
    Parked() {
        life.add(1);
        life.wait({});
        BOOST_REQUIRE(life.is_parked(slot));
    }

    Slot slot{0};
    Life life{2};
};

/// Four sockets in the group's request.
struct Grouped {
    Grouped() { life.make_group({0, 1, 2, 3}); }

    Slot slot{1};
    Life life{4};
};

// Modifying.

BOOST_FIXTURE_TEST_CASE(more_than_was_asked_for_needs_a_cancel, Parked) {
    BOOST_CHECK(life.requests().must_cancel(slot, in_bit) == Wish::none);
    BOOST_CHECK(life.requests().must_cancel(slot, 0) == Wish::none);
    BOOST_CHECK(life.requests().must_cancel(slot, both) == Wish::own);
    life.requests().note_canceled(Wish::own, slot);
    BOOST_CHECK_MESSAGE(life.requests().must_cancel(slot, both) == Wish::none,
                        "it is cancelled already");
}

BOOST_FIXTURE_TEST_CASE(more_than_the_group_was_asked_for_needs_its_cancel, Grouped) {
    BOOST_CHECK(life.requests().must_cancel(slot, in_bit) == Wish::none);
    BOOST_CHECK(life.requests().must_cancel(slot, both) == Wish::group);
    life.requests().note_canceled(Wish::group, no_slot);
    BOOST_CHECK(life.requests().must_cancel(slot, both) == Wish::none);
}

BOOST_AUTO_TEST_CASE(one_that_is_awake_needs_no_cancel) {
    Life life(1);
    life.add(1);
    BOOST_CHECK(life.requests().must_cancel(Slot{0}, both) == Wish::none);
    life.wait({0});
    BOOST_CHECK(life.requests().must_cancel(Slot{0}, both) == Wish::none);
}

BOOST_FIXTURE_TEST_CASE(a_modified_one_is_held_until_its_packet_has_come, Parked) {
    BOOST_TEST(life.backend.modify(slot, both));
    BOOST_CHECK(life.requests().need_of(slot) == Need::end);
    BOOST_TEST(life.backend.is_waiting());
    BOOST_TEST(life.backend.is_held_up());
    BOOST_TEST(life.requests().in_flight() == 1U);
    BOOST_TEST(life->due() == 0U);
    BOOST_TEST(life.backend.look());
    BOOST_TEST(life.calls().polls == 1U, "it must not be polled beside the cancelled one");
    life.take_packets();
    BOOST_TEST(life->is_due(slot));
    BOOST_TEST(!life.backend.is_waiting());
    BOOST_TEST(life.backend.look());
    BOOST_CHECK(life.requests().need_of(slot) == Need::answer);
    BOOST_CHECK(life.requests().must_cancel(slot, both) == Wish::none);
}

BOOST_FIXTURE_TEST_CASE(less_than_was_asked_for_is_held_and_not_awaited, Parked) {
    BOOST_TEST(life.backend.modify(slot, 0));
    BOOST_CHECK(life.requests().need_of(slot) == Need::end);
    BOOST_TEST(!life.backend.is_waiting(), "its packet may never come");
    BOOST_TEST(!life.backend.is_held_up());
    BOOST_TEST(life.calls().cancels == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_answer_to_a_held_one_is_dropped_and_it_is_polled_again, Parked) {
    BOOST_TEST(life.backend.modify(slot, in_bit));
    BOOST_TEST(!own_ends(life, slot));
    BOOST_TEST(life->is_due(slot));
    BOOST_TEST(life->ready() == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_answer_to_a_pending_one_counts, Parked) {
    BOOST_TEST(own_ends(life, slot));
    BOOST_TEST(life->is_due(slot));
}

BOOST_AUTO_TEST_CASE(a_modified_one_that_was_answered_is_polled_again_before_it_is_reported) {
    Life life(2);
    life.add(2);
    life.backend.device.set_ready(Slot{0}, in_bit);
    life.backend.device.set_ready(Slot{1}, in_bit);
    life->begin_wait(Life::all);
    life->note_answer(Slot{0}, in_bit);
    life->note_answer(Slot{1}, in_bit);
    BOOST_TEST(life->ready() == 2U);
    life->modify(Slot{0}, out_bit);
    BOOST_TEST(life->ready() == 1U);
    BOOST_TEST(life->due() == 1U);
    BOOST_TEST(life->is_due(Slot{0}));
    life->modify(Slot{0}, both);
    BOOST_TEST(life->due() == 1U);
    BOOST_TEST(life->ready() == 1U);
}

// Leaving and coming again.

BOOST_FIXTURE_TEST_CASE(the_request_of_one_that_leaves_is_to_be_cancelled, Parked) {
    BOOST_CHECK(life->remove(slot) == Wish::own);
    BOOST_TEST(life.is_parked(slot));
    BOOST_CHECK(life.requests().need_of(slot) == Need::nothing);
    BOOST_TEST(life.requests().in_flight() == 1U);
    BOOST_TEST(life.backend.is_held_up(), "an unwanted request is in the way of others");
    BOOST_TEST(!life.backend.is_waiting());
    life.requests().note_canceled(Wish::own, slot);
    BOOST_TEST(!own_ends(life, slot));
    BOOST_TEST(life->awake() == 0U);
    BOOST_TEST(!life.backend.is_held_up());
    BOOST_TEST(life.requests().in_flight() == 0U);
    BOOST_TEST(life->due() == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_group_is_cancelled_once_for_all_that_leave, Grouped) {
    BOOST_CHECK(life->remove(Slot{0}) == Wish::group);
    life.requests().note_canceled(Wish::group, no_slot);
    BOOST_CHECK(life->remove(Slot{1}) == Wish::none);
    BOOST_TEST(life.backend.is_waiting(), "two registered ones are due when its packet has come");
    static_cast<void>(life->remove(Slot{2}));
    static_cast<void>(life->remove(Slot{3}));
    BOOST_TEST(!life.backend.is_waiting(), "none is");
    BOOST_TEST(life.backend.is_held_up());
}

BOOST_AUTO_TEST_CASE(one_that_leaves_while_awake_needs_no_cancel) {
    Life life(2);
    life.add(2);
    BOOST_CHECK(life->remove(Slot{0}) == Wish::none);
    BOOST_TEST(life->due() == 1U);
    life->begin_wait(Life::all);
    life->note_answer(Slot{1}, in_bit);
    BOOST_CHECK(life->remove(Slot{1}) == Wish::none);
    BOOST_TEST(life->ready() == 0U, "else no wait would block again");
    BOOST_TEST(life->awake() == 0U);
    BOOST_TEST(!life.backend.is_held_up());
}

BOOST_FIXTURE_TEST_CASE(one_that_comes_again_is_held_while_its_former_request_is_in_flight,
                        Parked) {
    life.backend.remove(slot);
    life.backend.add(slot, out_bit);
    BOOST_CHECK(life.requests().need_of(slot) == Need::end);
    BOOST_TEST(life.backend.is_waiting());
    BOOST_TEST(life->due() == 0U);
    BOOST_TEST(life.backend.look());
    BOOST_TEST(life.calls().polls == 1U);
    life.take_packets();
    BOOST_TEST(life->is_due(slot));
}

BOOST_FIXTURE_TEST_CASE(one_that_comes_again_in_the_group_is_held_until_its_packet, Grouped) {
    life.backend.device.set_ready(slot, in_bit);  // The former socket is.
    life.backend.remove(slot);
    life.backend.add(slot, in_bit);
    BOOST_CHECK(life.requests().need_of(slot) == Need::end);
    life->begin_wait(Life::all);
    life.take_packets();
    BOOST_TEST(life->ready() == 0U, "the answer is the former socket's");
    BOOST_TEST(life->due() == 4U);
}

BOOST_FIXTURE_TEST_CASE(what_is_needed_of_a_group_when_its_packet_comes, Grouped) {
    life.backend.remove(Slot{0});
    BOOST_TEST(life.backend.modify(Slot{1}, both));
    static_cast<void>(life.backend.device.take_packet(0));
    BOOST_CHECK(life->note_ended(Slot{0}) == Need::nothing);
    BOOST_CHECK(life->note_ended(Slot{1}) == Need::end);
    BOOST_CHECK(life->note_ended(Slot{2}) == Need::answer);
    BOOST_TEST(life.requests().is_group_in_flight(), "for the last one");
    BOOST_CHECK(life->note_ended(Slot{3}) == Need::answer);
    BOOST_TEST(!life.requests().is_group_in_flight());
    BOOST_TEST(life->due() == 3U);
    BOOST_TEST(life.requests().in_flight() == 0U);
    BOOST_TEST(!life.backend.is_waiting());
    BOOST_TEST(!life.backend.is_held_up());
}

// Cancels that fail.

BOOST_FIXTURE_TEST_CASE(a_modify_whose_cancel_fails_changes_nothing, Parked) {
    life.backend.failing.cancel = 1;
    BOOST_TEST(!life.backend.modify(slot, both));
    BOOST_CHECK(life.requests().need_of(slot) == Need::answer);
    BOOST_TEST(life->wanted_by(slot) == in_bit);
    BOOST_TEST(!life.requests().has_orphans());
    BOOST_TEST(life.wait_until({0}) == Slots{0}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_request_that_is_not_needed_any_more_is_cancelled_again, Parked) {
    life.backend.failing.cancel = 1;
    life.backend.remove(slot);
    BOOST_TEST(life.requests().has_orphans());
    std::vector<Slot> orphans;
    life.requests().for_each_orphan([&](Slot orphan) { orphans.push_back(orphan); });
    BOOST_TEST((orphans == std::vector<Slot>{slot}));
    life.requests().note_orphan(Wish::own, slot);
    BOOST_TEST(life.backend.look());
    BOOST_TEST(!life.requests().has_orphans());
    BOOST_TEST(life.calls().cancels == 2U);
    life.take_packets();
    BOOST_TEST(!life.backend.is_held_up());
}

BOOST_FIXTURE_TEST_CASE(a_new_registration_is_held_by_a_request_that_cannot_be_cancelled, Parked) {
    life.backend.failing.cancel = 1;
    life.backend.remove(slot);
    life.backend.failing.cancel = 1;
    life.backend.add(slot, both);
    BOOST_CHECK(life.requests().need_of(slot) == Need::end);
    BOOST_TEST(!life.backend.is_waiting(), "its packet is not sure to come");
    life.backend.failing.cancel = 1;
    BOOST_TEST(!life.backend.look(), "the wait hears that the socket cannot be polled");
    BOOST_TEST(life.backend.look());
    BOOST_TEST(life.backend.is_waiting());
    life.take_packets();
    BOOST_TEST(life->is_due(slot));
    BOOST_TEST(!life.requests().has_orphans());
}

BOOST_FIXTURE_TEST_CASE(an_orphan_whose_packet_comes_is_none_any_more, Parked) {
    life.backend.failing.cancel = 1;
    life.backend.remove(slot);
    BOOST_TEST(!own_ends(life, slot));
    BOOST_TEST(!life.requests().has_orphans());
    life.backend.add(slot, in_bit);
    BOOST_TEST(life->is_due(slot));
    BOOST_TEST(life->awake() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_group_that_cannot_be_cancelled_is_tried_again, Grouped) {
    life.backend.failing.cancel = 1;
    life.backend.remove(slot);
    BOOST_TEST(life.requests().is_group_orphan());
    BOOST_TEST(life.requests().has_orphans());
    BOOST_TEST(!life.requests().is_group_canceled());
    BOOST_TEST(life.backend.look());
    BOOST_TEST(!life.requests().has_orphans());
    BOOST_TEST(life.requests().is_group_canceled());
}

BOOST_FIXTURE_TEST_CASE(a_group_orphan_that_ends_by_itself_is_none_any_more, Grouped) {
    life.backend.failing.cancel = 1;
    life.backend.remove(slot);
    life.backend.device.set_ready(Slot{2}, in_bit);
    life->begin_wait(Life::all);
    life.take_packets();
    BOOST_TEST(!life.requests().has_orphans());
    BOOST_TEST(life->ready() == 1U);
    BOOST_TEST(life->awake() == 3U);
}

// Silent ones.

BOOST_AUTO_TEST_CASE(a_silent_one_that_is_armed_is_polled_for_what_it_wants) {
    Life life(1);
    life.backend.add(Slot{0}, in_bit, true);
    life.wait({0});
    life.wait({});
    BOOST_CHECK_MESSAGE(life.requests().must_cancel(Slot{0}, in_bit) == Wish::own,
                        "it was asked for nothing");
    BOOST_TEST(life.backend.modify(Slot{0}, in_bit, true));
    BOOST_CHECK(life.requests().need_of(Slot{0}) == Need::end);
    BOOST_TEST(life.wait({0}) == Slots{0}, boost::test_tools::per_element());
}

// Tags.

BOOST_AUTO_TEST_CASE(each_request_of_a_cell_has_a_tag_of_its_own) {
    Life life(2);
    const std::uint16_t first = life.requests().next_tag(Slot{0});
    BOOST_TEST(life.requests().tag_of(Slot{0}) == first);
    BOOST_TEST(life.requests().next_tag(Slot{0}) != first);
    BOOST_TEST(life.requests().tag_of(Slot{0}) != first);
    life.add(1);
    const std::uint16_t before = life.requests().tag_of(Slot{0});
    life.backend.remove(Slot{0});
    life.backend.add(Slot{0}, in_bit);
    BOOST_TEST(life.requests().next_tag(Slot{0}) != before, "a new registration goes on counting");
}

BOOST_AUTO_TEST_CASE(a_packet_of_a_request_that_was_answered_at_once_ends_nothing) {
    Life life(3);
    life.add(3);
    life.wait({0});
    life.wait({});
    BOOST_TEST(life.requests().in_flight() == 3U);
    life.backend.deliver_stray();
    BOOST_TEST(life.calls().late_packets == 1U);
    BOOST_TEST(life.requests().in_flight() == 3U);
    BOOST_CHECK(life.requests().need_of(Slot{0}) == Need::answer);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test::schedule
