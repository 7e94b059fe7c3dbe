// PollGroup: who is asked with whom, and whose turn it is.
//
// The last case plays random programs and compares the numbers of the group with what can be
// counted.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "poll_group_requests.hpp"

namespace data = boost::unit_test::data;

namespace wakepoll::core::test {

BOOST_AUTO_TEST_SUITE(poll_group)

BOOST_AUTO_TEST_CASE(nobody_is_asked_in_an_empty_group) {
    Group group(1);
    group->begin_wait();
    BOOST_CHECK(group->next() == PollGroup::Step::nothing);
    BOOST_TEST(!group->is_waiting());
    BOOST_CHECK(group->cursor() == no_slot);
}

BOOST_AUTO_TEST_CASE(many_newcomers_are_one_request) {
    Group group(1000);
    group.add(1000);
    group.round({});
    BOOST_TEST(group.requests == 1);
    BOOST_TEST(group->in_flight() == 1U);
    BOOST_CHECK(group.place(999) == Place::covered);
    group.round({});
    BOOST_TEST(group.requests == 1, "what is in flight is not asked again");
}

BOOST_AUTO_TEST_CASE(one_newcomer_is_asked_alone) {
    Group group(2);
    group.add(1);
    group.round({});
    BOOST_TEST(group.requests == 1);
    BOOST_CHECK(group.place(0) == Place::parked);
    BOOST_TEST(group->in_flight() == 1U);
}

BOOST_AUTO_TEST_CASE(who_stays_ready_is_asked_with_the_others_in_one_request) {
    Group group(100);
    group.add(100);
    std::set<std::uint32_t> all;
    for (std::uint32_t i = 0; i < 100; ++i) {
        all.insert(i);
    }
    for (int waits = 1; waits <= 5; ++waits) {
        group.round(all);
        BOOST_TEST(group.requests == waits);
        BOOST_TEST(group.reported().size() == 100U);
    }
}

BOOST_AUTO_TEST_CASE(a_group_in_flight_is_left_alone_by_one_that_is_active) {
    Group group(20);
    group.add(19);
    group.round({});
    group->add(Slot{19});
    for (int waits = 1; waits <= 10; ++waits) {
        group.round({19});
        BOOST_TEST(group.requests == 1 + waits);
        BOOST_TEST(group.reported() == Slots{19}, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(two_that_stay_active_beside_a_group_in_flight_join_it) {
    Group group(20);
    group.add(18);
    group.round({});
    group->add(Slot{18});
    group->add(Slot{19});
    group.round({18, 19});
    group.round({18, 19});
    BOOST_CHECK(group.place(19) == Place::asked);
    BOOST_TEST(group.requests == 3, "neighbours are asked in one request");
    group.round({18, 19});
    BOOST_TEST(group->is_waiting());
    BOOST_TEST(group.reported().empty());
    group->group_ended();
    BOOST_TEST(!group->is_waiting());
    group.look({18, 19});
    BOOST_TEST(group.reported().size() == 2U);
    for (std::uint32_t i = 1; i < PollGroup::rounds_a_credit; ++i) {
        group.round({18, 19});
    }
    const int before = group.requests;
    group.round({18, 19});
    BOOST_TEST(group.requests - before == 1 + 2, "one for both, and the quiet ones are parked");
    group.round({18, 19});
    BOOST_TEST(group.requests - before == 1 + 2 + 1);
}

BOOST_AUTO_TEST_CASE(whom_a_cancelled_group_covers_are_waited_for_without_newcomers) {
    Group group(20);
    group.add(18);
    group.round({});
    group->add(Slot{18});
    group->add(Slot{19});
    for (int wait = 0; wait < 3; ++wait) {
        group.round({18, 19});
    }
    BOOST_TEST(group->is_waiting());
    group->remove(Slot{18}, true);
    group->remove(Slot{19}, true);
    BOOST_TEST(group->is_waiting(), "the others have something to say only after its packet");
    group->group_ended();
    BOOST_TEST(!group->is_waiting());
    BOOST_TEST(group->fresh() == 18U);
}

BOOST_DATA_TEST_CASE(newcomers_beside_a_group_in_flight,
                     data::make(std::vector<std::uint32_t>{1, 2, 16, 17, 32, 33, 100}), count) {
    Group group(300);
    group.add(10);
    group.round({});
    for (std::uint32_t i = 0; i < count; ++i) {
        group->add(Slot{160 + i});
    }
    group.round({});
    const bool few = count <= PollGroup::most_apart;
    const std::uint32_t lots = few ? (count + 15) / 16 : 0;
    BOOST_TEST(group->is_waiting() == !few);
    BOOST_TEST(group.requests == 1 + static_cast<int>(few ? lots : 1));
    BOOST_TEST(group->in_flight() == 1 + lots);
}

BOOST_AUTO_TEST_CASE(where_one_is_no_socket_all_are_asked_apart) {
    Group group(3);
    group.add(3);
    group->begin_wait();
    BOOST_CHECK(group->next() == PollGroup::Step::together);
    group->part();
    BOOST_CHECK(group->next() == PollGroup::Step::apart);
    group->remove(Slot{1}, true);
    group->keep_alone(Slot{0});
    group->keep_alone(Slot{2});
    group.look({2});
    BOOST_CHECK(group.place(0) == Place::parked);
    BOOST_TEST(group.reported() == Slots{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_has_its_turn_where_there_is_little_room) {
    Group group(7);
    group.add(7);
    std::set<std::uint32_t> seen;
    for (int waits = 0; waits < 4; ++waits) {  // ceil(7 / 2)
        group.round({0, 1, 2, 3, 4, 5, 6});
        for (const std::uint32_t slot : group.reported(2)) {
            seen.insert(slot);
        }
    }
    BOOST_TEST(seen.size() == 7U);
}

BOOST_DATA_TEST_CASE(random_programs_keep_the_numbers, data::xrange(200), seed) {
    constexpr std::uint32_t slots = 40;
    Group group(slots);
    std::mt19937 random(static_cast<unsigned>(seed));
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    std::set<std::uint32_t> busy;  // Requests of their own that are in flight.
    bool in_flight = false;
    for (int step = 0; step < 400; ++step) {
        const std::uint32_t slot = below(slots);
        switch (below(6)) {
            case 0:
                if (group.place(slot) == Place::absent) {
                    group->add(Slot{slot});
                }
                break;
            case 1:
                group->remove(Slot{slot}, below(2) == 0);
                break;
            case 2:
                if (group.place(slot) != Place::absent) {
                    group->modify(Slot{slot}, below(2) == 0 ? in : in | out);
                }
                break;
            case 3:
                if (group->lot_over(Slot{slot}) != no_slot) {
                    group->lot_ended(Slot{slot});
                } else if (busy.contains(slot)) {
                    (void)group->own_ended(Slot{slot});
                }
                break;
            case 4:
                if (in_flight) {
                    group->group_ended();
                }
                break;
            default: {
                std::set<std::uint32_t> ready;
                for (std::uint32_t i = below(5); i > 0; --i) {
                    ready.insert(below(slots));
                }
                group.round(ready);
                for (const std::uint32_t reported : group.reported(1 + below(3))) {
                    BOOST_REQUIRE(ready.contains(reported));
                }
            }
        }
        std::uint32_t awake = 0;
        std::uint32_t fresh = 0;
        std::uint32_t requests = 0;
        busy.clear();
        for (std::uint32_t i = 0; i < slots; ++i) {
            awake += group.place(i) == Place::fresh || group.place(i) == Place::asked ? 1U : 0U;
            fresh += group.place(i) == Place::fresh ? 1U : 0U;
            if (group->is_busy(Slot{i})) {
                busy.insert(i);
                const Slot lot = group->lot_over(Slot{i});
                requests += lot == no_slot || lot == Slot{i} ? 1U : 0U;
            }
            BOOST_REQUIRE((group.place(i) != Place::parked || group->is_busy(Slot{i})));
            BOOST_REQUIRE((group.place(i) != Place::covered || group->is_group_in_flight()));
        }
        in_flight = group->is_group_in_flight();
        BOOST_REQUIRE_EQUAL(group->awake(), awake);
        BOOST_REQUIRE_EQUAL(group->fresh(), fresh);
        BOOST_REQUIRE_EQUAL(group.fresh().size(), fresh);
        BOOST_REQUIRE_EQUAL(group->in_flight(), requests + (in_flight ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::core::test
