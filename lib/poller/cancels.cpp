// Cancelling operations. Never by a number that belongs to another object by now.
#include <utility>

#include "poller/classify.hpp"
#include "poller/operations.hpp"

namespace wakepoll {

Result<OverlappedEntry*> Operations::find_in_flight(OverlappedEntry* entry) const noexcept {
    OverlappedEntry* const found = list_.find(entry);
    if (found == nullptr && !list_.is_entry(entry)) {
        return errc::foreign_entry;
    }
    if (found == nullptr || !core::OperationList::is_under_way(*found) ||
        core::OperationList::purpose_of(*found) != core::OperationList::Purpose::operation) {
        return errc::not_in_flight;
    }
    return found;
}

std::error_code Operations::cancel(OverlappedEntry* entry) noexcept {
    const Result<OverlappedEntry*> found = find_in_flight(entry);
    return found ? cancel_in_flight(**found) : found.error();
}

std::error_code Operations::cancel(OverlappedEntry* entry, Handle duplicate) noexcept {
    const Result<OverlappedEntry*> found = find_in_flight(entry);
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

std::error_code Operations::cancel(Handle handle) noexcept {
    std::error_code first;
    bool found = false;
    for (OverlappedEntry* entry = list_.first_in_flight(); entry != nullptr;
         entry = list_.next_in_flight(*entry)) {
        if (entry->handle != handle || is_outlived(*entry) ||
            core::OperationList::purpose_of(*entry) != core::OperationList::Purpose::operation) {
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

bool Operations::is_outlived(const OverlappedEntry& entry) const noexcept {
    const core::Registration& registration = table_[core::OperationList::slot_of(entry)];
    return !registration.active ||
           registration.generation != core::OperationList::generation_of(entry);
}

std::error_code Operations::ask_for_end(OverlappedEntry& entry) noexcept {
    if (core::OperationList::purpose_of(entry) != core::OperationList::Purpose::operation) {
        return sys::cancel(entry.handle, entry.overlapped);
    }
    if (is_outlived(entry)) {
        return errc::bad_handle;
    }
    const std::error_code error = sys::cancel(entry.handle, entry.overlapped);
    const bool by_another = error == std::errc::no_such_file_or_directory &&
                            known_.is_another(core::OperationList::slot_of(entry));
    return by_another ? make_error_code(errc::bad_handle) : error;
}

std::error_code Operations::note_end(OverlappedEntry& entry, std::error_code asked) noexcept {
    if (Handle& accepted = core::OperationList::accepted_by(entry);
        asked == std::errc::bad_file_descriptor && accepted) {
        // The listener is closed. What it was to accept into is not, and ends the call as well.
        sys::close_socket(std::exchange(accepted, Handle{}));
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

std::error_code Operations::cancel_in_flight(OverlappedEntry& entry) noexcept {
    return entry.state() == OverlappedState::cancelling ? std::error_code{}
                                                        : note_end(entry, ask_for_end(entry));
}

void Operations::note_canceled(OverlappedEntry& entry) noexcept {
    list_.cancel(entry);
    ++stats_.operations_canceled;
}

}  // namespace wakepoll
