#include "core/slot_ring.hpp"

#include <cassert>

namespace wakepoll::core {
namespace {

[[nodiscard]] constexpr std::uint32_t link_to(Slot slot) noexcept {
    return static_cast<std::uint32_t>(slot) + 1;
}

}  // namespace

void SlotRing::add(Slot slot) noexcept {
    assert(!is_linked(slot));
    const std::uint32_t self = link_to(slot);
    if (cursor_ == no_slot) {
        link_of(self) = {self, self};
        cursor_ = slot;
    } else {
        const std::uint32_t first = link_to(cursor_);
        const std::uint32_t last = link_of(first).previous;
        link_of(self) = {last, first};
        link_of(last).next = self;
        link_of(first).previous = self;
    }
    ++size_;
}

void SlotRing::remove(Slot slot) noexcept {
    assert(is_linked(slot));
    const Link link = link_of(link_to(slot));
    link_of(link.previous).next = link.next;
    link_of(link.next).previous = link.previous;
    link_of(link_to(slot)) = {};
    --size_;
    if (cursor_ == slot) {
        cursor_ = size_ == 0 ? no_slot : Slot{link.next - 1};
    }
}

}  // namespace wakepoll::core
