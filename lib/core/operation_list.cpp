#include "core/operation_list.hpp"

#include <cassert>

namespace wakepoll::core {

OverlappedEntry* OperationList::acquire(Purpose purpose, Slot slot,
                                        std::uint32_t generation) noexcept {
    OverlappedEntry* const entry = pool_.acquire();
    if (entry != nullptr) {
        entry->purpose_ = purpose;
        entry->slot_ = static_cast<std::uint32_t>(slot);
        entry->generation_ = generation;
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

void OperationList::finish(OverlappedEntry& entry, std::uint32_t bytes,
                           std::uint32_t code) noexcept {
    assert(entry.in_use_ && entry.state_ == OverlappedState::idle);
    entry.state_ = OverlappedState::completed;
    entry.bytes_transferred = bytes;
    entry.code_ = code;
    entry.next_ = no_entry;
    if (last_finished_ != no_entry) {
        at(last_finished_)->next_ = index_of(entry);
    } else {
        first_finished_ = index_of(entry);
    }
    last_finished_ = index_of(entry);
    ++finished_;
}

OverlappedEntry* OperationList::next_finished() noexcept {
    OverlappedEntry* const entry = at(first_finished_);
    if (entry != nullptr) {
        first_finished_ = entry->next_;
        if (first_finished_ == no_entry) {
            last_finished_ = no_entry;
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
