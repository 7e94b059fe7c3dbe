// The dense array that WSAPoll reads, and the position of each registration in it.
//
// Position 0 of the array is the doorbell's; registered sockets follow without gaps, so one call
// covers them all. `add` appends, `remove` fills the hole with the last entry; both are O(1).
//
// The visiting order is separate from the positions: a ring through the slots, so that each ready
// socket gets its turn when the caller has room for only some. (Positions alone cannot ensure that:
// one-shot sockets that leave when visited and are armed again at once would fill each other's
// holes, and the rest would starve.)
//
// While a thread is blocked in WSAPoll the kernel owns the array. The first change during the block
// copies it: the kernel keeps the old array, the set continues in the other one, and the kernel's
// answers are merged for the sockets that were not changed.
//
// Not thread-safe: used by the WSAPoll backend under the poller's lock. Makes no system call and
// allocates nothing.
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
    /// An array for WSAPoll, and the slot of each entry except the first.
    struct Array {
        PollEntry* entries;  ///< `capacity + 1`
        Slot* slots;         ///< `capacity`
    };

    /// Uses two arrays, and a position (zero: none) and a link for every slot; all must outlive the
    /// set. Other rings may share the links.
    PollSet(Array array, Array other, std::uint32_t* positions, SlotRing::Link* links) noexcept
        : array_(array), other_(other), positions_(positions), ring_(links) {}

    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    /// Appends a socket; `slot` must not be in the set.
    void add(Slot slot, const PollEntry& entry) noexcept;

    /// Removes a slot, which must be in the set.
    void remove(Slot slot) noexcept;

    [[nodiscard]] bool contains(Slot slot) const noexcept {
        return positions_[index_of(slot)] != 0;
    }

    /// The entry of a slot, which must be in the set.
    [[nodiscard]] PollEntry& operator[](Slot slot) noexcept {
        assert(contains(slot));
        return array_.entries[positions_[index_of(slot)]];
    }

    /// The kernel owns the array until `end_block`.
    void begin_block() noexcept;
    /// The array to poll: the doorbell and the registered sockets behind it, as they were when the
    /// block began. Call in the blocking thread, without the lock.
    [[nodiscard]] std::span<PollEntry> blocked_entries() const noexcept { return kernel_; }
    /// The kernel has answered; merges the answers.
    void end_block() noexcept;
    /// True if sockets were added or changed while the kernel owned the array.
    [[nodiscard]] bool needs_another_block() const noexcept { return added_; }

    /// True if some registered socket has an answer. Scans all of them if none has.
    [[nodiscard]] bool has_answers() const noexcept;

    /// Ends the turns of up to `most` sockets at the cursor that have no answer; returns how many.
    /// The set must not be empty.
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
    /// Call before each change to a slot.
    void before_change(Slot slot) noexcept;

    Array array_;
    Array other_;  ///< Owned by the kernel while `changed_`.
    std::uint32_t* positions_;
    SlotRing ring_;
    std::span<PollEntry> kernel_;  ///< Changed only by the thread that blocks.
    bool blocked_ = false;         ///< The kernel owns an array.
    bool changed_ = false;         ///< The set continues in the other array.
    bool added_ = false;           ///< An entry is missing from the kernel's array.
};

}  // namespace wakepoll::core
