// SlotRing: each member is visited in turn, whatever joins and leaves; compared with a list.
#include "core/slot_ring.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

namespace wakepoll::core::test {
namespace {

constexpr std::size_t slots = 12;
using Links = std::array<SlotRing::Link, slots>;

constexpr Slot slot(std::size_t index) { return Slot{static_cast<std::uint32_t>(index)}; }

std::vector<std::size_t> round(SlotRing& ring) {
    std::vector<std::size_t> order;
    for (std::uint32_t i = 0; i < ring.size(); ++i) {
        order.push_back(index_of(ring.cursor()));
        ring.advance();
    }
    return order;
}

BOOST_AUTO_TEST_SUITE(slot_ring)

BOOST_AUTO_TEST_CASE(an_empty_ring_has_no_member) {
    Links links{};
    SlotRing ring(links.data());
    BOOST_TEST(ring.empty());
    BOOST_TEST(ring.size() == 0U);
    BOOST_CHECK(ring.cursor() == no_slot);
    ring.advance();
    BOOST_CHECK(ring.cursor() == no_slot);
    BOOST_TEST(!ring.is_linked(slot(3)));
}

BOOST_AUTO_TEST_CASE(visits_go_round_in_the_order_of_arrival) {
    Links links{};
    SlotRing ring(links.data());
    for (const std::size_t index : {5U, 2U, 9U}) {
        ring.add(slot(index));
    }
    const std::vector<std::size_t> order = {5, 2, 9};
    BOOST_TEST(round(ring) == order, boost::test_tools::per_element());
    BOOST_TEST(round(ring) == order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_newcomer_is_visited_last) {
    Links links{};
    SlotRing ring(links.data());
    for (const std::size_t index : {0U, 1U, 2U}) {
        ring.add(slot(index));
    }
    ring.advance();
    ring.add(slot(7));
    const std::vector<std::size_t> order = {1, 2, 0, 7};
    BOOST_TEST(round(ring) == order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_one_leaves_those_behind_move_up) {
    Links links{};
    SlotRing ring(links.data());
    for (const std::size_t index : {0U, 1U, 2U, 3U}) {
        ring.add(slot(index));
    }
    ring.advance();
    ring.remove(slot(1));  // Whose turn it is.
    BOOST_CHECK(ring.cursor() == slot(2));
    ring.remove(slot(0));
    const std::vector<std::size_t> order = {2, 3};
    BOOST_TEST(round(ring) == order, boost::test_tools::per_element());
    ring.remove(slot(2));
    ring.remove(slot(3));
    BOOST_TEST(ring.empty());
    BOOST_CHECK(ring.cursor() == no_slot);
}

BOOST_AUTO_TEST_CASE(all_zero_memory_is_links_in_no_ring) {
    Links links;
    std::memset(static_cast<void*>(links.data()), 0, sizeof(links));
    SlotRing ring(links.data());
    for (std::size_t i = 0; i < slots; ++i) {
        BOOST_TEST(!ring.is_linked(slot(i)));
    }
    ring.add(slot(0));
    BOOST_TEST(ring.is_linked(slot(0)));
    BOOST_CHECK(ring.next(slot(0)) == slot(0));
    ring.remove(slot(0));
    BOOST_TEST(links[0].next == 0U);
    BOOST_TEST(links[0].previous == 0U);
}

BOOST_AUTO_TEST_CASE(each_member_is_visited_once_from_the_cursor_on) {
    Links links{};
    SlotRing ring(links.data());
    std::vector<std::size_t> order;
    const auto note = [&](Slot visited) { order.push_back(index_of(visited)); };
    ring.for_each(note);
    BOOST_TEST(order.empty());
    for (const std::size_t index : {4U, 0U, 11U}) {
        ring.add(slot(index));
    }
    ring.advance_to(slot(0));
    ring.for_each(note);
    const std::vector<std::size_t> expected = {0, 11, 4};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
    BOOST_CHECK(ring.cursor() == slot(0));
}

// Each subset of a ring leaves while it is visited, from each place of the cursor.
BOOST_AUTO_TEST_CASE(a_visited_member_may_leave) {
    constexpr std::size_t members = 5;
    for (std::size_t cursor = 0; cursor < members; ++cursor) {
        for (unsigned leaving = 0; leaving < 1U << members; ++leaving) {
            Links links{};
            SlotRing ring(links.data());
            for (std::size_t i = 0; i < members; ++i) {
                ring.add(slot(i));
            }
            ring.advance_to(slot(cursor));
            std::vector<std::size_t> visited;
            std::vector<std::size_t> staying;
            ring.for_each([&](Slot member) {
                visited.push_back(index_of(member));
                if ((leaving >> index_of(member) & 1U) != 0) {
                    ring.remove(member);
                } else {
                    staying.push_back(index_of(member));
                }
            });
            BOOST_REQUIRE(visited.size() == members);
            BOOST_REQUIRE(visited.front() == cursor);
            std::sort(visited.begin(), visited.end());
            BOOST_REQUIRE(std::unique(visited.begin(), visited.end()) == visited.end());
            BOOST_REQUIRE(round(ring) == staying);
        }
    }
}

BOOST_AUTO_TEST_CASE(two_rings_share_the_links) {
    Links links{};
    SlotRing one(links.data());
    SlotRing other(links.data());
    for (std::size_t i = 0; i < 8; ++i) {
        (i % 2 == 0 ? one : other).add(slot(i));
    }
    BOOST_TEST(one.is_linked(slot(1)));  // In the other one.
    const std::vector<std::size_t> even = {0, 2, 4, 6};
    const std::vector<std::size_t> odd = {1, 3, 5, 7};
    BOOST_TEST(round(one) == even, boost::test_tools::per_element());
    BOOST_TEST(round(other) == odd, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_is_a_queue_whatever_happens) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        std::mt19937_64 random(seed);
        Links links{};
        SlotRing ring(links.data());
        std::deque<std::size_t> expected;  // From whose turn it is.
        for (int i = 0; i < 100; ++i) {
            const std::size_t index = random() % slots;
            const auto found = std::find(expected.begin(), expected.end(), index);
            BOOST_REQUIRE(ring.is_linked(slot(index)) == (found != expected.end()));
            if (random() % 2 == 0) {
                ring.advance();
                if (!expected.empty()) {
                    expected.push_back(expected.front());
                    expected.pop_front();
                }
            } else if (found == expected.end()) {
                ring.add(slot(index));
                expected.push_back(index);
            } else {
                ring.remove(slot(index));
                expected.erase(found);
            }
            BOOST_REQUIRE(ring.size() == expected.size());
            BOOST_REQUIRE(expected.empty() || ring.cursor() == slot(expected.front()));
        }
        const std::vector<std::size_t> rest(expected.begin(), expected.end());
        BOOST_REQUIRE(round(ring) == rest);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
