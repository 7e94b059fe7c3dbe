#include "poller/known_handles.hpp"

#include "backend/marks.hpp"
#include "core/completion_key.hpp"
#include "poller/classify.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/socket.hpp"

namespace wakepoll {

using core::Slot;

namespace {

constexpr auto own_key = static_cast<std::uintptr_t>(core::CompletionKey::handle);

/// Why a handle that is not opened for overlapped use carries no operation.
[[nodiscard]] std::error_code why_not_overlapped(HandleType type) noexcept {
    switch (type) {
        case HandleType::file:
            return errc::not_overlapped;
        case HandleType::unknown:
            return errc::operation_of_another_kind;
        default:
            return errc::register_instead;
    }
}

/// Why a handle could not be associated with the port. That a socket is not opened for overlapped
/// use is only queried now: few are not.
[[nodiscard]] std::error_code why_not_associated(Handle handle, const KnownHandles::Kind& kind,
                                                 std::error_code error) noexcept {
    if (kind.type != HandleType::socket || error != std::errc::invalid_argument) {
        return error;
    }
    const Result<bool> overlapped = sys::is_overlapped(handle);
    return overlapped && !*overlapped ? make_error_code(errc::register_instead) : error;
}

}  // namespace

Result<KnownHandles::Kind> KnownHandles::kind_of(Handle handle) noexcept {
    if (!can_be_dealt(handle)) {
        return errc::bad_handle;
    }
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

void KnownHandles::note_kind(Slot slot, const Kind& kind) noexcept {
    table_[slot].type = kind.type;
    table_[slot].stream = kind.stream;
}

Slot KnownHandles::insert(Handle handle) noexcept {
    if (table_.size() == table_.capacity()) {
        forget_closed();
    }
    return table_.insert(handle);
}

void KnownHandles::forget_closed() noexcept {
    for (std::uint32_t i = 0; i < table_.used(); ++i) {
        const core::Registration& registration = table_[Slot{i}];
        if (registration.active && !registration.registered && registration.operations == 0 &&
            !registration.polled && is_closed(Slot{i})) {
            table_.erase(Slot{i});
        }
    }
}

std::error_code KnownHandles::associate(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    if (registration.marked) {
        return {};
    }
    if (const std::error_code error = port_.associate(registration.handle, own_key)) {
        // A handle belongs to one port for its life: to this one, as far as is known.
        return error == std::errc::invalid_argument && registration.associated ? std::error_code{}
                                                                               : error;
    }
    if (registration.associated) {
        table_.renew(slot);
    }
    note_associated(slot);
    return {};
}

std::error_code KnownHandles::associate(Handle handle, std::uint64_t key) noexcept {
    if (!can_be_dealt(handle)) {
        return errc::bad_handle;
    }
    const auto native_key = static_cast<std::uintptr_t>(key);
    if (core::is_reserved(key) || native_key != key) {
        return errc::reserved_key;
    }
    const Slot known = table_.find(handle);
    const Slot slot = known != core::no_slot ? known : insert(handle);
    if (slot == core::no_slot) {
        return errc::no_free_slot;
    }
    if (const std::error_code error = port_.associate(handle, native_key)) {
        table_.release(slot);
        return error;
    }
    if (!table_[slot].registered) {
        table_.renew(slot);  // A handle is associated once: this is another with the same number.
    }
    note_associated(slot);
    return {};
}

void KnownHandles::note_associated(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    registration.associated = true;
    registration.skips = false;
    registration.marked = !sys::mark(registration.handle);
    core::PortOwners::note(registration.handle, table_.owner());
}

bool KnownHandles::is_another(Slot slot) const noexcept {
    return backend::is_another(table_, slot);
}

bool KnownHandles::is_closed(Slot slot) const noexcept {
    return table_[slot].marked ? is_another(slot) : !is_open(table_[slot].handle);
}

std::error_code KnownHandles::forget_another(Slot slot) noexcept {
    core::Registration& registration = table_[slot];
    if (!registration.marked) {
        return {};
    }
    const Result<sys::FileModes> modes = backend::modes_of(table_, slot);
    if (!modes && modes.error() != std::errc::bad_file_descriptor) {
        return modes.error();
    }
    if (!modes || !modes->is_marked) {
        table_.renew(slot);
    } else {
        registration.skips = modes->skips_packets;  // The user may have set it meanwhile.
    }
    return {};
}

Result<Slot> KnownHandles::slot_for_operation(Handle handle) noexcept {
    if (!handle) {
        return errc::bad_handle;
    }
    const Slot known = table_.find(handle);
    if (known == core::no_slot) {
        return new_slot_for_operation(handle, known);
    }
    const core::Registration& registration = table_[known];
    if (registration.registered) {
        return errc::registered_for_readiness;
    }
    // The handle may have been closed, perhaps with operations in flight, and its number reused.
    // The query costs one call and prevents the loss of the operation.
    if (const std::error_code error = forget_another(known)) {
        return error;
    }
    return registration.marked && registration.type != HandleType::unknown
               ? known
               : new_slot_for_operation(handle, known);
}

Result<core::SlotUse> KnownHandles::attach(Handle handle) noexcept {
    const Result<Slot> slot = slot_for_operation(handle);
    if (!slot) {
        return slot.error();
    }
    if (table_[*slot].attached) {
        return errc::already_attached;
    }
    table_[*slot].attached = true;
    return table_.use_of(*slot);
}

void KnownHandles::detach(core::SlotUse attachment) noexcept {
    if (table_.goes_on(attachment)) {
        table_[attachment.slot].attached = false;
    }
}

Result<Slot> KnownHandles::new_slot_for_operation(Handle handle, Slot known) noexcept {
    const Result<Kind> kind = kind_of(handle);
    if (!kind || !kind->overlapped) {
        if (known != core::no_slot) {
            table_.release(known);
        }
        return kind ? why_not_overlapped(kind->type) : kind.error();
    }
    const Slot slot = known != core::no_slot ? known : insert(handle);
    if (slot == core::no_slot) {
        return errc::no_free_slot;
    }
    const bool before = table_[slot].associated;
    if (const std::error_code error = associate(slot)) {
        table_.release(slot);
        return why_not_associated(handle, *kind, error);
    }
    note_operated(slot, *kind, !before);
    return slot;
}

void KnownHandles::note_operated(Slot slot, const Kind& kind, bool associated_now) noexcept {
    note_kind(slot, kind);
    core::Registration& registration = table_[slot];
    registration.model = IoModel::overlapped;
    // Elsewhere it is not known whether a packet follows. A user who has associated the handle
    // wants packets in any case.
    if (associated_now && kind.stream) {
        const Result<bool> can_skip = sys::has_file_handles(registration.handle);
        registration.skips =
            can_skip && *can_skip && !sys::skip_packets_on_success(registration.handle);
    }
    // The user may have made the handle skip them.
    if (!registration.skips) {
        const Result<bool> skips = sys::skips_packets(registration.handle);
        registration.skips = skips && *skips;
    }
}

}  // namespace wakepoll
