#include "core/slot_ring.hpp"

#include <cassert>

namespace wakepoll::core {

void SlotRing::add(Slot slot) noexcept {
    assert(!is_linked(slot));
    if (cursor_ == no_slot) {
        link_of(slot) = {slot, slot};
        cursor_ = slot;
    } else {
        const Slot last = link_of(cursor_).previous;
        link_of(slot) = {last, cursor_};
        link_of(last).next = slot;
        link_of(cursor_).previous = slot;
    }
    ++size_;
}

void SlotRing::remove(Slot slot) noexcept {
    assert(is_linked(slot));
    const Link link = link_of(slot);
    link_of(link.previous).next = link.next;
    link_of(link.next).previous = link.previous;
    link_of(slot) = {};
    --size_;
    if (cursor_ == slot) {
        cursor_ = size_ == 0 ? no_slot : link.next;
    }
}

}  // namespace wakepoll::core
