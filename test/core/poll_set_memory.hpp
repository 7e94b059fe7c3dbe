// A poll set with its memory. For the files poll_set*_test.cpp, which are one suite.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "core/poll_set.hpp"

namespace wakepoll::core::test {

inline constexpr std::uintptr_t doorbell_socket = 0xB311;

/// The entry that a test puts into a slot; its socket and events say which slot.
inline PollEntry entry_of(Slot slot) {
    const auto n = static_cast<std::uint32_t>(slot);
    return {0x1000 + std::uintptr_t{n} * 4, static_cast<std::int16_t>(n + 1),
            static_cast<std::int16_t>(n + 2)};
}

inline bool same(const PollEntry& a, const PollEntry& b) {
    return a.socket == b.socket && a.events == b.events && a.revents == b.revents;
}

/// A set with the memory it works on, and a doorbell in it.
class Set {
public:
    explicit Set(std::uint32_t capacity)
        : entries_(std::size_t{capacity} + 1),
          slots_(capacity),
          other_entries_(entries_.size()),
          other_slots_(capacity),
          positions_(capacity),
          links_(capacity),
          set_({entries_.data(), slots_.data()}, {other_entries_.data(), other_slots_.data()},
               positions_.data(), links_.data()) {
        set_.doorbell() = {doorbell_socket, 7, 8};
    }

    PollSet* operator->() { return &set_; }
    PollEntry& operator[](Slot slot) { return set_[slot]; }

    void add(std::uint32_t n) { set_.add(Slot{n}, entry_of(Slot{n})); }

    /// What a scan does: the slot whose turn it is, and on to the next.
    Slot visit() {
        const Slot slot = set_.cursor();
        set_.advance_past(slot);
        return slot;
    }

    /// The same for a one-shot registration, which leaves the set when it is reported.
    Slot visit_and_remove() {
        const Slot slot = set_.cursor();
        set_.remove(slot);
        return slot;
    }

    /// Dense, each entry where its slot says, none twice, the doorbell where it was.
    void check(const std::set<Slot>& expected, std::uint32_t capacity) {
        BOOST_REQUIRE(set_.size() == expected.size());
        BOOST_REQUIRE(set_.empty() == expected.empty());
        BOOST_REQUIRE(set_.entries().size() == expected.size());
        BOOST_REQUIRE(set_.entries_with_doorbell().size() == expected.size() + 1);
        const PollEntry* const array = set_.entries_with_doorbell().data();
        BOOST_REQUIRE((array == entries_.data() || array == other_entries_.data()));
        BOOST_REQUIRE(set_.entries().data() == array + 1);
        BOOST_REQUIRE(same(set_.doorbell(), {doorbell_socket, 7, 8}));
        std::set<Slot> found;
        std::size_t wrong = 0;
        for (std::size_t position = 0; position < set_.size(); ++position) {
            const Slot slot = set_.slot_at(position);
            found.insert(slot);
            wrong += &set_[slot] != &set_.entries()[position] ? 1 : 0;
            wrong += same(set_[slot], entry_of(slot)) ? 0 : 1;
        }
        BOOST_REQUIRE((found == expected));
        for (std::uint32_t n = 0; n < capacity; ++n) {
            wrong += set_.contains(Slot{n}) != (expected.count(Slot{n}) == 1) ? 1 : 0;
        }
        BOOST_REQUIRE(wrong == 0U);
        BOOST_REQUIRE(
            (expected.empty() ? set_.cursor() == no_slot : expected.count(set_.cursor()) == 1));
    }

private:
    std::vector<PollEntry> entries_;
    std::vector<Slot> slots_;
    std::vector<PollEntry> other_entries_;
    std::vector<Slot> other_slots_;
    std::vector<std::uint32_t> positions_;
    std::vector<SlotRing::Link> links_;
    PollSet set_;
};

}  // namespace wakepoll::core::test
