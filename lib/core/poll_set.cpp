#include "core/poll_set.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace wakepoll::core {
namespace {

constexpr std::uint32_t nowhere = 0xFFFFFFFF;

}  // namespace

PollSet::PollSet(PollEntry* entries, Slot* slots, std::uint32_t* positions, SlotRing::Link* links,
                 std::uint32_t capacity) noexcept
    : entries_(entries), slots_(slots), positions_(positions), ring_(links) {
    std::fill_n(positions_, capacity, nowhere);
}

void PollSet::add(Slot slot, const PollEntry& entry) noexcept {
    assert(!contains(slot));
    const std::uint32_t position = size();
    entries_[position + 1] = entry;
    slots_[position] = slot;
    positions_[index_of(slot)] = position;
    ring_.add(slot);
}

void PollSet::remove(Slot slot) noexcept {
    assert(contains(slot));
    ring_.remove(slot);
    const std::uint32_t position = std::exchange(positions_[index_of(slot)], nowhere);
    // The last entry fills the hole, unless it is the one that leaves.
    const std::uint32_t last = size();
    if (position != last) {
        entries_[position + 1] = entries_[last + 1];
        slots_[position] = slots_[last];
        positions_[index_of(slots_[position])] = position;
    }
}

bool PollSet::contains(Slot slot) const noexcept { return positions_[index_of(slot)] != nowhere; }

bool PollSet::has_answers() const noexcept {
    return std::any_of(entries_ + 1, entries_ + 1 + size(),
                       [](const PollEntry& entry) { return entry.revents != 0; });
}

std::size_t PollSet::pass_over_silent(std::size_t most) noexcept {
    std::size_t passed = 0;
    Slot slot = cursor();
    while (passed < most && (*this)[slot].revents == 0) {
        slot = ring_.next(slot);
        ++passed;
    }
    ring_.advance_to(slot);
    return passed;
}

}  // namespace wakepoll::core
