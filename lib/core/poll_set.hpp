// The dense array that WSAPoll reads, and where in it each registration stands.
//
// Position 0 of the array is the doorbell's; registered sockets follow without gaps, so one call
// covers them all. `add` appends, `remove` fills the hole with another entry; both are O(1). A
// cursor says where the next scan goes on, so that with more ready than the caller has room for,
// each gets its turn: removal never moves an entry that is still to be visited behind the cursor.
//
// Used by the WSAPoll backend, on the owner's thread. It makes no system call and allocates
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/poll_entry.hpp"
#include "core/slot.hpp"

namespace wakepoll::core {

class PollSet {
public:
    /// Takes `capacity + 1` entries, `capacity` slots and `capacity` positions; they outlive the
    /// set.
    PollSet(PollEntry* entries, Slot* slots, std::uint32_t* positions,
            std::uint32_t capacity) noexcept;

    PollSet(const PollSet&) = delete;
    PollSet& operator=(const PollSet&) = delete;

    /// Appends a socket; `slot` must not be in the set.
    void add(Slot slot, const PollEntry& entry) noexcept;

    /// Takes a slot out; it must be in the set.
    void remove(Slot slot) noexcept;

    [[nodiscard]] bool contains(Slot slot) const noexcept;

    /// The entry of a slot that is in the set.
    [[nodiscard]] PollEntry& operator[](Slot slot) noexcept;

    /// The registered sockets, without the doorbell. Invalidated by `add` and `remove`.
    [[nodiscard]] std::span<PollEntry> entries() noexcept { return {entries_ + 1, size_}; }

    /// The doorbell and the registered sockets behind it.
    [[nodiscard]] std::span<PollEntry> entries_with_doorbell() noexcept {
        return {entries_, std::size_t{size_} + 1};
    }

    [[nodiscard]] PollEntry& doorbell() noexcept { return entries_[0]; }

    [[nodiscard]] Slot slot_at(std::size_t position) const noexcept { return slots_[position]; }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// The position that the next scan visits first; less than `size()`, or 0 in an empty set.
    [[nodiscard]] std::uint32_t cursor() const noexcept { return cursor_; }

    /// Moves the cursor on to the next position, around the end.
    void advance() noexcept { cursor_ = cursor_ + 1 < size_ ? cursor_ + 1 : 0; }

private:
    /// Moves what stands at position `from` to position `to`.
    void move(std::uint32_t from, std::uint32_t to) noexcept;

    PollEntry* entries_;
    Slot* slots_;
    std::uint32_t* positions_;
    std::uint32_t size_ = 0;
    std::uint32_t cursor_ = 0;
};

}  // namespace wakepoll::core
