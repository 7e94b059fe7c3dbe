// What is known of the handles that a poller works with: their kind, and that they belong to its
// port. Registrations and operations both stand on it.
//
// A handle may be closed at any time, and its number be dealt out anew. So the object that is
// associated with the port gets a mark, and whoever goes by what is known looks for it first.
//
// Used under the poller's lock.
#pragma once

#include <system_error>

#include "core/registration_table.hpp"
#include "sys/completion_port.hpp"
#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll {

class KnownHandles {
public:
    /// What the kernel says a handle is.
    struct Kind {
        HandleType type = HandleType::unknown;
        bool stream = false;
        bool overlapped = false;  ///< It can carry overlapped operations.
    };

    KnownHandles(core::RegistrationTable& table, const sys::CompletionPort& port) noexcept
        : table_(table), port_(port) {}

    KnownHandles(const KnownHandles&) = delete;
    KnownHandles& operator=(const KnownHandles&) = delete;

    [[nodiscard]] static Result<Kind> kind_of(Handle handle) noexcept;
    void note_kind(core::Slot slot, const Kind& kind) noexcept;

    /// A slot for a handle that has none; `no_slot` where all are taken, those included of handles
    /// that were closed and not registered.
    [[nodiscard]] core::Slot insert(Handle handle) noexcept;

    /// Associates the handle with the port, with the poller's key, unless it is already.
    [[nodiscard]] std::error_code associate(core::Slot slot) noexcept;
    /// Associates a handle with the port, with a key of the user's.
    [[nodiscard]] std::error_code associate(Handle handle, std::uint64_t key) noexcept;

    /// The number is another object's than the one that the port knows. False where nothing tells.
    [[nodiscard]] bool is_another(core::Slot slot) const noexcept;
    /// Forgets what is known of a handle that is not registered, where its number is another
    /// object's by now. The slot may be one to `release` then.
    [[nodiscard]] std::error_code forget_another(core::Slot slot) noexcept;

    /// The slot of a handle that operations can be submitted on.
    [[nodiscard]] Result<core::Slot> slot_for_operation(Handle handle) noexcept;

private:
    /// The same for a handle of which something has to be found out first; it may have a slot,
    /// `known`.
    [[nodiscard]] Result<core::Slot> new_slot_for_operation(Handle handle,
                                                            core::Slot known) noexcept;
    /// The handle was associated with the port just now: marks its object.
    void note_associated(core::Slot slot) noexcept;
    /// Takes note of a handle that operations are submitted on; `associated_now` says that it was
    /// this submit which associated it with the port.
    void note_operated(core::Slot slot, const Kind& kind, bool associated_now) noexcept;
    /// Gives up the slots of handles that were only operated on and are closed.
    void forget_closed() noexcept;

    core::RegistrationTable& table_;
    const sys::CompletionPort& port_;
};

}  // namespace wakepoll
