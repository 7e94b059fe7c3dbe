// A ring through some of the slots, and whose turn it is in it.
//
// Each visit ends a turn: who was visited becomes the last of the round, a newcomer is visited last
// too, and when one leaves, everyone behind moves up. So nobody ever waits for more visits than
// there were members when it was visited last, whatever comes and goes meanwhile.
//
// A slot is in one ring at a time, so any number of rings share one array of links. Used by the
// backends, on the owner's thread. It makes no system call and allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"

namespace wakepoll::core {

class SlotRing {
public:
    /// Between whom a slot stands; `no_slot` twice where it is in no ring.
    struct Link {
        Slot previous = no_slot;
        Slot next = no_slot;
    };

    /// Takes a link for every slot, which outlives the ring.
    explicit SlotRing(Link* links) noexcept : links_(links) {}

    SlotRing(const SlotRing&) = delete;
    SlotRing& operator=(const SlotRing&) = delete;

    /// Adds a slot that is in no ring.
    void add(Slot slot) noexcept;

    /// Takes out a slot that is in this ring.
    void remove(Slot slot) noexcept;

    /// The slot is in one of the rings that share these links.
    [[nodiscard]] bool is_linked(Slot slot) const noexcept {
        return links_[index_of(slot)].next != no_slot;
    }

    /// The slot whose turn it is; `no_slot` in an empty ring.
    [[nodiscard]] Slot cursor() const noexcept { return cursor_; }

    /// Ends the turn of the slot at the cursor.
    void advance() noexcept {
        if (cursor_ != no_slot) {
            cursor_ = next(cursor_);
        }
    }

    /// Ends the turns of all who come before this member.
    void advance_to(Slot slot) noexcept { cursor_ = slot; }

    /// Gives the turn to those who were added last, so many of them, before all others.
    void prefer_newest(std::size_t count) noexcept {
        for (; count > 0; --count) {
            cursor_ = link_of(cursor_).previous;
        }
    }

    /// Who comes after a slot that is in this ring.
    [[nodiscard]] Slot next(Slot slot) const noexcept { return links_[index_of(slot)].next; }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    [[nodiscard]] Link& link_of(Slot slot) noexcept { return links_[index_of(slot)]; }

    Link* links_;
    Slot cursor_ = no_slot;
    std::uint32_t size_ = 0;
};

}  // namespace wakepoll::core
