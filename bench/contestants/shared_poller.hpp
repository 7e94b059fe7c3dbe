// One thread waits at it while another adds, modifies and removes sockets.
//
// One thread calls `wait_until_stopped`; another calls everything else and finds the first one
// blocked: after `settle` it has handled all earlier changes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "support/loopback_sockets.hpp"
#include "wakepoll/config.hpp"

namespace wakepoll::bench {

/// The interest; no event ever comes.
enum class Wanted { nothing, data, data_and_urgent };

class SharedPoller {
public:
    virtual ~SharedPoller() = default;

    /// All are new, and must be removed before the end; their interest is `Wanted::data`.
    virtual void add(std::span<const SOCKET> sockets) = 0;
    virtual void modify(std::span<const SOCKET> sockets, Wanted wanted) = 0;
    virtual void remove(std::span<const SOCKET> sockets) = 0;

    /// Waits repeatedly.
    virtual void wait_until_stopped() = 0;
    /// Wakes the waiting thread and returns when it has gone round once.
    virtual void settle() = 0;
    virtual void stop() = 0;

    /// How often a change had to wake the waiting thread.
    [[nodiscard]] virtual std::uint64_t rouses() = 0;
};

/// A poller with this backend.
[[nodiscard]] std::unique_ptr<SharedPoller> make_shared_poller(Backend backend);

/// What is queried of a socket that is added.
enum class Queries {
    base,           ///< The base socket: everything is taken for a stream socket.
    type_and_base,  ///< As a poller does it, to which a handle may be anything.
};

/// One AFD request for each socket, and one lock around all of it.
[[nodiscard]] std::unique_ptr<SharedPoller> make_locked_requests(Queries queries);

}  // namespace wakepoll::bench
