// EntryPool: acquiring, releasing, and distinguishing its own entries from any other pointer.
#include "core/entry_pool.hpp"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <system_error>
#include <vector>

namespace wakepoll::core::test {
namespace {

/// A pool with its entries, and room before and behind them.
class Pool {
public:
    explicit Pool(std::uint32_t capacity)
        : entries_(std::size_t{capacity} + 2), pool_(entries_.data() + 1, capacity) {}

    EntryPool* operator->() { return &pool_; }

    PoolEntry* first() { return entries_.data() + 1; }
    PoolEntry* one_before() { return entries_.data(); }
    PoolEntry* one_past() { return entries_.data() + entries_.size() - 1; }

    std::vector<PoolEntry*> acquire_all() {
        std::vector<PoolEntry*> all;
        while (PoolEntry* const entry = pool_.acquire()) {
            all.push_back(entry);
        }
        return all;
    }

private:
    std::vector<PoolEntry> entries_;
    EntryPool pool_;
};

/// A pointer into an entry, as an entry: what a wrong cast makes of `&entry->buffer`, say.
OverlappedEntry* inside(PoolEntry* entry, std::size_t offset) {
    return reinterpret_cast<OverlappedEntry*>(reinterpret_cast<std::uintptr_t>(entry) + offset);
}

BOOST_AUTO_TEST_SUITE(entry_pool)

BOOST_AUTO_TEST_CASE(sixty_four_are_handed_out_and_the_sixty_fifth_is_null) {
    Pool pool(64);
    BOOST_TEST(pool->capacity() == 64U);
    BOOST_TEST(pool->active_count() == 0U);
    std::set<PoolEntry*> taken;
    for (std::uint32_t n = 1; n <= 64; ++n) {
        PoolEntry* const entry = pool->acquire();
        BOOST_TEST_REQUIRE(entry != nullptr);
        BOOST_TEST(entry->in_use());
        BOOST_TEST(pool->active_count() == n);
        taken.insert(entry);
    }
    BOOST_TEST(taken.size() == 64U);
    BOOST_TEST(pool->acquire() == nullptr);
    BOOST_TEST(pool->active_count() == 64U);
}

BOOST_AUTO_TEST_CASE(every_entry_lies_in_the_memory_that_the_pool_was_given) {
    Pool pool(64);
    for (int round = 0; round < 3; ++round) {
        const std::vector<PoolEntry*> taken = pool.acquire_all();
        const std::set<PoolEntry*> addresses(taken.begin(), taken.end());
        std::set<PoolEntry*> memory;
        for (std::size_t i = 0; i < 64; ++i) {
            memory.insert(pool.first() + i);
        }
        BOOST_CHECK(addresses == memory);
        for (PoolEntry* const entry : taken) {
            BOOST_TEST(!pool->release(entry));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_released_entry_can_be_handed_out_again) {
    Pool pool(1);
    PoolEntry* const entry = pool->acquire();
    BOOST_TEST(pool->acquire() == nullptr);
    BOOST_TEST(!pool->release(entry));
    BOOST_TEST(!entry->in_use());
    BOOST_TEST(pool->active_count() == 0U);
    BOOST_TEST(pool->acquire() == entry);
    BOOST_TEST(entry->in_use());
}

BOOST_AUTO_TEST_CASE(an_entry_has_nothing_of_its_last_use) {
    Pool pool(1);
    PoolEntry* entry = pool->acquire();
    char buffer[4] = {};
    entry->overlapped = {1, 2, 3, 4, buffer};
    entry->user_data = 5;
    entry->handle = Handle{std::uintptr_t{8}};
    entry->buffer = buffer;
    entry->buffer_size = sizeof(buffer);
    entry->operation = IoOperation::accept;
    entry->bytes_transferred = 9;
    BOOST_TEST(!pool->release(entry));
    entry = pool->acquire();
    BOOST_TEST(entry->overlapped.internal == 0U);
    BOOST_TEST(entry->overlapped.internal_high == 0U);
    BOOST_TEST(entry->overlapped.offset == 0U);
    BOOST_TEST(entry->overlapped.offset_high == 0U);
    BOOST_TEST(entry->overlapped.event == nullptr);
    BOOST_TEST(entry->user_data == 0U);
    BOOST_CHECK(entry->handle == Handle{});
    BOOST_TEST(entry->buffer == nullptr);
    BOOST_TEST(entry->buffer_size == 0U);
    BOOST_CHECK(entry->operation == IoOperation::none);
    BOOST_TEST(entry->bytes_transferred == 0U);
}

BOOST_AUTO_TEST_CASE(reset_clears_the_overlapped_and_keeps_the_rest) {
    Pool pool(1);
    PoolEntry* const entry = pool->acquire();
    entry->overlapped = {1, 2, 3, 4, &pool};
    entry->user_data = 5;
    entry->reset();
    BOOST_TEST(entry->overlapped.internal == 0U);
    BOOST_TEST(entry->overlapped.offset == 0U);
    BOOST_TEST(entry->overlapped.event == nullptr);
    BOOST_TEST(entry->user_data == 5U);
    BOOST_TEST(entry->in_use());
}

BOOST_AUTO_TEST_CASE(a_second_release_is_refused_and_hands_out_nothing_twice) {
    Pool pool(4);
    PoolEntry* const entry = pool->acquire();
    BOOST_TEST(!pool->release(entry));
    BOOST_CHECK(pool->release(entry) == std::errc::no_such_file_or_directory);
    BOOST_TEST(pool->active_count() == 0U);
    BOOST_TEST(pool.acquire_all().size() == 4U);
}

BOOST_AUTO_TEST_CASE(an_entry_that_was_never_taken_is_refused) {
    Pool pool(4);
    BOOST_CHECK(pool->release(pool.first() + 3) == std::errc::no_such_file_or_directory);
    BOOST_TEST(pool->active_count() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_entry_of_the_pool_is_refused) {
    Pool pool(4);
    Pool other(4);
    PoolEntry* const entry = pool->acquire();
    PoolEntry* const foreign = other->acquire();
    OverlappedEntry alone;
    BOOST_CHECK(pool->release(nullptr) == std::errc::invalid_argument);
    BOOST_CHECK(pool->release(foreign) == std::errc::invalid_argument);
    BOOST_CHECK(pool->release(&alone) == std::errc::invalid_argument);
    BOOST_CHECK(pool->release(pool.one_before()) == std::errc::invalid_argument);
    BOOST_CHECK(pool->release(pool.one_past()) == std::errc::invalid_argument);
    for (std::size_t offset = 1; offset < sizeof(PoolEntry); ++offset) {
        BOOST_CHECK(pool->release(inside(entry, offset)) == std::errc::invalid_argument);
    }
    BOOST_TEST(pool->active_count() == 1U);
    BOOST_TEST(entry->in_use());
    BOOST_TEST(foreign->in_use());
    BOOST_TEST(other->active_count() == 1U);
}

BOOST_AUTO_TEST_CASE(an_entry_in_use_is_found_by_its_overlapped) {
    Pool pool(64);
    for (PoolEntry* const entry : pool.acquire_all()) {
        BOOST_TEST(entry->native() == &entry->overlapped);
        BOOST_TEST(pool->find_by_overlapped(entry->native()) == entry);
    }
}

BOOST_AUTO_TEST_CASE(no_other_pointer_finds_an_entry) {
    Pool pool(4);
    Pool other(4);
    const std::vector<PoolEntry*> taken = pool.acquire_all();
    PoolEntry* const foreign = other->acquire();
    const NativeOverlapped alone;
    BOOST_TEST(pool->find_by_overlapped(nullptr) == nullptr);
    BOOST_TEST(pool->find_by_overlapped(&alone) == nullptr);
    BOOST_TEST(pool->find_by_overlapped(foreign->native()) == nullptr);
    BOOST_TEST(pool->find_by_overlapped(pool.one_before()) == nullptr);
    BOOST_TEST(pool->find_by_overlapped(pool.one_past()) == nullptr);
    for (const PoolEntry* const entry : taken) {
        const char* const address = reinterpret_cast<const char*>(entry);
        for (std::size_t offset = 1; offset < sizeof(PoolEntry); ++offset) {
            BOOST_TEST(pool->find_by_overlapped(address + offset) == nullptr);
        }
    }
    const void* const last_address =
        reinterpret_cast<const void*>(std::numeric_limits<std::uintptr_t>::max());
    BOOST_TEST(pool->find_by_overlapped(last_address) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_free_entry_is_not_found) {
    Pool pool(2);
    BOOST_TEST(pool->find_by_overlapped(pool.first()) == nullptr);
    PoolEntry* const entry = pool->acquire();
    BOOST_TEST(!pool->release(entry));
    BOOST_TEST(pool->find_by_overlapped(entry->native()) == nullptr);
}

BOOST_AUTO_TEST_CASE(entries_that_were_never_taken_are_not_touched) {
    Pool pool(4);
    for (std::uint64_t i = 0; i < 4; ++i) {
        pool.first()[i].user_data = 70 + i;
    }
    for (int round = 0; round < 3; ++round) {
        PoolEntry* const one = pool->acquire();
        PoolEntry* const other = pool->acquire();
        BOOST_TEST(!pool->release(one));
        BOOST_TEST(!pool->release(other));
    }
    BOOST_TEST(pool.first()[2].user_data == 72U);
    BOOST_TEST(pool.first()[3].user_data == 73U);
}

BOOST_AUTO_TEST_CASE(an_entry_and_its_number_lead_to_each_other) {
    Pool pool(4);
    for (const PoolEntry* const entry : pool.acquire_all()) {
        BOOST_TEST(&(*pool.operator->())[pool->index_of(*entry)] == entry);
        BOOST_TEST(pool->index_of(*entry) < 4U);
        BOOST_TEST(pool->entry_at(entry) == entry);
    }
    BOOST_TEST(pool->entry_at(pool.one_before()) == nullptr);
    BOOST_TEST(pool->entry_at(pool.one_past()) == nullptr);
    BOOST_TEST(pool->entry_at(inside(pool.first(), 8)) == nullptr);
    BOOST_TEST(pool->entry_at(nullptr) == nullptr);
}

BOOST_AUTO_TEST_CASE(what_is_given_back_is_free_whatever_it_was_for) {
    Pool pool(2);
    PoolEntry* const entry = pool->acquire();
    pool->give_back(*entry);
    BOOST_TEST(!entry->in_use());
    BOOST_TEST(pool->active_count() == 0U);
    BOOST_TEST(pool.acquire_all().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_random_program_agrees_with_a_set) {
    for (const std::uint32_t capacity : {1U, 2U, 7U, 64U}) {
        Pool pool(capacity);
        std::set<PoolEntry*> in_use;
        std::mt19937_64 random(capacity);
        for (int step = 0; step < 50'000; ++step) {
            if (random() % 2 == 0) {
                PoolEntry* const entry = pool->acquire();
                BOOST_REQUIRE((entry == nullptr) == (in_use.size() == capacity));
                if (entry != nullptr) {
                    BOOST_REQUIRE(in_use.insert(entry).second);
                    entry->user_data = random();  // What a user writes must not matter.
                }
            } else {
                PoolEntry* const entry = pool.first() + random() % capacity;
                const std::error_code error = pool->release(entry);
                BOOST_REQUIRE(!error == (in_use.erase(entry) == 1));
            }
            BOOST_REQUIRE(pool->active_count() == in_use.size());
            PoolEntry* const asked = pool.first() + random() % capacity;
            PoolEntry* const found = pool->find_by_overlapped(asked);
            BOOST_REQUIRE(found == (in_use.count(asked) == 1 ? asked : nullptr));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
