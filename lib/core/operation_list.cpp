#include "core/operation_list.hpp"

#include <cassert>
#include <utility>

namespace wakepoll::core {

OverlappedEntry* OperationList::acquire(Purpose purpose, Slot slot,
                                        std::uint32_t generation) noexcept {
    OverlappedEntry* const entry = pool_.acquire();
    if (entry != nullptr) {
        entry->purpose_ = purpose;
        entry->slot_ = static_cast<std::uint32_t>(slot);
        entry->generation_ = generation;
        entry->order_ = taken_++;
    }
    return entry;
}

void OperationList::give_back(OverlappedEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::idle || entry.state_ == OverlappedState::completed);
    pool_.give_back(entry);
}

void OperationList::start(OverlappedEntry& entry) noexcept {
    assert(entry.in_use_ && entry.state_ == OverlappedState::idle);
    entry.state_ = OverlappedState::in_flight;
    entry.previous_ = newest_;
    entry.next_ = no_entry;
    const std::uint32_t index = index_of(entry);
    if (newest_ != no_entry) {
        at(newest_)->next_ = index;
    } else {
        oldest_ = index;
    }
    newest_ = index;
    ++in_flight_;
}

void OperationList::cancel(OverlappedEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::in_flight);
    entry.state_ = OverlappedState::cancelling;
}

void OperationList::complete(OverlappedEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::in_flight ||
           entry.state_ == OverlappedState::cancelling);
    entry.state_ = OverlappedState::completed;
    if (entry.previous_ != no_entry) {
        at(entry.previous_)->next_ = entry.next_;
    } else {
        oldest_ = entry.next_;
    }
    if (entry.next_ != no_entry) {
        at(entry.next_)->previous_ = entry.previous_;
    } else {
        newest_ = entry.previous_;
    }
    --in_flight_;
}

void OperationList::append(Queue& queue, OverlappedEntry& entry) noexcept {
    const std::uint32_t index = index_of(entry);
    entry.next_ = no_entry;
    if (queue.last != no_entry) {
        at(queue.last)->next_ = index;
    } else {
        queue.first = index;
    }
    queue.last = index;
}

bool OperationList::is_behind_any_of(const OverlappedEntry& entry,
                                     std::uint32_t first) const noexcept {
    if (!entry.in_order_) {
        return false;
    }
    for (const OverlappedEntry* other = at(first); other != nullptr; other = at(other->next_)) {
        if (is_behind(entry, *other)) {
            return true;
        }
    }
    return false;
}

void OperationList::finish(OverlappedEntry& entry) noexcept {
    assert(entry.in_use_ && !entry.reported_);
    assert(entry.state_ == OverlappedState::idle || entry.state_ == OverlappedState::completed);
    entry.state_ = OverlappedState::completed;
    if (is_behind_any_of(entry, oldest_)) {
        append(held_, entry);
    } else {
        append(ready_, entry);
        ++finished_;
    }
}

bool OperationList::is_behind_a_finished_one(const OverlappedEntry& entry) const noexcept {
    return is_behind_any_of(entry, ready_.first) || is_behind_any_of(entry, held_.first);
}

void OperationList::let_go_on(const OverlappedEntry& done) noexcept {
    if (held_.first == no_entry || !done.in_order_) {
        return;
    }
    let_all_go_on();
}

void OperationList::let_all_go_on() noexcept {
    // Entries that must still follow others are held again.
    const Queue held = std::exchange(held_, {});
    for (std::uint32_t index = held.first; index != no_entry;) {
        OverlappedEntry& entry = *at(index);
        index = entry.next_;
        finish(entry);
    }
}

OverlappedEntry* OperationList::next_finished() noexcept {
    OverlappedEntry* const entry = at(ready_.first);
    if (entry != nullptr) {
        ready_.first = entry->next_;
        if (ready_.first == no_entry) {
            ready_.last = no_entry;
        }
        --finished_;
    }
    return entry;
}

void OperationList::rest(OverlappedEntry& entry) noexcept {
    assert(entry.purpose_ == Purpose::readiness && entry.state_ == OverlappedState::completed);
    entry.state_ = OverlappedState::idle;
    entry.reset();
}

}  // namespace wakepoll::core
