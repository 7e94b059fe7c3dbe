// OperationList: an entry's way from the pool and back, and the two lists that run through the
// entries.
#include "core/operation_list.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <random>
#include <vector>

namespace wakepoll::core::test {
namespace {

using Purpose = PoolEntry::Purpose;

struct Fixture {
    static constexpr std::uint32_t capacity = 8;

    std::array<PoolEntry, capacity> entries{};
    EntryPool pool{entries.data(), capacity};
    OperationList list{pool};

    PoolEntry& acquire() {
        PoolEntry* const entry = list.acquire(Purpose::operation, {Slot{3}, 17});
        BOOST_REQUIRE(entry != nullptr);
        return *entry;
    }

    /// Those in flight, the oldest first.
    [[nodiscard]] std::deque<const PoolEntry*> in_flight() const {
        std::deque<const PoolEntry*> found;
        for (const PoolEntry* entry = list.first_in_flight(); entry != nullptr;
             entry = list.next_in_flight(*entry)) {
            found.push_back(entry);
        }
        return found;
    }
};

BOOST_AUTO_TEST_SUITE(operation_list)

BOOST_FIXTURE_TEST_CASE(an_entry_knows_whose_it_is, Fixture) {
    PoolEntry& entry = acquire();
    BOOST_CHECK(entry.purpose == Purpose::operation);
    BOOST_CHECK((entry.use == SlotUse{Slot{3}, 17}));
    BOOST_CHECK(entry.state() == OverlappedState::idle);
    BOOST_TEST(!entry.reported);
    BOOST_TEST(!static_cast<bool>(entry.accepted));
    BOOST_TEST(&list[list.index_of(entry)] == &entry);
    BOOST_TEST(list.find(&entry) == &entry);
    list.give_back(entry);
    BOOST_TEST(list.find(&entry) == nullptr);
    BOOST_TEST(pool.active_count() == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_entry_that_was_used_comes_back_as_new, Fixture) {
    PoolEntry& entry = acquire();
    entry.accepted = Handle(std::uintptr_t{44});
    entry.user_data = 5;
    list.start(entry);
    list.cancel(entry);
    list.complete(entry);
    entry.reported = true;
    list.give_back(entry);
    PoolEntry* const again = pool.acquire();
    BOOST_REQUIRE(again == &entry);
    BOOST_CHECK(again->purpose == Purpose::own_call);
    BOOST_CHECK(again->state() == OverlappedState::idle);
    BOOST_TEST(!again->reported);
    BOOST_TEST(!static_cast<bool>(again->accepted));
    BOOST_TEST(again->user_data == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_pool_is_shared_with_the_user, Fixture) {
    std::vector<PoolEntry*> taken;
    for (std::uint32_t i = 0; i < capacity; ++i) {
        taken.push_back(i % 2 == 0 ? pool.acquire() : &acquire());
    }
    BOOST_TEST(list.acquire(Purpose::operation, {Slot{0}, 0}) == nullptr);
    BOOST_TEST(!pool.release(taken[0]));
    BOOST_TEST(list.acquire(Purpose::readiness, {Slot{0}, 0}) == taken[0]);
}

BOOST_FIXTURE_TEST_CASE(a_user_can_release_what_was_reported_and_nothing_else, Fixture) {
    PoolEntry& entry = acquire();
    constexpr auto busy = std::errc::device_or_resource_busy;
    BOOST_CHECK(pool.release(&entry) == busy);
    list.start(entry);
    BOOST_CHECK(pool.release(&entry) == busy);
    list.cancel(entry);
    BOOST_CHECK(pool.release(&entry) == busy);
    list.complete(entry);
    BOOST_CHECK(pool.release(&entry) == busy);
    entry.reported = true;
    BOOST_TEST(!pool.release(&entry));
    BOOST_TEST(pool.active_count() == 0U);
    PoolEntry& readiness = *list.acquire(Purpose::readiness, {Slot{1}, 1});
    BOOST_CHECK(pool.release(&readiness) == busy);
}

BOOST_FIXTURE_TEST_CASE(what_is_done_without_a_packet_waits_in_order, Fixture) {
    std::vector<PoolEntry*> done;
    for (std::uint32_t i = 0; i < 4; ++i) {
        done.push_back(&acquire());
        done.back()->code = 20 + i;
        list.finish(*done.back());
    }
    BOOST_TEST(list.finished() == 4U);
    BOOST_TEST(list.in_flight() == 0U);
    for (std::uint32_t i = 0; i < 4; ++i) {
        PoolEntry* const entry = list.next_finished();
        BOOST_REQUIRE(entry == done[i]);
        BOOST_CHECK(entry->state() == OverlappedState::completed);
        BOOST_TEST(entry->code == 20 + i);
    }
    BOOST_TEST(list.next_finished() == nullptr);
    BOOST_TEST(list.finished() == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_is_kept_in_order_is_held_behind_what_is_in_flight, Fixture) {
    PoolEntry& oldest = acquire();
    PoolEntry& middle = acquire();
    PoolEntry& newest = acquire();
    PoolEntry& other_kind = acquire();
    PoolEntry& other_handle = *list.acquire(Purpose::operation, {Slot{4}, 17});
    PoolEntry& other_tenant = *list.acquire(Purpose::operation, {Slot{3}, 18});
    other_kind.operation = IoOperation::write;
    for (PoolEntry* const entry :
         {&oldest, &middle, &newest, &other_kind, &other_handle, &other_tenant}) {
        entry->in_order = true;
    }
    list.start(oldest);
    list.start(newest);
    list.finish(middle);
    BOOST_TEST(list.finished() == 0U);
    list.finish(other_kind);
    list.finish(other_handle);
    list.finish(other_tenant);
    BOOST_TEST(list.finished() == 3U);
    BOOST_TEST(list.next_finished() == &other_kind);

    // The newest has its packet first: it is behind the one that is held.
    list.complete(newest);
    BOOST_TEST(list.is_behind_a_finished_one(newest));
    list.finish(newest);
    list.let_go_on(newest);
    BOOST_TEST(list.finished() == 2U);
    list.complete(oldest);
    BOOST_TEST(!list.is_behind_a_finished_one(oldest));
    list.let_go_on(oldest);
    BOOST_TEST(list.finished() == 4U);
    BOOST_TEST(list.next_finished() == &other_handle);
    BOOST_TEST(list.next_finished() == &other_tenant);
    BOOST_TEST(list.next_finished() == &middle);
    BOOST_TEST(list.next_finished() == &newest);
    BOOST_TEST(list.next_finished() == nullptr);
}

BOOST_FIXTURE_TEST_CASE(what_need_not_be_in_order_overtakes, Fixture) {
    PoolEntry& first = acquire();
    PoolEntry& second = acquire();
    list.start(first);
    list.finish(second);
    BOOST_TEST(list.next_finished() == &second);
    list.complete(first);
    BOOST_TEST(!list.is_behind_a_finished_one(first));
}

BOOST_FIXTURE_TEST_CASE(a_readiness_entry_rests_between_two_reads, Fixture) {
    PoolEntry& entry = *list.acquire(Purpose::readiness, {Slot{1}, 1});
    for (int reads = 0; reads < 3; ++reads) {
        list.start(entry);
        BOOST_TEST(list.in_flight() == 1U);
        entry.overlapped.internal = 5;
        list.complete(entry);
        list.rest(entry);
        BOOST_CHECK(entry.state() == OverlappedState::idle);
        BOOST_TEST(entry.overlapped.internal == 0U);
        BOOST_TEST(entry.in_use());
    }
    list.give_back(entry);
    BOOST_TEST(pool.active_count() == 0U);
}

BOOST_AUTO_TEST_CASE(the_lists_are_queues_whatever_happens) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        std::mt19937_64 random(seed);
        Fixture fixture;
        std::deque<const PoolEntry*> in_flight;
        std::deque<const PoolEntry*> finished;
        for (int i = 0; i < 100; ++i) {
            const std::uint64_t what = random() % 4;
            if (what <= 1) {
                PoolEntry* const entry = fixture.list.acquire(Purpose::operation, {Slot{1}, 1});
                BOOST_REQUIRE((entry == nullptr) ==
                              (in_flight.size() + finished.size() == Fixture::capacity));
                if (entry != nullptr && what == 0) {
                    fixture.list.start(*entry);
                    in_flight.push_back(entry);
                } else if (entry != nullptr) {
                    fixture.list.finish(*entry);
                    finished.push_back(entry);
                }
            } else if (what == 2 && !in_flight.empty()) {
                const auto at =
                    in_flight.begin() + static_cast<std::ptrdiff_t>(random() % in_flight.size());
                PoolEntry& entry = fixture.list[fixture.list.index_of(**at)];
                if (random() % 2 == 0 && entry.state() == OverlappedState::in_flight) {
                    fixture.list.cancel(entry);
                    continue;
                }
                fixture.list.complete(entry);
                fixture.list.give_back(entry);
                in_flight.erase(at);
            } else if (what == 3) {
                PoolEntry* const entry = fixture.list.next_finished();
                BOOST_REQUIRE(entry == (finished.empty() ? nullptr : finished.front()));
                if (entry != nullptr) {
                    finished.pop_front();
                    fixture.list.give_back(*entry);
                }
            }
            BOOST_REQUIRE((fixture.in_flight() == in_flight));
            BOOST_REQUIRE(fixture.list.in_flight() == in_flight.size());
            BOOST_REQUIRE(fixture.list.finished() == finished.size());
            BOOST_REQUIRE(fixture.pool.active_count() == in_flight.size() + finished.size());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
