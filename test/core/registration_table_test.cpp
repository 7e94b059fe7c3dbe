// RegistrationTable: what it finds, what it refuses, and that its index never loses a handle.
//
// The index is open addressing without tombstones, so the critical moment is an erase in the middle
// of a probe run. The last cases therefore play long random programs against a map, in tables so
// small that every run is crowded and most wrap around the end of the index.
#include "core/registration_table.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <random>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sanitizers.hpp"

namespace wakepoll::core::test {
namespace {

/// A table with the memory it works on.
class Table {
public:
    explicit Table(std::uint32_t capacity)
        : slots_(capacity),
          index_(RegistrationTable::index_size(capacity)),
          table_(slots_.data(), index_.data(), capacity) {}

    RegistrationTable* operator->() { return &table_; }
    Registration& operator[](Slot slot) { return table_[slot]; }

private:
    // All zero, as a table expects its memory.
    std::vector<Registration> slots_;
    std::vector<std::uint32_t> index_;
    RegistrationTable table_;
};

/// The n-th handle as Windows hands them out: small multiples of four.
Handle windows_handle(std::uint32_t n) { return Handle{std::uintptr_t{n} * 4 + 4}; }

std::vector<Handle> windows_handles(std::uint32_t count) {
    std::vector<Handle> handles;
    for (std::uint32_t n = 0; n < count; ++n) {
        handles.push_back(windows_handle(n));
    }
    return handles;
}

/// Values that no healthy program registers, and values that differ only where a hash may not look.
std::vector<Handle> hostile_handles() {
    constexpr std::uintptr_t most = std::numeric_limits<std::uintptr_t>::max();
    std::vector<Handle> handles;
    for (std::uintptr_t low = 0; low < 16; ++low) {
        handles.push_back(Handle{low});
        handles.push_back(Handle{most - low});
    }
    for (unsigned bit = 4; bit + 1 < std::numeric_limits<std::uintptr_t>::digits; ++bit) {
        handles.push_back(Handle{std::uintptr_t{1} << bit});
        handles.push_back(Handle{(std::uintptr_t{1} << bit) + 1});
        handles.push_back(Handle{(std::uintptr_t{3} << bit) + 2});
    }
    const std::set<Handle> unique(handles.begin(), handles.end());
    return {unique.begin(), unique.end()};
}

struct Program {
    std::string_view name;
    std::uint32_t capacity;
    std::vector<Handle> handles;
    int steps;

    friend std::ostream& operator<<(std::ostream& stream, const Program& program) {
        return stream << program.name;
    }
};

/// Plays random inserts, erases and finds against a map from handle to slot. Up to `thorough` the
/// whole table is compared after every step.
class Model {
public:
    explicit Model(const Program& program)
        : program_(program),
          table_(program.capacity),
          generations_(program.capacity, 0),
          taken_(program.capacity) {}

    void play(std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const bool is_long = program_.steps >= 10'000;
        const int steps =
            wakepoll::test::sanitized && is_long ? program_.steps / 10 : program_.steps;
        for (int step = 0; step < steps; ++step) {
            const Handle handle = program_.handles[random() % program_.handles.size()];
            const auto known = slots_.find(handle);
            BOOST_REQUIRE(table_->find(handle) ==
                          (known == slots_.end() ? no_slot : known->second));
            if (known != slots_.end()) {
                // Rather keep than erase, so that the table fills up and stays nearly full.
                if (random() % 3 == 0) {
                    erase(handle, known->second);
                }
            } else {
                insert(handle);
            }
            BOOST_REQUIRE(table_->size() == slots_.size());
            if (program_.capacity <= thorough || step % 997 == 0) {
                compare();
            }
        }
        compare();
        BOOST_TEST(refused_ > 0U, "the program never filled the table");
        BOOST_TEST(erased_ > 0U);
    }

private:
    static constexpr std::uint32_t thorough = 8;

    void insert(Handle handle) {
        const Slot slot = table_->insert(handle);
        if (slots_.size() == program_.capacity) {
            BOOST_REQUIRE(slot == no_slot);
            ++refused_;
            return;
        }
        BOOST_REQUIRE(index_of(slot) < program_.capacity);
        most_ = std::max(most_, static_cast<std::uint32_t>(slots_.size() + 1));
        BOOST_REQUIRE(table_->used() == most_);  // A slot that was in use is preferred.
        BOOST_REQUIRE(table_[slot].active);
        BOOST_REQUIRE(table_[slot].generation == generations_[index_of(slot)]);
        BOOST_REQUIRE(!taken_[index_of(slot)]);
        taken_[index_of(slot)] = true;
        slots_.emplace(handle, slot);
    }

