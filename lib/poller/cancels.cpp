// Cancelling operations. Never by a number that belongs to another object by now.
#include <utility>

#include "poller/classify.hpp"
#include "poller/operations.hpp"

namespace wakepoll {

using core::PoolEntry;

Result<PoolEntry*> Operations::find_in_flight(OverlappedEntry* entry) const noexcept {
    PoolEntry* const found = list_.entry_at(entry);
    if (found == nullptr) {
        return errc::foreign_entry;
    }
    if (!found->is_under_way() || found->purpose != PoolEntry::Purpose::operation) {
        return errc::not_in_flight;
    }
    return found;
}

Result<void> Operations::cancel(OverlappedEntry* entry) noexcept {
    const Result<PoolEntry*> found = find_in_flight(entry);
    return found ? cancel_in_flight(**found) : found.error();
}

Result<void> Operations::cancel(OverlappedEntry* entry, Handle duplicate) noexcept {
    const Result<PoolEntry*> found = find_in_flight(entry);
    if (!found || (*found)->state() == OverlappedState::cancelling) {
        return found.error();
    }
    const std::error_code error = can_be_dealt(duplicate)
                                      ? sys::cancel(duplicate, (*found)->overlapped)
                                      : make_error_code(errc::bad_handle);
    if (!error) {
        note_canceled(**found);
    }
    return error;
}

Result<void> Operations::cancel(Handle handle) noexcept {
    std::error_code first;
    bool found = false;
    for (PoolEntry* entry = list_.first_in_flight(); entry != nullptr;
         entry = list_.next_in_flight(*entry)) {
        if (entry->handle != handle || is_outlived(*entry) ||
            entry->purpose != PoolEntry::Purpose::operation) {
            continue;
        }
        std::error_code error;
        if (entry->state() == OverlappedState::in_flight) {
            error = ask_for_end(*entry);
            if (error == std::errc::bad_file_descriptor && is_open(handle)) {
                continue;  // It is another object's, which had the number before.
            }
            error = note_end(*entry, error);
        }
        found = true;
        first = first ? first : error;
    }
    return found ? first : make_error_code(errc::not_in_flight);
}

std::error_code Operations::ask_for_end(PoolEntry& entry) noexcept {
    if (entry.purpose != PoolEntry::Purpose::operation) {
        return sys::cancel(entry.handle, entry.overlapped);
    }
    if (is_outlived(entry)) {
        return errc::bad_handle;
    }
    const std::error_code error = sys::cancel(entry.handle, entry.overlapped);
    const bool by_another =
        error == std::errc::no_such_file_or_directory && known_.is_another(entry.use.slot);
    return by_another ? make_error_code(errc::bad_handle) : error;
}

std::error_code Operations::note_end(PoolEntry& entry, std::error_code asked) noexcept {
    if (asked == std::errc::bad_file_descriptor && entry.accepted) {
        // The listener is closed. What it was to accept into is not, and ends the call as well.
        sys::close_socket(std::exchange(entry.accepted, Handle{}));
        asked = {};
    }
    if (asked == std::errc::no_such_file_or_directory) {
        return {};  // It has ended; its packet is pending.
    }
    if (!asked) {
        note_canceled(entry);
    }
    return asked;
}

std::error_code Operations::cancel_in_flight(PoolEntry& entry) noexcept {
    return entry.state() == OverlappedState::cancelling ? std::error_code{}
                                                        : note_end(entry, ask_for_end(entry));
}

void Operations::note_canceled(PoolEntry& entry) noexcept {
    list_.cancel(entry);
    ++stats_.operations_canceled;
}

}  // namespace wakepoll
