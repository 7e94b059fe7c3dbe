// RegistrationTable: how a registration ends, and what keeps its slot then.
//
// A slot outlives its registration while something else needs it: operations in flight, a poll in
// flight, or the handle's association with the port.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "core/registration_table.hpp"

namespace wakepoll::core::test {
namespace {

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(registration_table)

struct Fixture {
    static constexpr std::uint32_t capacity = 4;
    const Handle handle{std::uintptr_t{44}};
    const Handle other_handle{std::uintptr_t{48}};

    std::vector<Registration> slots{capacity};
    std::vector<std::uint32_t> index{
        std::vector<std::uint32_t>(RegistrationTable::index_size(capacity))};
    RegistrationTable table{slots.data(), index.data(), capacity};

    Slot add(Handle added) {
        const Slot slot = table.insert(added);
        BOOST_REQUIRE(slot != no_slot);
        table.begin_registration(slot);
        return slot;
    }
};

/// What keeps a slot, as bits.
constexpr unsigned by_port = 1;
constexpr unsigned by_poll = 2;
constexpr unsigned by_operation = 4;

void keep(Registration& registration, unsigned what) {
    registration.associated = (what & by_port) != 0;
    registration.polled = (what & by_poll) != 0;
    registration.operations = (what & by_operation) != 0 ? 2 : 0;
}

BOOST_FIXTURE_TEST_CASE(registrations_are_counted_apart_from_slots, Fixture) {
    const Slot slot = table.insert(handle);
    BOOST_TEST(table.size() == 1U);
    BOOST_TEST(table.registered() == 0U);
    table.begin_registration(slot);
    table.begin_registration(slot);
    BOOST_TEST(table.registered() == 1U);
    add(other_handle);
    BOOST_TEST(table.registered() == 2U);
    table.end_registration(slot);
    BOOST_TEST(table.registered() == 1U);
    BOOST_TEST(table.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_end_of_a_registration_gives_up_a_slot_that_nothing_keeps, Fixture) {
    const Slot slot = add(handle);
    const std::uint32_t before = table[slot].generation;
    table.end_registration(slot);
    BOOST_TEST(!table[slot].active);
    BOOST_TEST(table[slot].generation != before);
    BOOST_CHECK(table.find(handle) == no_slot);
    BOOST_TEST(table.size() == 0U);
    BOOST_TEST(table.registered() == 0U);
}

BOOST_DATA_TEST_CASE_F(Fixture, a_slot_that_something_keeps_stays, data::xrange(1U, 8U), reasons) {
    unsigned what = reasons;
    const Slot slot = add(handle);
    keep(table[slot], what);
    table[slot].interest = IoInterest::read;
    table[slot].base = 44;
    table[slot].user_data = 7;
    const std::uint32_t before = table[slot].generation;
    table.end_registration(slot);
    BOOST_CHECK(table.find(handle) == slot);
    BOOST_TEST(bool{table[slot].active});
    BOOST_TEST(!table[slot].registered);
    BOOST_CHECK(table[slot].interest == IoInterest::none);
    BOOST_TEST(table[slot].base == 0U);
    BOOST_TEST(table[slot].generation == before + 1);
    BOOST_TEST(table.size() == 1U);
    BOOST_TEST(table.registered() == 0U);

    // Each of the reasons may be the last.
    for (unsigned reason = by_port; reason <= by_operation; reason *= 2) {
        if ((what & reason) != 0) {
            what &= ~reason;
            table.release(slot);
            BOOST_TEST(bool{table[slot].active});
            keep(table[slot], what);
        }
    }
    table.release(slot);
    BOOST_TEST(!table[slot].active);
    BOOST_CHECK(table.find(handle) == no_slot);
}

BOOST_FIXTURE_TEST_CASE(a_registered_slot_is_not_released, Fixture) {
    const Slot slot = add(handle);
    table.release(slot);
    BOOST_TEST(bool{table[slot].active});
    BOOST_TEST(bool{table[slot].registered});
    BOOST_CHECK(table.find(handle) == slot);
}

BOOST_FIXTURE_TEST_CASE(a_slot_can_be_erased_whatever_keeps_it, Fixture) {
    const Slot slot = add(handle);
    keep(table[slot], by_port | by_poll | by_operation);
    table.erase(slot);
    BOOST_TEST(table.size() == 0U);
    BOOST_TEST(table.registered() == 0U);
    BOOST_CHECK(table.insert(other_handle) == slot);
    BOOST_TEST(!table[slot].associated);
    BOOST_TEST(!table[slot].polled);
    BOOST_TEST(table[slot].operations == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_slot_whose_number_is_another_objects_keeps_its_poll_alone, Fixture) {
    const Slot slot = add(handle);
    keep(table[slot], by_port | by_poll | by_operation);
    table[slot].user_data = 7;
    table[slot].type = HandleType::socket;
    table[slot].stream = true;
    table[slot].skips = true;
    table[slot].entry = 3;
    table.end_registration(slot);
    const std::uint32_t before = table[slot].generation;
    table.renew(slot);
    const Registration& renewed = table[slot];
    BOOST_CHECK(table.find(handle) == slot);
    BOOST_CHECK(renewed.handle == handle);
    BOOST_TEST(bool{renewed.active});
    BOOST_TEST(bool{renewed.polled});
    BOOST_TEST(!renewed.associated);
    BOOST_TEST(!renewed.stream);
    BOOST_TEST(!renewed.skips);
    BOOST_TEST(renewed.operations == 0U);
    BOOST_TEST(renewed.entry == 0U);
    BOOST_TEST(renewed.user_data == 0U);
    BOOST_CHECK(renewed.type == HandleType::unknown);
    BOOST_TEST(renewed.generation == before + 1);
    BOOST_TEST(table.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_slot_that_was_used_is_preferred_to_a_new_one, Fixture) {
    BOOST_TEST(table.used() == 0U);
    for (std::uintptr_t round = 1; round <= 10; ++round) {
        const Slot slot = add(Handle{round * 4});
        table.end_registration(slot);
    }
    BOOST_TEST(table.used() == 1U);
    const Slot first = add(handle);
    add(other_handle);
    BOOST_TEST(table.used() == 2U);
    table.end_registration(first);
    BOOST_TEST(table.used() == 2U, "it says what was in use at some time");
}

BOOST_FIXTURE_TEST_CASE(slots_that_were_never_used_are_not_touched, Fixture) {
    for (std::uint32_t i = 1; i < capacity; ++i) {
        slots[i].user_data = 100 + i;
    }
    for (std::uintptr_t round = 1; round <= 10; ++round) {
        table.end_registration(add(Handle{round * 4}));
    }
    for (std::uint32_t i = 1; i < capacity; ++i) {
        BOOST_TEST(slots[i].user_data == 100 + i);
        BOOST_TEST(slots[i].generation == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
