// Registering, changing and forgetting handles: all checks first, then the tables.
//
// A call that fails at any step leaves the table and the backend as they were (P12).
#include "classify.hpp"
#include "core/completion_key.hpp"
#include "core/event_mask.hpp"
#include "own_errors.hpp"
#include "poller_state.hpp"
#include "sys/system.hpp"

namespace wakepoll {
namespace {

/// Why a handle that is not a socket can not be registered.
[[nodiscard]] std::error_code refusal_of(Handle handle) noexcept {
    const Result<HandleType> type = classify(handle);
    if (!type) {
        return type.error();
    }
    // As epoll does: what has no readiness is not permitted, what this version can not do is not
    // supported.
    return *type == HandleType::file || *type == HandleType::unknown
               ? own_errors::operation_not_permitted()
               : own_errors::not_supported();
}

}  // namespace

std::error_code PollerState::add(Handle handle, IoInterest interest,
                                 std::uint64_t user_data) noexcept {
    if (!handle) {
        return own_errors::bad_file_descriptor();
    }
    if (!core::is_valid_interest(interest)) {
        return own_errors::invalid_argument();
    }
    if (table.find(handle) != core::no_slot) {
        return own_errors::file_exists();
    }
    const Result<sys::SocketKind> kind = sys::socket_kind(handle);
    if (!kind) {
        return kind.error() == std::errc::bad_file_descriptor ? refusal_of(handle) : kind.error();
    }
    const core::Slot slot = table.insert(handle);
    if (slot == core::no_slot) {
        return own_errors::no_space_on_device();
    }
    core::Registration& registration = table[slot];
    registration.user_data = user_data;
    registration.interest = interest;
    registration.type = HandleType::socket;
    registration.model = IoModel::poll;
    registration.stream = *kind == sys::SocketKind::stream;
    const std::error_code error = backend.add(slot, sys::now());
    if (error) {
        table.erase(slot);
    }
    return error;
}

std::error_code PollerState::modify(Handle handle, IoInterest interest,
                                    std::uint64_t user_data) noexcept {
    if (!core::is_valid_interest(interest)) {
        return own_errors::invalid_argument();
    }
    const core::Slot slot = handle ? table.find(handle) : core::no_slot;
    if (slot == core::no_slot) {
        return own_errors::no_such_file_or_directory();
    }
    core::Registration& registration = table[slot];
    registration.interest = interest;
    registration.user_data = user_data;
    backend.modify(slot, sys::now());
    return {};
}

std::error_code PollerState::remove(Handle handle) noexcept {
    const core::Slot slot = handle ? table.find(handle) : core::no_slot;
    if (slot == core::no_slot) {
        return own_errors::no_such_file_or_directory();
    }
    backend.remove(slot);
    table.erase(slot);
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
    if (const std::error_code error = port.associate(handle, native_key)) {
        return error;
    }
    port_in_use = true;
    return {};
}

}  // namespace wakepoll
