// A thread that is parked until another wakes it; driven by the wake scenarios.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "support/loopback_sockets.hpp"
#include "wakepoll/config.hpp"

namespace wakepoll::bench {

class ParkedContestant {
public:
    virtual ~ParkedContestant() = default;

    /// Blocks until a wake, and takes it, with any others that are pending. Returns how many were
    /// taken; several may count as one. Called by the owner's thread.
    virtual std::size_t wait() = 0;

    /// Ends the current wait, or the next. Any thread.
    virtual void wake() = 0;

    /// Whether `wait` counts every wake; otherwise wakes that come together count as one.
    [[nodiscard]] virtual bool tells_each_wake() const { return true; }

    /// The share of wakes that took no kernel call; negative if this does not apply.
    [[nodiscard]] virtual double coalesced_part() const { return -1; }
};

using MakeParked = std::function<std::unique_ptr<ParkedContestant>()>;

/// PostQueuedCompletionStatus and GetQueuedCompletionStatusEx.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_at_port();

/// WSAPoll of these sockets, none of which is ever ready, and of one that a wake sends a byte to:
/// the documented way to wake a thread from WSAPoll.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_in_wsapoll(
    std::span<const SOCKET> sockets);

/// A poller with this backend and these sockets.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_poller(Backend backend,
                                                                   std::span<const SOCKET> sockets);

/// asio::post to an io_context that another thread runs; null if Asio was not found.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_asio();

}  // namespace wakepoll::bench
