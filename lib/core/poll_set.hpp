// The dense array that WSAPoll reads, and where in it each registration stands.
//
// Position 0 of the array is the doorbell's; registered sockets follow without gaps, so one call
// covers them all. `add` appends, `remove` fills the hole with the last entry; both are O(1).
//
// Whose turn it is to be visited is kept apart from where an entry stands, as a ring through the
// slots, so that with more ready than the caller has room for, each gets its turn. (Positions alone
// can not promise that: one-shot sockets that leave when visited and are armed again at once would
// fill each other's holes, and the rest would starve.)
//
// Used by the WSAPoll backend, on the owner's thread. It makes no system call and allocates
// nothing.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/poll_entry.hpp"
#include "core/slot.hpp"
#include "core/slot_ring.hpp"

namespace wakepoll::core {

class PollSet {
public:
    /// Takes `capacity + 1` entries, and for every slot a slot, a position and a link; they outlive
    /// the set. Other rings may share the links.
    PollSet(PollEntry* entries, Slot* slots, std::uint32_t* positions, SlotRing::Link* links,
            std::uint32_t capacity) noexcept;

    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    /// Appends a socket; `slot` must not be in the set.
    void add(Slot slot, const PollEntry& entry) noexcept;

    /// Takes a slot out; it must be in the set.
    void remove(Slot slot) noexcept;

    [[nodiscard]] bool contains(Slot slot) const noexcept;

    /// The entry of a slot that is in the set.
    [[nodiscard]] PollEntry& operator[](Slot slot) noexcept {
        assert(contains(slot));
        return entries_[std::size_t{positions_[index_of(slot)]} + 1];
    }

    /// Some registered socket has an answer. Looks at all of them where none has.
    [[nodiscard]] bool has_answers() const noexcept;

    /// Ends the turns of those at the cursor that have no answer, of at most `most`; how many. The
    /// set must not be empty.
    std::size_t pass_over_silent(std::size_t most) noexcept;

    /// The registered sockets, without the doorbell. Invalidated by `add` and `remove`.
    [[nodiscard]] std::span<PollEntry> entries() noexcept { return {entries_ + 1, size()}; }

    /// The doorbell and the registered sockets behind it.
    [[nodiscard]] std::span<PollEntry> entries_with_doorbell() noexcept {
        return {entries_, std::size_t{size()} + 1};
    }

    [[nodiscard]] PollEntry& doorbell() noexcept { return entries_[0]; }

    [[nodiscard]] Slot slot_at(std::size_t position) const noexcept { return slots_[position]; }

    [[nodiscard]] std::uint32_t size() const noexcept { return ring_.size(); }
    [[nodiscard]] bool empty() const noexcept { return ring_.empty(); }

    /// The slot whose turn it is; `no_slot` in an empty set.
    [[nodiscard]] Slot cursor() const noexcept { return ring_.cursor(); }

    /// Ends the turn of the slot at the cursor: it becomes the last of the round.
    void advance() noexcept { ring_.advance(); }

    /// The same, of a slot that is known to be at the cursor.
    void advance_past(Slot slot) noexcept { ring_.advance_to(ring_.next(slot)); }

private:
    PollEntry* entries_;
    Slot* slots_;
    std::uint32_t* positions_;
    SlotRing ring_;
};

}  // namespace wakepoll::core
