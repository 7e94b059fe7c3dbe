#include "core/poll_set.hpp"

#include <algorithm>
#include <cassert>

namespace wakepoll::core {
namespace {

constexpr std::uint32_t nowhere = 0xFFFFFFFF;

}  // namespace

PollSet::PollSet(PollEntry* entries, Slot* slots, Place* places, std::uint32_t capacity) noexcept
    : entries_(entries), slots_(slots), places_(places) {
    std::fill_n(places_, capacity, Place{nowhere, no_slot, no_slot});
}

void PollSet::add(Slot slot, const PollEntry& entry) noexcept {
    assert(!contains(slot));
    entries_[size_ + 1] = entry;
    slots_[size_] = slot;
    if (size_ == 0) {
        place_of(slot) = {0, slot, slot};
        cursor_ = slot;
    } else {
        const Slot last = place_of(cursor_).previous;
        place_of(slot) = {size_, last, cursor_};
        place_of(last).next = slot;
        place_of(cursor_).previous = slot;
    }
    ++size_;
}

void PollSet::remove(Slot slot) noexcept {
    assert(contains(slot));
    const Place place = place_of(slot);
    place_of(slot).position = nowhere;
    --size_;

    // The last entry fills the hole, unless it is the one that leaves.
    if (place.position != size_) {
        entries_[place.position + 1] = entries_[size_ + 1];
        slots_[place.position] = slots_[size_];
        place_of(slots_[place.position]).position = place.position;
    }

    place_of(place.previous).next = place.next;
    place_of(place.next).previous = place.previous;
    if (cursor_ == slot) {
        cursor_ = size_ == 0 ? no_slot : place.next;
    }
}

void PollSet::advance() noexcept {
    if (cursor_ != no_slot) {
        cursor_ = place_of(cursor_).next;
    }
}

bool PollSet::contains(Slot slot) const noexcept {
    return places_[index_of(slot)].position != nowhere;
}

PollEntry& PollSet::operator[](Slot slot) noexcept {
    assert(contains(slot));
    return entries_[place_of(slot).position + 1];
}

}  // namespace wakepoll::core
