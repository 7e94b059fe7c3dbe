#include "core/operation_list.hpp"

#include <cassert>
#include <utility>

namespace wakepoll::core {

PoolEntry* OperationList::acquire(PoolEntry::Purpose purpose, SlotUse use) noexcept {
    PoolEntry* const entry = pool_.acquire();
    if (entry != nullptr) {
        entry->purpose = purpose;
        entry->use = use;
        entry->order_ = taken_++;
    }
    return entry;
}

void OperationList::give_back(PoolEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::idle || entry.state_ == OverlappedState::completed);
    pool_.give_back(entry);
}

void OperationList::start(PoolEntry& entry) noexcept {
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

void OperationList::cancel(PoolEntry& entry) noexcept {
    assert(entry.state_ == OverlappedState::in_flight);
    entry.state_ = OverlappedState::cancelling;
}

void OperationList::complete(PoolEntry& entry) noexcept {
    assert(entry.is_under_way());
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

void OperationList::append(Queue& queue, PoolEntry& entry) noexcept {
    const std::uint32_t index = index_of(entry);
    entry.next_ = no_entry;
    if (queue.last != no_entry) {
        at(queue.last)->next_ = index;
    } else {
        queue.first = index;
    }
    queue.last = index;
}

bool OperationList::is_behind_any_of(const PoolEntry& entry, std::uint32_t first) const noexcept {
    if (!entry.in_order) {
        return false;
    }
    for (const PoolEntry* other = at(first); other != nullptr; other = at(other->next_)) {
        if (is_behind(entry, *other)) {
            return true;
        }
    }
    return false;
}

void OperationList::finish(PoolEntry& entry) noexcept {
    assert(entry.in_use_ && !entry.reported);
    assert(entry.state_ == OverlappedState::idle || entry.state_ == OverlappedState::completed);
    entry.state_ = OverlappedState::completed;
    if (is_behind_any_of(entry, oldest_)) {
        append(held_, entry);
    } else {
        append(ready_, entry);
        ++finished_;
    }
}

bool OperationList::is_behind_a_finished_one(const PoolEntry& entry) const noexcept {
    return is_behind_any_of(entry, ready_.first) || is_behind_any_of(entry, held_.first);
}

void OperationList::let_go_on(const PoolEntry& done) noexcept {
    if (held_.first == no_entry || !done.in_order) {
        return;
    }
    let_all_go_on();
}

void OperationList::let_all_go_on() noexcept {
    // Entries that must still follow others are held again.
    const Queue held = std::exchange(held_, {});
    for (std::uint32_t index = held.first; index != no_entry;) {
        PoolEntry& entry = *at(index);
        index = entry.next_;
        finish(entry);
    }
}

PoolEntry* OperationList::next_finished() noexcept {
    PoolEntry* const entry = at(ready_.first);
    if (entry != nullptr) {
        ready_.first = entry->next_;
        if (ready_.first == no_entry) {
            ready_.last = no_entry;
        }
        --finished_;
    }
    return entry;
}

void OperationList::rest(PoolEntry& entry) noexcept {
    assert(entry.purpose == PoolEntry::Purpose::readiness &&
           entry.state_ == OverlappedState::completed);
    entry.state_ = OverlappedState::idle;
    entry.reset();
}

}  // namespace wakepoll::core
