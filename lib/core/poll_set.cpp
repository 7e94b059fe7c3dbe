#include "core/poll_set.hpp"

#include <algorithm>
#include <cassert>

namespace wakepoll::core {
namespace {

constexpr std::uint32_t nowhere = 0xFFFFFFFF;

}  // namespace

PollSet::PollSet(PollEntry* entries, Slot* slots, std::uint32_t* positions,
                 std::uint32_t capacity) noexcept
    : entries_(entries), slots_(slots), positions_(positions) {
    std::fill_n(positions_, capacity, nowhere);
}

void PollSet::add(Slot slot, const PollEntry& entry) noexcept {
    assert(!contains(slot));
    entries_[size_ + 1] = entry;
    slots_[size_] = slot;
    positions_[index_of(slot)] = size_;
    ++size_;
}

void PollSet::move(std::uint32_t from, std::uint32_t to) noexcept {
    entries_[to + 1] = entries_[from + 1];
    slots_[to] = slots_[from];
    positions_[index_of(slots_[to])] = to;
}

void PollSet::remove(Slot slot) noexcept {
    assert(contains(slot));
    std::uint32_t hole = positions_[index_of(slot)];
    positions_[index_of(slot)] = nowhere;
    const std::uint32_t last = size_ - 1;

    // The last entry is still to be visited. It may fill a hole at or behind the cursor's front,
    // but not one among the visited: there, the entry visited most recently goes into the hole, and
    // the last one takes that entry's place, with the cursor on it.
    if (hole < cursor_) {
        --cursor_;
        if (hole != cursor_) {
            move(cursor_, hole);
        }
        hole = cursor_;
    }
    if (hole != last) {
        move(last, hole);
    }
    size_ = last;
    if (cursor_ >= size_) {
        cursor_ = 0;
    }
}

bool PollSet::contains(Slot slot) const noexcept { return positions_[index_of(slot)] != nowhere; }

PollEntry& PollSet::operator[](Slot slot) noexcept {
    assert(contains(slot));
    return entries_[positions_[index_of(slot)] + 1];
}

}  // namespace wakepoll::core
