// Registers handles for readiness, modifies and unregisters them.
//
// All checks come first, then the tables: a call that fails leaves everything as it was (P12). Used
// under the poller's lock.
#pragma once

#include <cstdint>
#include <system_error>

#include "backend/handle_backend.hpp"
#include "backend/socket_backend.hpp"
#include "core/registration_table.hpp"
#include "poller/known_handles.hpp"
#include "wakepoll/stats.hpp"

namespace wakepoll {

class Registrations {
public:
    Registrations(core::RegistrationTable& table, KnownHandles& known,
                  backend::SocketBackend& sockets, backend::HandleBackend& handles,
                  PollerStats& stats) noexcept
        : table_(table), known_(known), sockets_(sockets), handles_(handles), stats_(stats) {}

    Registrations(const Registrations&) = delete;
    Registrations& operator=(const Registrations&) = delete;

    // The calls of OsPoller.
    [[nodiscard]] std::error_code add(Handle handle, IoInterest interest,
                                      std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code modify(Handle handle, IoInterest interest,
                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code remove(Handle handle) noexcept;

    /// Ends the registration of a closed handle if its number belongs to a handle of another kind,
    /// or to another overlapped pipe, by now. False if there is none, or if that cannot be
    /// determined.
    bool end_if_another(Handle handle) noexcept;
    /// The poller has made this handle itself, so its number was free: ends the registration of the
    /// closed handle that had it.
    void end_former(Handle made) noexcept;

private:
    using Kind = KnownHandles::Kind;

    /// The error for a handle that is not registered: it is closed, or open.
    [[nodiscard]] static std::error_code not_registered(Handle handle) noexcept;
    [[nodiscard]] bool is_registered(Handle handle) const noexcept;
    /// True if the number of a registered handle belongs to another object by now, or to none, as
    /// far as one call can determine.
    [[nodiscard]] bool is_another(core::Slot slot) const noexcept;
    void end(core::Slot slot) noexcept;
    /// `add` of a handle that is not registered; it may have a slot, `known`.
    [[nodiscard]] std::error_code add_to(core::Slot known, Handle handle, IoInterest interest,
                                         std::uint64_t user_data) noexcept;
    [[nodiscard]] std::error_code begin_readiness(core::Slot slot, const Kind& kind,
                                                  IoInterest interest,
                                                  std::uint64_t user_data) noexcept;

    core::RegistrationTable& table_;
    KnownHandles& known_;
    backend::SocketBackend& sockets_;
    backend::HandleBackend& handles_;
    PollerStats& stats_;
};

}  // namespace wakepoll