    void erase(Handle handle, Slot slot) {
        table_->erase(slot);
        slots_.erase(handle);
        taken_[index_of(slot)] = false;
        ++erased_;
        ++generations_[index_of(slot)];
        BOOST_REQUIRE(!table_[slot].active);
        BOOST_REQUIRE(table_[slot].generation == generations_[index_of(slot)]);
        BOOST_REQUIRE(table_->find(handle) == no_slot);
    }

    /// Every handle that is in the table is found in its slot, and no other is.
    void compare() {
        std::size_t wrong = 0;
        for (const Handle handle : program_.handles) {
            const auto known = slots_.find(handle);
            const Slot expected = known == slots_.end() ? no_slot : known->second;
            wrong += table_->find(handle) != expected ? 1 : 0;
            wrong += expected != no_slot && table_[expected].handle != handle ? 1 : 0;
        }
        BOOST_REQUIRE(wrong == 0U);
    }

    struct Hash {
        std::size_t operator()(Handle handle) const {
            return std::hash<std::uintptr_t>{}(handle.value());
        }
    };

    const Program& program_;
    Table table_;
    std::unordered_map<Handle, Slot, Hash> slots_;
    std::vector<std::uint32_t> generations_;
    std::vector<bool> taken_;
    std::uint32_t refused_ = 0;
    std::uint32_t erased_ = 0;
    std::uint32_t most_ = 0;  ///< Slots that were in use at one time.
};

const Program programs[] = {
    {"a full-sized table of Windows handles", 1024, windows_handles(1500), 200'000},
    {"a table of 100 and hostile handles", 100, hostile_handles(), 200'000},
    {"one slot", 1, windows_handles(5), 10'000},
    {"two slots and hostile handles", 2, hostile_handles(), 10'000},
    {"three slots", 3, windows_handles(7), 20'000},
    {"a crowded table of Windows handles", 8, windows_handles(12), 50'000},
    {"a crowded table of hostile handles", 8, hostile_handles(), 50'000},
};

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(registration_table)

BOOST_AUTO_TEST_CASE(the_index_is_at_most_two_thirds_full_and_never_quite) {
    for (std::uint32_t capacity = 1; capacity <= 65536; ++capacity) {
        const std::size_t size = RegistrationTable::index_size(capacity);
        BOOST_REQUIRE(size > capacity);
        BOOST_REQUIRE((size * 2 >= std::size_t{capacity} * 3 && size <= std::size_t{capacity} * 2));
    }
}

BOOST_AUTO_TEST_CASE(an_empty_table_finds_nothing) {
    Table table(4);
    BOOST_TEST(table->size() == 0U);
    BOOST_TEST(table->capacity() == 4U);
    BOOST_CHECK(table->find(windows_handle(0)) == no_slot);
    BOOST_CHECK(table->find(Handle{}) == no_slot);
    BOOST_CHECK(table->find(Handle{std::uintptr_t{0}}) == no_slot);
}

BOOST_AUTO_TEST_CASE(an_inserted_handle_is_found_until_it_is_erased) {
    Table table(4);
    const Slot slot = table->insert(windows_handle(7));
    BOOST_CHECK(table->find(windows_handle(7)) == slot);
    BOOST_CHECK(table->find(windows_handle(8)) == no_slot);
    BOOST_TEST(table->size() == 1U);
    BOOST_TEST(bool{table[slot].active});
    BOOST_CHECK(table[slot].handle == windows_handle(7));
    table->erase(slot);
    BOOST_CHECK(table->find(windows_handle(7)) == no_slot);
    BOOST_CHECK(table->find(Handle{}) == no_slot);
    BOOST_TEST(table->size() == 0U);
    BOOST_TEST(!table[slot].active);
}

BOOST_AUTO_TEST_CASE(a_table_of_one_slot_takes_one_handle_at_a_time) {
    Table table(1);
    for (std::uint32_t n = 0; n < 10; ++n) {
        const Slot slot = table->insert(windows_handle(n));
        BOOST_TEST_REQUIRE(index_of(slot) == 0U);
        BOOST_CHECK(table->insert(windows_handle(n + 1)) == no_slot);
        BOOST_CHECK(table->find(windows_handle(n + 1)) == no_slot);
        BOOST_CHECK(table->find(windows_handle(n)) == slot);
        table->erase(slot);
    }
}

BOOST_AUTO_TEST_CASE(the_1024th_handle_fits_and_the_1025th_does_not) {
    Table table(1024);
    std::set<Slot> slots;
    for (std::uint32_t n = 0; n < 1024; ++n) {
        const Slot slot = table->insert(windows_handle(n));
        BOOST_TEST_REQUIRE(index_of(slot) < 1024U);
        slots.insert(slot);
    }
    BOOST_TEST(slots.size() == 1024U);
    BOOST_TEST(table->size() == 1024U);
    BOOST_CHECK(table->insert(windows_handle(1024)) == no_slot);
    BOOST_TEST(table->size() == 1024U);
    BOOST_CHECK(table->find(windows_handle(1024)) == no_slot);
    for (std::uint32_t n = 0; n < 1024; ++n) {
        const Slot slot = table->find(windows_handle(n));
        BOOST_REQUIRE(slot != no_slot);
        BOOST_REQUIRE(table[slot].handle == windows_handle(n));
    }
}

BOOST_AUTO_TEST_CASE(a_full_table_takes_a_handle_again_once_one_is_erased) {
    Table table(1024);
    for (std::uint32_t n = 0; n < 1024; ++n) {
        BOOST_REQUIRE(table->insert(windows_handle(n)) != no_slot);
    }
    const Slot freed = table->find(windows_handle(500));
    table->erase(freed);
    BOOST_CHECK(table->insert(windows_handle(2000)) == freed);
    BOOST_CHECK(table->insert(windows_handle(2001)) == no_slot);
    BOOST_CHECK(table->find(windows_handle(500)) == no_slot);
}

BOOST_AUTO_TEST_CASE(each_tenant_of_a_slot_has_a_generation_of_its_own) {
    Table table(1);
    std::set<std::uint32_t> generations;
    for (std::uint32_t n = 0; n < 100; ++n) {
        const Slot slot = table->insert(windows_handle(1));  // A recycled handle value.
        generations.insert(table[slot].generation);
        table->erase(slot);
        BOOST_TEST(generations.count(table[slot].generation) == 0U);
    }
    BOOST_TEST(generations.size() == 100U);
}

BOOST_AUTO_TEST_CASE(a_new_tenant_finds_nothing_of_the_old_one) {
    Table table(1);
    const Slot slot = table->insert(windows_handle(1));
    table[slot].user_data = 42;
    table[slot].interest = IoInterest::read;
    table[slot].type = HandleType::socket;
    table[slot].model = IoModel::waitable;
    table[slot].stream = true;
    table->erase(slot);
    const Registration& fresh = table[table->insert(windows_handle(2))];
    BOOST_TEST(fresh.user_data == 0U);
    BOOST_TEST(bits(fresh.interest) == 0U);
    BOOST_CHECK(fresh.type == HandleType::unknown);
    BOOST_CHECK(fresh.model == IoModel::poll);
    BOOST_TEST(!fresh.stream);
    BOOST_TEST(fresh.active);
}

// Handles that differ in their two lowest bits only share a home cell; eight of them in a row, with
// neighbours on both sides, make one long probe run. Each is erased from it in turn, then a second
// one, so that every gap is closed with every other gap already there.
BOOST_AUTO_TEST_CASE(an_erase_in_a_probe_run_loses_no_handle_behind_it) {
    std::vector<Handle> run;
    for (std::uintptr_t low = 0; low < 4; ++low) {
        for (std::uintptr_t high = 0; high < 4; ++high) {
            run.push_back(Handle{0x1000 + high * 4 + low});
        }
    }
    for (std::size_t first = 0; first < run.size(); ++first) {
        for (std::size_t second = 0; second < run.size(); ++second) {
            Table table(16);
            for (const Handle handle : run) {
                BOOST_REQUIRE(table->insert(handle) != no_slot);
            }
            table->erase(table->find(run[first]));
            if (second != first) {
                table->erase(table->find(run[second]));
            }
            for (std::size_t i = 0; i < run.size(); ++i) {
                const bool erased = i == first || i == second;
                BOOST_REQUIRE((table->find(run[i]) == no_slot) == erased);
            }
        }
    }
}

BOOST_DATA_TEST_CASE(a_random_program_agrees_with_a_map, data::make(programs), program) {
    Model(program).play(1);
}

BOOST_AUTO_TEST_CASE(many_short_programs_in_crowded_tables_agree_with_a_map) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        // Handles of each seed's own choosing, so that the runs lie elsewhere every time.
        std::mt19937_64 random(seed);
        std::set<Handle> handles;
        while (handles.size() < 10) {
            handles.insert(Handle{static_cast<std::uintptr_t>(random())});
        }
        const Program program{"random handles", 5, {handles.begin(), handles.end()}, 300};
        BOOST_TEST_CONTEXT("seed " << seed) { Model(program).play(seed); }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
