// Registering, changing and forgetting handles: all checks first, then the tables.
//
// A call that fails at any step leaves the table and the backends as they were (P12).
#include <utility>

#include "classify.hpp"
#include "core/completion_key.hpp"
#include "core/event_mask.hpp"
#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/system.hpp"

namespace wakepoll {

using core::Slot;

std::error_code PollerState::add(Handle handle, IoInterest interest,
                                 std::uint64_t user_data) noexcept {
    if (!handle) {
        return own_errors::bad_file_descriptor();
    }
    if (!core::is_valid_interest(interest)) {
        return own_errors::invalid_argument();
    }
    Slot known = table.find(handle);
    if (known != core::no_slot && table[known].registered && sockets.in_flight() > 0) {
        // The port may hold the news that this one was closed, and the number is another's.
        if (const std::error_code error = take_ahead(0)) {
            return error;
        }
        known = table.find(handle);
    }
    if (known != core::no_slot && table[known].registered) {
        return own_errors::file_exists();
    }
    if (known != core::no_slot && table[known].link > 0) {
        return own_errors::device_or_resource_busy();
    }
    const Result<Kind> kind = kind_of(handle);
    if (!kind) {
        return kind.error();
    }
    if (kind->type != HandleType::socket) {
        if (!backend::HandleBackend::can_watch(kind->type)) {
            return own_errors::operation_not_permitted();
        }
        if (!backend::HandleBackend::can_report(interest)) {
            return own_errors::invalid_argument();
        }
    }
    const Slot slot = known != core::no_slot ? known : insert(handle);
    if (slot == core::no_slot) {
        return own_errors::no_space_on_device();
    }
    const std::error_code error = begin_readiness(slot, *kind, interest, user_data);
    if (error && slot != known && !table[slot].associated) {
        table.erase(slot);
    }
    return error;
}

std::error_code PollerState::begin_readiness(Slot slot, const Kind& kind, IoInterest interest,
                                             std::uint64_t user_data) noexcept {
    core::Registration& registration = table[slot];
    if (kind.type != HandleType::socket) {
        if (const std::error_code error = free_cell(slot)) {
            return error;
        }
    }
    const bool by_port = kind.type == HandleType::pipe && kind.overlapped;
    if (by_port) {
        if (const std::error_code error = tie_to_port(slot)) {
            return error;
        }
    }
    note_kind(slot, kind);
    registration.user_data = user_data;
    registration.interest = interest;
    std::error_code error;
    if (kind.type == HandleType::socket) {
        registration.model = IoModel::poll;
        error = sockets.add(slot, sys::now());
    } else {
        registration.model = by_port ? IoModel::overlapped : IoModel::waitable;
        error = handles.add(slot, by_port);
    }
    if (error) {
        registration.interest = IoInterest::none;
        return error;
    }
    table.set_registered(slot, true);
    return {};
}

std::error_code PollerState::modify(Handle handle, IoInterest interest,
                                    std::uint64_t user_data) noexcept {
    if (!core::is_valid_interest(interest)) {
        return own_errors::invalid_argument();
    }
    const Slot slot = handle ? table.find(handle) : core::no_slot;
    if (slot == core::no_slot || !table[slot].registered) {
        return own_errors::no_such_file_or_directory();
    }
    core::Registration& registration = table[slot];
    const bool socket = registration.type == HandleType::socket;
    if (!socket && !backend::HandleBackend::can_report(interest)) {
        return own_errors::invalid_argument();
    }
    const IoInterest before = std::exchange(registration.interest, interest);
    if (socket) {
        if (const std::error_code error = sockets.modify(slot, sys::now())) {
            registration.interest = before;
            return error;
        }
    } else {
        handles.modify(slot);
    }
    registration.user_data = user_data;
    return {};
}

std::error_code PollerState::remove(Handle handle) noexcept {
    const Slot slot = handle ? table.find(handle) : core::no_slot;
    if (slot == core::no_slot || !table[slot].registered) {
        return own_errors::no_such_file_or_directory();
    }
    if (table[slot].type == HandleType::socket) {
        sockets.remove(slot);
    } else {
        handles.remove(slot);
    }
    // That the handle is tied to the port must not be forgotten: the kernel would not tell.
    if (table[slot].associated) {
        table.end_registration(slot);
    } else {
        table.erase(slot);
    }
    return {};
}

std::error_code PollerState::associate(Handle handle, std::uint64_t key) noexcept {
    if (!handle) {
        return own_errors::bad_file_descriptor();
    }
    const auto native_key = static_cast<std::uintptr_t>(key);
    if (core::is_reserved(key) || native_key != key) {
        return own_errors::invalid_argument();
    }
    const Slot known = table.find(handle);
    const Slot slot = known != core::no_slot ? known : insert(handle);
    if (slot == core::no_slot) {
        return own_errors::no_space_on_device();
    }
    if (const std::error_code error = port.associate(handle, native_key)) {
        if (known == core::no_slot) {
            table.erase(slot);
        }
        return error;
    }
    table[slot].associated = true;
    table[slot].skips = false;
    port_in_use = true;
    return {};
}

// What is known of a handle
// ----------------------------------------------------------------------

Result<PollerState::Kind> PollerState::kind_of(Handle handle) noexcept {
    const Result<sys::SocketKind> socket = sys::socket_kind(handle);
    if (socket) {
        return Kind{HandleType::socket, *socket == sys::SocketKind::stream, true};
    }
    if (socket.error() != std::errc::bad_file_descriptor) {
        return socket.error();
    }
    const Result<HandleType> type = classify(handle);
    if (!type) {
        return type.error();
    }
    if (*type != HandleType::pipe && *type != HandleType::file) {
        return Kind{*type, false, false};
    }
    const Result<bool> overlapped = sys::is_overlapped(handle);
    if (!overlapped) {
        return overlapped.error();
    }
    return Kind{*type, false, *overlapped};
}

void PollerState::note_kind(Slot slot, const Kind& kind) noexcept {
    table[slot].type = kind.type;
    table[slot].stream = kind.stream;
}

Slot PollerState::insert(Handle handle) noexcept {
    if (table.size() == table.capacity()) {
        forget_closed();
    }
    return table.insert(handle);
}

std::error_code PollerState::free_cell(Slot slot) noexcept {
    if (!sockets.is_busy(slot)) {
        return {};
    }
    if (const std::error_code error = sockets.free_cell(slot)) {
        return error;
    }
    // The request was cancelled, now or when its registration ended, so its packet is there or
    // about to come.
    constexpr std::uint32_t patience_milliseconds = 100;
    constexpr int tries = 10;
    for (int i = 0; i < tries && sockets.is_busy(slot); ++i) {
        if (const std::error_code error = take_ahead(patience_milliseconds)) {
            return error;
        }
    }
    return sockets.is_busy(slot) ? own_errors::resource_unavailable_try_again() : std::error_code{};
}

void PollerState::forget_closed() noexcept {
    for (std::uint32_t i = 0; i < table.capacity(); ++i) {
        const core::Registration& registration = table[Slot{i}];
        if (registration.active && !registration.registered && registration.link == 0) {
            const Result<HandleType> type = classify(registration.handle);
            if (!type && type.error() == std::errc::bad_file_descriptor) {
                table.erase(Slot{i});
            }
        }
    }
}

std::error_code PollerState::tie_to_port(Slot slot) noexcept {
    core::Registration& registration = table[slot];
    const std::error_code error = port.associate(registration.handle, 0);
    if (!error) {
        registration.associated = true;
        registration.skips = false;
        return {};
    }
    // A handle can be tied but once. Where it was tied here, that is what the kernel says of it.
    return error == std::errc::invalid_argument && registration.associated ? std::error_code{}
                                                                           : error;
}

Result<Slot> PollerState::slot_for_operation(Handle handle) noexcept {
    if (!handle) {
        return own_errors::bad_file_descriptor();
    }
    const Slot known = table.find(handle);
    if (known != core::no_slot && table[known].registered) {
        return own_errors::device_or_resource_busy();
    }
    if (known == core::no_slot || !table[known].associated) {
        return new_slot_for_operation(handle);
    }
    // The handle may have been closed, be it with operations in flight, and its number be another's
    // by now: if it can be tied once more, it is. That costs one call and saves the operation from
    // getting lost.
    const std::error_code error = port.associate(handle, 0);
    if (error == std::errc::bad_file_descriptor) {
        table.erase(known);
        return error;
    }
    if (error && error != std::errc::invalid_argument) {
        return error;
    }
    Slot slot = known;
    if (!error) {
        // What is in flight still was the earlier tenant's, as its generation tells.
        table.erase(known);
        slot = table.insert(handle);
        table[slot].associated = true;
    }
    if (table[slot].type == HandleType::unknown) {
        const Result<Kind> kind = kind_of(handle);
        if (!kind) {
            return kind.error();
        }
        if (!kind->overlapped) {
            return own_errors::not_supported();
        }
        note_operated(slot, *kind, !error);
    }
    return slot;
}

Result<Slot> PollerState::new_slot_for_operation(Handle handle) noexcept {
    const Result<Kind> kind = kind_of(handle);
    if (!kind) {
        return kind.error();
    }
    if (!kind->overlapped) {
        return own_errors::not_supported();
    }
    const Slot slot = insert(handle);
    if (slot == core::no_slot) {
        return own_errors::no_space_on_device();
    }
    if (const std::error_code error = tie_to_port(slot)) {
        table.erase(slot);
        return error;
    }
    note_operated(slot, *kind, true);
    return slot;
}

void PollerState::note_operated(Slot slot, const Kind& kind, bool tied_now) noexcept {
    note_kind(slot, kind);
    core::Registration& registration = table[slot];
    registration.model = IoModel::overlapped;
    // Elsewhere one can not tell whether a packet follows. Where it can not be had, packets come.
    // Whoever tied the handle by himself wants them in any case.
    if (tied_now && kind.stream) {
        const Result<bool> can_skip = sys::has_file_handles(registration.handle);
        registration.skips =
            can_skip && *can_skip && !sys::skip_packets_on_success(registration.handle);
    }
}

}  // namespace wakepoll
