// The dense array that WSAPoll reads, and where in it each registration stands.
//
// Position 0 of the array is the doorbell's; registered sockets follow without gaps, so one call
// covers them all. `add` appends, `remove` fills the hole with the last entry; both are O(1).
//
// Whose turn it is to be visited is kept apart from where an entry stands, as a ring through the
// slots, so that with more ready than the caller has room for, each gets its turn. (Positions alone
// cannot promise that: one-shot sockets that leave when visited and are armed again at once would
// fill each other's holes, and the rest would starve.)
//
// While a thread is blocked in WSAPoll the array is the kernel's. The first change that comes
// meanwhile copies it: the kernel keeps the old array, the set goes on in the other one, and what
// the kernel answers is merged for the sockets that were not changed.
//
// Used by the WSAPoll backend, under the poller's lock. It makes no system call and allocates
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
    /// An array for WSAPoll, and the slot of each entry but the first.
    struct Array {
        PollEntry* entries;  ///< `capacity + 1`
        Slot* slots;         ///< `capacity`
    };

    /// Takes two arrays, and a position (zero: none) and a link for every slot; they outlive the
    /// set. Other rings may share the links.
    PollSet(Array array, Array other, std::uint32_t* positions, SlotRing::Link* links) noexcept
        : array_(array), other_(other), positions_(positions), ring_(links) {}

    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    /// Appends a socket; `slot` must not be in the set.
    void add(Slot slot, const PollEntry& entry) noexcept;

    /// Takes a slot out; it must be in the set.
    void remove(Slot slot) noexcept;

    [[nodiscard]] bool contains(Slot slot) const noexcept {
        return positions_[index_of(slot)] != 0;
    }

    /// The entry of a slot that is in the set.
    [[nodiscard]] PollEntry& operator[](Slot slot) noexcept {
        assert(contains(slot));
        return array_.entries[positions_[index_of(slot)]];
    }

    /// The kernel has the array until `end_block`.
    void begin_block() noexcept;
    /// What the kernel is to poll: the doorbell and the registered sockets behind it, as they were
    /// when the block began. To be called by the thread that blocks, without the lock.
    [[nodiscard]] std::span<PollEntry> blocked_entries() const noexcept { return kernel_; }
    /// The kernel has answered.
    void end_block() noexcept;
    /// Sockets were added, or changed, while the kernel had the array.
    [[nodiscard]] bool needs_another_block() const noexcept { return added_; }

    /// Some registered socket has an answer. Looks at all of them where none has.
    [[nodiscard]] bool has_answers() const noexcept;

    /// Ends the turns of those at the cursor that have no answer, of at most `most`; how many. The
    /// set must not be empty.
    std::size_t pass_over_silent(std::size_t most) noexcept;

    /// The registered sockets, without the doorbell. Invalidated by `add` and `remove`.
    [[nodiscard]] std::span<PollEntry> entries() noexcept { return {array_.entries + 1, size()}; }

    /// The doorbell and the registered sockets behind it.
    [[nodiscard]] std::span<PollEntry> entries_with_doorbell() noexcept {
        return {array_.entries, std::size_t{size()} + 1};
    }

    [[nodiscard]] PollEntry& doorbell() noexcept { return array_.entries[0]; }

    [[nodiscard]] Slot slot_at(std::size_t position) const noexcept {
        return array_.slots[position];
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return ring_.size(); }
    [[nodiscard]] bool empty() const noexcept { return ring_.empty(); }

    /// The slot whose turn it is; `no_slot` in an empty set.
    [[nodiscard]] Slot cursor() const noexcept { return ring_.cursor(); }

    /// Ends the turn of a slot that is at the cursor: it becomes the last of the round.
    void advance_past(Slot slot) noexcept { ring_.advance_to(ring_.next(slot)); }

private:
    /// To be called before each change that concerns a slot.
    void before_change(Slot slot) noexcept;

    Array array_;
    Array other_;  ///< The kernel's, while `changed_`.
    std::uint32_t* positions_;
    SlotRing ring_;
    std::span<PollEntry> kernel_;  ///< Changed by the thread that blocks alone.
    bool blocked_ = false;         ///< The kernel has an array.
    bool changed_ = false;         ///< The set goes on in another one.
    bool added_ = false;           ///< There is an entry that the kernel has not.
};

}  // namespace wakepoll::core
