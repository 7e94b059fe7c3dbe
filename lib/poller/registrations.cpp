// Registers, modifies and unregisters handles: all checks first, then the tables.
//
// A call that fails at any step leaves the table and the backends as they were (P12).
#include "poller/registrations.hpp"

#include <utility>

#include "backend/marks.hpp"
#include "core/event_mask.hpp"
#include "poller/classify.hpp"
#include "sys/handle_info.hpp"
#include "sys/socket.hpp"

namespace wakepoll {

using core::Slot;

namespace {

[[nodiscard]] std::error_code check(IoInterest interest) noexcept {
    if (core::is_valid_interest(interest)) {
        return {};
    }
    return (bits(interest) & mask::et) != 0 ? errc::edge_triggered : errc::unknown_interest;
}

}  // namespace

std::error_code Registrations::add(Handle handle, IoInterest interest,
                                   std::uint64_t user_data) noexcept {
    if (!handle) {
        return errc::bad_handle;
    }
    if (const std::error_code error = check(interest)) {
        return error;
    }
    if (is_registered(handle) && !end_if_another(handle)) {
        return errc::already_registered;
    }
    const Slot known = table_.find(handle);
    if (known == core::no_slot) {
        return add_to(known, handle, interest, user_data);
    }
    std::error_code error = known_.forget_another(known);
    if (!error && table_[known].operations > 0) {
        error = errc::operations_in_flight;
    } else if (!error && table_[known].attached) {
        error = errc::attached_for_operations;
    } else if (!error) {
        error = add_to(known, handle, interest, user_data);
    }
    if (error) {
        table_.release(known);
    }
    return error;
}

bool Registrations::is_registered(Handle handle) const noexcept {
    const Slot slot = table_.find(handle);
    return slot != core::no_slot && table_[slot].registered;
}

bool Registrations::is_another(Slot slot) const noexcept {
    const core::Registration& registration = table_[slot];
    const Handle handle = registration.handle;
    if (registration.outdated) {
        return true;
    }
    switch (registration.type) {
        case HandleType::socket: {
            const Result<sys::SocketKind> kind = sys::socket_kind(handle);
            return kind ? (*kind == sys::SocketKind::stream) != registration.stream
                        : kind.error() == std::errc::bad_file_descriptor;
        }
        case HandleType::pipe:
            // While a thread reads from it, it is open, and a query would wait for that thread.
            return !handles_.is_being_read(slot) &&
                   (registration.marked ? backend::is_another(table_, slot)
                                        : !sys::is_pipe(handle));
        case HandleType::console:
            return !sys::is_console(handle);
        default: {
            const Result<HandleType> type = sys::object_type(handle);
            return type ? *type != registration.type
                        : type.error() == std::errc::bad_file_descriptor;
        }
    }
}

bool Registrations::end_if_another(Handle handle) noexcept {
    if (!is_registered(handle) || !is_another(table_.find(handle))) {
        return false;
    }
    end(table_.find(handle));
    ++stats_.registrations_dropped;
    return true;
}

void Registrations::end_former(Handle made) noexcept {
    if (is_registered(made)) {
        end(table_.find(made));
        ++stats_.registrations_dropped;
    }
}

std::error_code Registrations::add_to(Slot known, Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept {
    const Result<Kind> kind = KnownHandles::kind_of(handle);
    if (!kind) {
        return kind.error();
    }
    if (kind->type != HandleType::socket) {
        if (!backend::HandleBackend::can_watch(kind->type)) {
            return errc::nothing_to_wait_for;
        }
        if (!backend::HandleBackend::can_report(interest)) {
            return errc::only_sockets_become_writable;
        }
    }
    const Slot slot = known != core::no_slot ? known : known_.insert(handle);
    if (slot == core::no_slot) {
        return errc::no_free_slot;
    }
    const std::error_code error = begin_readiness(slot, *kind, interest, user_data);
    if (error && known == core::no_slot) {
        table_.release(slot);
    }
    return error;
}

std::error_code Registrations::begin_readiness(Slot slot, const Kind& kind, IoInterest interest,
                                               std::uint64_t user_data) noexcept {
    core::Registration& registration = table_[slot];
    if (kind.type != HandleType::socket && registration.polled) {
        // A socket had the number before, and the packet of its last poll is still to come.
        return errc::late_packet;
    }
    const bool by_port = kind.type == HandleType::pipe && kind.overlapped;
    if (by_port) {
        if (const std::error_code error = known_.associate(slot)) {
            return error;
        }
    }
    const HandleType type_before = registration.type;
    known_.note_kind(slot, kind);
    registration.user_data = user_data;
    registration.interest = interest;
    std::error_code error;
    if (kind.type == HandleType::socket) {
        registration.model = IoModel::poll;
        error = sockets_.add(slot);
    } else {
        registration.model = by_port ? IoModel::overlapped : IoModel::waitable;
        error = handles_.add(slot, by_port);
    }
    if (error) {
        registration.interest = IoInterest::none;
        // What has a type counts as queried by an operation.
        registration.type = type_before;
        return error;
    }
    table_.begin_registration(slot);
    return {};
}

std::error_code Registrations::not_registered(Handle handle) noexcept {
    return is_open(handle) ? errc::not_registered : errc::bad_handle;
}

std::error_code Registrations::modify(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept {
    if (const std::error_code error = check(interest)) {
        return error;
    }
    const Slot slot = handle ? table_.find(handle) : core::no_slot;
    if (slot == core::no_slot || !table_[slot].registered) {
        return not_registered(handle);
    }
    core::Registration& registration = table_[slot];
    const bool socket = registration.type == HandleType::socket;
    // For a socket the next wait finds out, without a further call.
    if (!socket && end_if_another(handle)) {
        return not_registered(handle);
    }
    if (!socket && !backend::HandleBackend::can_report(interest)) {
        return errc::only_sockets_become_writable;
    }
    const IoInterest before = std::exchange(registration.interest, interest);
    if (socket) {
        if (const std::error_code error = sockets_.modify(slot)) {
            registration.interest = before;
            return error;
        }
    } else {
        handles_.modify(slot);
    }
    registration.user_data = user_data;
    return {};
}

std::error_code Registrations::remove(Handle handle) noexcept {
    const Slot slot = handle ? table_.find(handle) : core::no_slot;
    if (slot == core::no_slot || !table_[slot].registered) {
        return not_registered(handle);
    }
    end(slot);
    return {};
}

void Registrations::end(Slot slot) noexcept {
    if (table_[slot].type == HandleType::socket) {
        sockets_.remove(slot);
    } else {
        handles_.remove(slot);
    }
    table_.end_registration(slot);
}

}  // namespace wakepoll
