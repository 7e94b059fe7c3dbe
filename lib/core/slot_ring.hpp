// A ring through some of the slots, and whose turn it is.
//
// Each visit ends a turn: a visited slot becomes the last of the round, a new one is visited last,
// and when one leaves, all behind it move up. So no slot waits for more visits than there were
// members when it was last visited, whatever joins or leaves.
//
// A slot is in one ring at a time, so any number of rings share one array of links. Not
// thread-safe: used by the backends under the poller's lock. Makes no system call and allocates
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"

namespace wakepoll::core {

class SlotRing {
public:
    /// A slot's neighbours, as their numbers plus one; both zero if it is in no ring. All-zero
    /// memory is an array of links that are in no ring.
    struct Link {
        std::uint32_t previous = 0;
        std::uint32_t next = 0;
    };

    /// Uses a link for every slot; they must outlive the ring.
    explicit SlotRing(Link* links) noexcept : links_(links) {}

    SlotRing(const SlotRing&) = delete;
    SlotRing& operator=(const SlotRing&) = delete;

    /// Adds a slot that is in no ring, as the last of the round.
    void add(Slot slot) noexcept;

    /// Removes a slot that is in this ring.
    void remove(Slot slot) noexcept;

    /// True if the slot is in one of the rings that share these links.
    [[nodiscard]] bool is_linked(Slot slot) const noexcept {
        return links_[index_of(slot)].next != 0;
    }

    /// The slot whose turn it is; `no_slot` in an empty ring.
    [[nodiscard]] Slot cursor() const noexcept { return cursor_; }

    /// Ends the turn of the slot at the cursor.
    void advance() noexcept {
        if (cursor_ != no_slot) {
            cursor_ = next(cursor_);
        }
    }

    /// Ends the turns of all members before this one.
    void advance_to(Slot slot) noexcept { cursor_ = slot; }

    /// The member behind a slot that is in this ring.
    [[nodiscard]] Slot next(Slot slot) const noexcept {
        return Slot{links_[index_of(slot)].next - 1};
    }

    /// Visits each member once, starting at the cursor; `visit` may remove the visited slot.
    template <class Visit>
    void for_each(const Visit& visit) const noexcept {
        Slot slot = cursor_;
        const Link* const links = links_;
        for (std::uint32_t left = size_; left > 0; --left) {
            const Slot visited = slot;
            slot = Slot{links[index_of(slot)].next - 1};
            visit(visited);
        }
    }

    /// Ends turns while `visit` returns true. `visit` must not change the ring; the ring must not
    /// be empty unless `visit` returns false at once.
    template <class Visit>
    void advance_while(const Visit& visit) noexcept {
        Slot slot = cursor_;
        const Link* const links = links_;
        while (visit(slot)) {
            slot = Slot{links[index_of(slot)].next - 1};
        }
        cursor_ = slot;
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    [[nodiscard]] Link& link_of(std::uint32_t number_plus_one) noexcept {
        return links_[number_plus_one - 1];
    }

    Link* links_;
    Slot cursor_ = no_slot;
    std::uint32_t size_ = 0;
};

}  // namespace wakepoll::core
