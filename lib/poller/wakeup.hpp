// What other threads do to a poller without its lock: wake it, shut it down, ring for a packet, a
// signalled handle or the timer.
//
// Everything goes through the word in core/wake_state, which decides whether a kernel call is
// needed and keeps the port and the doorbell open until it is done.
#pragma once

#include <system_error>

#include "backend/socket_backend.hpp"
#include "core/completion_key.hpp"
#include "core/wake_state.hpp"
#include "sys/completion_port.hpp"
#include "sys/waitable.hpp"

namespace wakepoll {

class Wakeup {
public:
    Wakeup(core::WakeState& word, const sys::CompletionPort& port,
           const backend::SocketBackend& sockets) noexcept
        : word_(word), port_(port), sockets_(sockets) {}

    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    // Any thread, without the lock.

    [[nodiscard]] bool wake() noexcept;
    [[nodiscard]] bool shut_down() noexcept;
    /// Makes the waiting thread check what has changed; retries until that is certain.
    void signal(core::CompletionKey key) noexcept;

    // The waiting thread.

    /// Watches the port for a packet while the thread is parked in the sockets, and then rings the
    /// doorbell.
    [[nodiscard]] std::error_code watch_port() noexcept;

    /// After this, no pool thread rings for a packet.
    void stop_watching() noexcept { port_watch_.disarm(); }

private:
    using Delivery = core::WakeState::Delivery;

    /// Called by a thread of the system's pool when packets are at the port.
    static void port_signalled(void* wakeup, const sys::ThreadPoolWait& wait) noexcept;

    /// Does what a delivery requires; false if it was refused or failed.
    [[nodiscard]] bool run(const Delivery& delivery, core::CompletionKey key) noexcept;

    core::WakeState& word_;
    const sys::CompletionPort& port_;
    const backend::SocketBackend& sockets_;
    sys::ThreadPoolWait port_watch_;
};

}  // namespace wakepoll
