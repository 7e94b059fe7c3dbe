// PollGroup: who is asked with whom, who is parked when, and what becomes of answers that come
// late.
//
// Played without a kernel: the test says what each request is answered. The last case plays random
// programs and compares everything that can be seen with a model that knows no rings.
#include "core/poll_group.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

using namespace wakepoll::core;
namespace data = boost::unit_test::data;
using Place = PollGroup::Place;
using Step = PollGroup::Step;

namespace {

constexpr std::uint32_t in = 1;
constexpr std::uint32_t out = 4;

/// A group with the memory it works on, and the requests that a backend would make.
class Group {
public:
    explicit Group(std::uint32_t slots)
        : members_(slots),
          lots_(PollLot::needed_for(slots)),
          links_(slots),
          group_(members_.data(), lots_.data(), links_.data(), slots) {}

    PollGroup* operator->() { return &group_; }

    void add(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            group_.add(Slot{i});
        }
    }

    /// A wait that asks all who are to be asked; `ready` are, all others are not.
    void round(const std::set<std::uint32_t>& ready) {
        group_.begin_wait();
        look(ready);
    }

    void look(const std::set<std::uint32_t>& ready) {
        for (Step step = group_.next(); step != Step::nothing; step = group_.next()) {
            ++requests;
            const auto is_ready = [&](Slot slot) { return ready.contains(number(slot)); };
            switch (step) {
                case Step::together: {
                    bool any = false;
                    for (const Slot slot : fresh()) {
                        any = any || is_ready(slot);
                    }
                    if (!any) {
                        group_.cover([](Slot) { return in; });
                        break;
                    }
                    for (const Slot slot : fresh()) {
                        if (is_ready(slot)) {
                            group_.answer(slot, in);
                        }
                    }
                    group_.end_round([&](Slot slot) { ask_block(slot, ready); });
                    break;
                }
                case Step::apart:
                    --requests;
                    group_.for_each_fresh_block([&](Slot slot) { ask_block(slot, ready); });
                    break;
                case Step::cancel:
                    group_.note_canceled();
                    break;
                case Step::nothing:
                    break;
            }
        }
    }

    /// Asks all fresh slots of a block that are not busy, in as few requests as that takes.
    void ask_block(Slot of_block, const std::set<std::uint32_t>& ready) {
        group_.for_each_of_block(of_block, [&](Slot slot) {
            while (group_.place_of(slot) == Place::fresh && !group_.is_busy(slot)) {
                const PollGroup::Request request = group_.request_for(slot);
                ++requests;
                bool any = false;
                for (std::uint32_t i = 0; i < request.count; ++i) {
                    if (ready.contains(number(request.slots[i]))) {
                        group_.answer(request.slots[i], in);
                        any = true;
                    }
                }
                if (!any) {
                    group_.park(request, [](Slot) { return in; });
                    continue;
                }
                for (std::uint32_t i = 0; i < request.count; ++i) {
                    if (group_.place_of(request.slots[i]) == Place::fresh) {
                        group_.dismiss(request.slots[i]);
                    }
                }
            }
        });
    }

    /// The packets of all requests but the group's.
    void end_requests(std::uint32_t slots) {
        for (std::uint32_t i = 0; i < slots; ++i) {
            const Slot lot = group_.lot_over(Slot{i});
            if (lot == Slot{i}) {
                group_.lot_ended(lot);
            } else if (lot == no_slot && group_.is_busy(Slot{i})) {
                (void)group_.own_ended(Slot{i});
            }
        }
    }

    /// Those that a report would give, which takes them.
    std::vector<std::uint32_t> reported(std::size_t room = 1000) {
        std::vector<std::uint32_t> slots;
        for (std::uint32_t left = group_.awake(); left > 0 && slots.size() < room; --left) {
            const Slot slot = group_.cursor();
            if (group_.answered(slot) != 0) {
                slots.push_back(number(slot));
                group_.take(slot);
            }
            group_.advance();
        }
        return slots;
    }

    std::vector<Slot> fresh() {
        std::vector<Slot> slots;
        group_.for_each_fresh([&](Slot slot) { slots.push_back(slot); });
        return slots;
    }

    Place place(std::uint32_t slot) const { return group_.place_of(Slot{slot}); }

    static std::uint32_t number(Slot slot) { return static_cast<std::uint32_t>(slot); }

