// PollSchedule: one-shot registrations, which are silent when they have reported.
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "poll_schedule_life.hpp"

namespace wakepoll::core::test::schedule {
namespace {

BOOST_AUTO_TEST_SUITE(poll_schedule)

BOOST_AUTO_TEST_CASE(a_one_shot_that_has_reported_is_asked_for_nothing) {
    Life life(1);
    life.backend.add(Slot{0}, in_bit, true);
    BOOST_TEST(life.wait({0}) == Slots{0}, boost::test_tools::per_element());
    BOOST_TEST(life->wanted_by(Slot{0}) == 0U);
    BOOST_TEST(life.wait({0}).empty());
    BOOST_TEST(life.is_parked(Slot{0}));
    BOOST_TEST(life.wait({0}).empty());
    BOOST_TEST(life.calls().polls == 2U);
}

BOOST_AUTO_TEST_CASE(silent_ones_are_polled_together_at_first_and_for_nothing) {
    Life life(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        life.backend.add(Slot{i}, in_bit, true);
    }
    life.wait({0, 1, 2});
    const std::uint64_t before = life.calls().polls;
    BOOST_TEST(life.wait({0, 1, 2}).empty());
    BOOST_TEST(life.calls().polls - before == 1U);
    BOOST_REQUIRE(life.requests().is_group_in_flight());
    for (const Asked& one : life.backend.device.group()->asked) {
        BOOST_TEST(one.events == 0U);
    }
    BOOST_TEST(life.wait({0, 1, 2}).empty());
    BOOST_TEST(life.calls().polls - before == 1U);
}

BOOST_AUTO_TEST_CASE(a_silent_one_that_is_quiet_for_longer_than_patience_is_parked_alone) {
    Life life(3);
    life.make_active(1, 2);
    life.backend.add(Slot{0}, in_bit, true);
    life.wait({0, 1, 2});
    for (std::uint32_t rounds = 1; rounds <= PollSchedule::patience; ++rounds) {
        life.wait({1, 2});
        BOOST_CHECK(life.requests().covering(Slot{0}) == Wish::none);
    }
    life.wait({1, 2});
    BOOST_TEST(life.is_parked(Slot{0}));
    BOOST_TEST(!life.is_parked(Slot{1}));
}

BOOST_AUTO_TEST_CASE(one_that_is_silent_from_the_beginning_is_parked_alone) {
    // As a move from another backend brings them.
    for (int rounds = 0; rounds < 3; ++rounds) {
        Life life(2);
        life.add(1);
        for (int waits = 0; waits < rounds; ++waits) {
            life.wait({0});
        }
        life->add(Slot{1}, in_bit);
        life->silence(Slot{1});
        BOOST_TEST(!life->joins_group(Slot{1}));
    }
}

BOOST_AUTO_TEST_CASE(an_active_one_shot_that_is_armed_again_joins) {
    Life life(2);
    for (int times = 0; times < 3; ++times) {
        for (std::uint32_t i = 0; i < 2; ++i) {
            if (times == 0) {
                life.backend.add(Slot{i}, in_bit, true);
            } else {
                BOOST_TEST(life.backend.modify(Slot{i}, in_bit, true));
            }
        }
        BOOST_TEST(life.wait({0, 1}).size() == 2U);
    }
    life->begin_wait(Life::all);
    BOOST_TEST(life->wanted_by(Slot{0}) == 0U);
    BOOST_TEST(life.backend.modify(Slot{0}, in_bit, true));
    BOOST_TEST(life->joins_group(Slot{0}));
    BOOST_TEST(life->wanted_by(Slot{0}) == in_bit);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_silent_socket_is_noticed) {
    Life life(1);
    life.backend.add(Slot{0}, in_bit, true);
    life.wait({0});
    life.wait({});
    life.backend.device.close(Slot{0});
    BOOST_TEST(life.wait({}).empty());
    BOOST_TEST(life->awake() == 0U);
    BOOST_TEST(life.requests().in_flight() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test::schedule
