// A thread that is parked until another wakes it, as the wake scenarios drive it.
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

    /// Blocks until a wake, and takes it, or as many as there are at hand. Returns how many were
    /// taken; more than one may be told as one. The owner's thread.
    virtual std::size_t wait() = 0;

    /// Ends the wait in progress, or the next. Any thread.
    virtual void wake() = 0;

    /// Whether `wait` counts every wake; otherwise those that come together are told as one.
    [[nodiscard]] virtual bool tells_each_wake() const { return true; }

    /// The part of all wakes asked for that took no kernel call; below 0 where there is no such.
    [[nodiscard]] virtual double coalesced_part() const { return -1; }
};

using MakeParked = std::function<std::unique_ptr<ParkedContestant>()>;

/// PostQueuedCompletionStatus and GetQueuedCompletionStatusEx.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_at_port();

/// WSAPoll of these sockets, none of which is ever ready, and of one that a wake sends a byte to:
/// the documented way to wake a thread out of it.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_in_wsapoll(
    std::span<const SOCKET> sockets);

/// A poller with this backend and these sockets.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_poller(Backend backend,
                                                                   std::span<const SOCKET> sockets);

/// asio::post to an io_context that another thread runs; null where Asio was not found.
[[nodiscard]] std::unique_ptr<ParkedContestant> make_parked_asio();

}  // namespace wakepoll::bench