    int requests = 0;

private:
    std::vector<PollGroup::Member> members_;
    std::vector<PollGroup::Lot> lots_;
    std::vector<SlotRing::Link> links_;
    PollGroup group_;
};

using Slots = std::vector<std::uint32_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(poll_group)

BOOST_AUTO_TEST_CASE(nobody_is_asked_in_an_empty_group) {
    Group group(1);
    group->begin_wait();
    BOOST_CHECK(group->next() == Step::nothing);
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

BOOST_AUTO_TEST_CASE(the_quiet_ones_are_parked_by_lots_when_their_credit_is_used_up) {
    Group group(20);
    group.add(20);
    group.round({3});  // The others lose the credit of a newcomer.
    BOOST_TEST(group.requests == 1);
    BOOST_CHECK(group.place(0) == Place::asked);
    group.round({3});
    BOOST_TEST(group.requests == 2 + 2, "0 to 15 are a block, and 16 to 19 begin another");
    BOOST_CHECK(group.place(0) == Place::in_lot);
    BOOST_CHECK(group.place(19) == Place::in_lot);
    BOOST_CHECK(group.place(3) == Place::asked);
    BOOST_TEST(!group->is_busy(Slot{3}));
    group.round({3});
    BOOST_TEST(group.requests == 2 + 2 + 1);
}

BOOST_AUTO_TEST_CASE(who_was_ready_three_times_is_given_four_rounds) {
    Group group(2);
    group.add(2);
    for (int waits = 0; waits < 3; ++waits) {
        group.round({0, 1});
    }
    for (int waits = 0; waits < 3; ++waits) {
        group.round({1});
        BOOST_CHECK(group.place(0) == Place::asked);
    }
    group.round({1});
    BOOST_CHECK(group.place(0) == Place::parked);
}

BOOST_AUTO_TEST_CASE(an_idle_crowd_is_parked_sixteen_to_a_request) {
    Group group(1000);
    group.add(1000);
    group.round({0});
    group.round({0});
    BOOST_TEST(group.requests == 2 + 63);
    BOOST_TEST(group->in_flight() == 63U);
    BOOST_TEST(group->awake() == 1U);
}

BOOST_AUTO_TEST_CASE(a_restless_crowd_is_parked_a_part_at_a_time) {
    Group group(1000);
    group.add(1000);
    for (std::uint32_t i = 0; i < 1000; ++i) {
        group->keep_alone(Slot{i});
    }
    group.round({0});
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
    group.round({31});
    group.round({31});
    BOOST_CHECK(group.place(5) == Place::in_lot);
    const Slot lot = group->cell_of_lot(Slot{5});
    group->lot_ended(lot);
    BOOST_TEST(group->fresh() == 16U);
    group.look({5});
    BOOST_TEST(group.reported() == (Slots{31, 5}), boost::test_tools::per_element());
    group.round({31});
    group.round({31});
    BOOST_CHECK(group.place(4) == Place::in_lot);
    group.round({31});
    BOOST_CHECK(group.place(5) == Place::parked);
    BOOST_TEST(group->own_ended(Slot{5}));
    BOOST_TEST(group->fresh() == 1U);
}

BOOST_AUTO_TEST_CASE(a_lot_uses_cells_of_its_own_members) {
    Group group(16);
    group.add(16);
    // Every third is active: runs of two have room for four each, and there is one lot a block.
    group.round({0, 3, 6, 9, 12, 15});
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
    group.round({16});
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
    group.round({16});
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
    group.round({16});
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
    group.round({16});
    group.round({16});
    group.round({16});
    group.round({16});
    BOOST_CHECK(group->place_of(Slot{1}) != Place::asked);
    group.end_requests(17);
    BOOST_CHECK(group->place_of(Slot{1}) == Place::fresh);
}

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
    for (int waits = 0; waits < 2; ++waits) {
        group.round({1});
        BOOST_CHECK(group.place(0) == Place::asked);
    }
    group.round({1});
    BOOST_CHECK(group.place(0) == Place::parked);
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
    BOOST_CHECK(group->next() == Step::together);  // Its own memory is still the kernel's.
    BOOST_TEST(group->own_ended(Slot{0}));
    BOOST_CHECK(group->next() == Step::apart);
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

BOOST_AUTO_TEST_CASE(where_one_is_no_socket_all_are_asked_apart) {
    Group group(3);
    group.add(3);
    group->begin_wait();
    BOOST_CHECK(group->next() == Step::together);
    group->part();
    BOOST_CHECK(group->next() == Step::apart);
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
