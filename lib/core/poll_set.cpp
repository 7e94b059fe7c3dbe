#include "core/poll_set.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace wakepoll::core {

void PollSet::add(Slot slot, const PollEntry& entry) noexcept {
    assert(!contains(slot));
    before_change(slot);
    added_ = blocked_;
    const std::uint32_t position = size();
    array_.entries[position + 1] = entry;
    array_.slots[position] = slot;
    positions_[index_of(slot)] = position + 1;
    ring_.add(slot);
}

void PollSet::remove(Slot slot) noexcept {
    assert(contains(slot));
    before_change(slot);
    ring_.remove(slot);
    const std::uint32_t position = std::exchange(positions_[index_of(slot)], 0);
    // The last entry fills the hole, unless it is the removed one.
    const std::uint32_t last = size() + 1;
    if (position != last) {
        array_.entries[position] = array_.entries[last];
        array_.slots[position - 1] = array_.slots[last - 1];
        positions_[index_of(array_.slots[position - 1])] = position;
    }
}

void PollSet::begin_block() noexcept {
    blocked_ = true;
    changed_ = false;
    added_ = false;
    kernel_ = entries_with_doorbell();
}

void PollSet::before_change(Slot slot) noexcept {
    if (!blocked_) {
        return;
    }
    if (!changed_) {
        changed_ = true;
        std::swap(array_, other_);
        for (std::size_t i = 0; i < kernel_.size(); ++i) {
            // The kernel may be writing the answers.
            array_.entries[i].socket = kernel_[i].socket;
            array_.entries[i].events = kernel_[i].events;
            array_.entries[i].revents = 0;
        }
        std::copy_n(other_.slots, kernel_.size() - 1, array_.slots);
    }
    std::replace(other_.slots, other_.slots + kernel_.size() - 1, slot, no_slot);
}

void PollSet::end_block() noexcept {
    blocked_ = false;
    if (!changed_) {
        return;
    }
    doorbell().revents = kernel_[0].revents;
    for (std::size_t i = 1; i < kernel_.size(); ++i) {
        if (other_.slots[i - 1] != no_slot) {
            (*this)[other_.slots[i - 1]].revents = kernel_[i].revents;
        }
    }
}

bool PollSet::has_answers() const noexcept {
    // Eight at a time: if none has an answer, every wait scans them all.
    constexpr std::size_t at_once = 8;
    const PollEntry* entry = array_.entries + 1;
    const PollEntry* const end = entry + size();
    for (; end - entry >= static_cast<std::ptrdiff_t>(at_once); entry += at_once) {
        const int any = entry[0].revents | entry[1].revents | entry[2].revents | entry[3].revents |
                        entry[4].revents | entry[5].revents | entry[6].revents | entry[7].revents;
        if (any != 0) {
            return true;
        }
    }
    return std::any_of(entry, end, [](const PollEntry& one) { return one.revents != 0; });
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
