// What is known of the handles that a poller works with: their kind, and whether they belong to its
// port. Registrations and operations both use it.
//
// A handle may be closed at any time, and its number reused. So the object that is associated with
// the port gets a mark, which is checked before what is known is used.
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
    /// The kind of a handle, from the kernel.
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

    /// A slot for a handle that has none; `no_slot` if all are in use. Reuses slots of
    /// unregistered handles that were closed.
    [[nodiscard]] core::Slot insert(Handle handle) noexcept;

    /// Associates the handle with the port, with the poller's key, unless it is already.
    [[nodiscard]] std::error_code associate(core::Slot slot) noexcept;
    /// Associates a handle with the port, with a key of the user's.
    [[nodiscard]] std::error_code associate(Handle handle, std::uint64_t key) noexcept;

    /// True if the number belongs to another object than the one that the port knows. False
    /// if that is unknown.
    [[nodiscard]] bool is_another(core::Slot slot) const noexcept;
    /// True if the handle was closed, whether or not its number belongs to another object by
    /// now.
    [[nodiscard]] bool is_closed(core::Slot slot) const noexcept;
    /// Resets what is known of an unregistered handle whose number belongs to another object by
    /// now. The slot may then be one to `release`.
    [[nodiscard]] std::error_code forget_another(core::Slot slot) noexcept;

    /// The slot of a handle that operations can be submitted on.
    [[nodiscard]] Result<core::Slot> slot_for_operation(Handle handle) noexcept;

    /// Takes its user's word that the number stays the handle's until `detach`.
    [[nodiscard]] Result<core::SlotUse> attach(Handle handle) noexcept;
    void detach(core::SlotUse attachment) noexcept;
    /// The slot of an attached handle, which is believed.
    [[nodiscard]] Result<core::Slot> slot_of_attached(core::SlotUse attachment) const noexcept {
        if (!table_.goes_on(attachment)) {
            return errc::attachment_is_over;
        }
        return attachment.slot;
    }

private:
    /// The same for a handle that has to be queried first; `known` is its slot, if any.
    [[nodiscard]] Result<core::Slot> new_slot_for_operation(Handle handle,
                                                            core::Slot known) noexcept;
    /// The handle was just associated with the port: marks its object.
    void note_associated(core::Slot slot) noexcept;
    /// Stores what is known of a handle that operations are submitted on; `associated_now` says
    /// whether this submit associated it with the port.
    void note_operated(core::Slot slot, const Kind& kind, bool associated_now) noexcept;
    /// Frees the slots of closed handles that only had operations.
    void forget_closed() noexcept;

    core::RegistrationTable& table_;
    const sys::CompletionPort& port_;
};

}  // namespace wakepoll
