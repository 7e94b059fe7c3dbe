// What the wait asks of a backend for sockets.
//
// A backend knows which registered sockets are ready. It owns no registration: the table is the
// poller's, and a backend keeps for each slot only what its kernel calls need. All of it is called
// under the poller's lock, except `block` and `rouse`.
//
// There are two places to block in (`parks_at`). A backend that says `port` submits requests when
// it looks, their packets end the block at the port, and `take_packet` is given those with its key.
// One that says `sockets` blocks in a call of its own: `begin_block`, `block` without the lock,
// `end_block`.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "core/slot.hpp"
#include "core/wake_state.hpp"
#include "wakepoll/events.hpp"

namespace wakepoll::backend {

/// How far a scan has come.
struct Scan {
    std::size_t filled = 0;   ///< Events written.
    std::size_t visited = 0;  ///< Sockets looked at, ready or not.
};

template <class T>
concept ReadinessBackend = requires(T backend, const T& observer, core::Slot slot,
                                    std::chrono::nanoseconds now, std::uint32_t milliseconds,
                                    std::span<NativeEvent> events, std::size_t visits,
                                    const void* context, std::uint32_t status,
                                    std::error_code error) {
    /// Begins, changes or ends the watch of a registered socket. What fails changes nothing.
    /// The registration has its new interest already when `modify` is called.
    { backend.add(slot, now) }
    noexcept->std::same_as<std::error_code>;
    { backend.modify(slot, now) }
    noexcept->std::same_as<std::error_code>;
    { backend.remove(slot) }
    noexcept;

    /// Where a thread that waits for these sockets must block.
    { observer.parks_at() }
    noexcept->std::same_as<core::Park>;

    /// A wait with room for so many events begins: what was found out before no longer counts.
    { backend.begin_wait(visits) }
    noexcept;
    /// Finds out, without blocking, which sockets are ready, and has the others say so later.
    { backend.look(now) }
    noexcept->std::same_as<std::error_code>;
    /// Sockets that `look` has not asked about since the wait began.
    { observer.due() }
    noexcept->std::same_as<std::size_t>;
    /// How many sockets a full round of `collect` visits; 0 where none has anything to report.
    { observer.size() }
    noexcept->std::same_as<std::size_t>;
    /// Reports what was found out: visits at most `visits` sockets, from where the last scan
    /// stopped, and stops early when `events` is full.
    { backend.collect(events, visits, now) }
    noexcept->std::same_as<Scan>;
    /// How long until `look` must be called again although nothing may happen;
    /// `nanoseconds::max()` where it need not.
    { observer.recheck_in(now) }
    noexcept->std::same_as<std::chrono::nanoseconds>;

    /// Blocking in the sockets, where `parks_at` says so. A change of the sockets meanwhile
    /// counts once the block is over, which `rouse` brings about.
    { backend.begin_block() }
    noexcept->std::same_as<std::error_code>;
    { backend.block(milliseconds) }
    noexcept->std::same_as<std::error_code>;
    { backend.end_block(error) }
    noexcept->std::same_as<std::error_code>;
    { observer.rouse() }
    noexcept->std::same_as<std::error_code>;

    /// A packet with the backend's key has come; whether it made a socket ready.
    { backend.take_packet(context, status) }
    noexcept->std::same_as<bool>;
    /// Requests whose packet is still to come.
    { observer.in_flight() }
    noexcept->std::same_as<std::size_t>;
    /// A packet is sure to come soon before which `look` cannot say how some sockets are.
    { observer.is_waiting() }
    noexcept->std::same_as<bool>;

    /// A packet is awaited that a register may be refused for until it has come.
    { observer.is_held_up() }
    noexcept->std::same_as<bool>;

    /// Cancels all that is in flight; the packets are still to be taken.
    { backend.cancel_all() }
    noexcept;
    /// Closes what the backend has opened. No other thread may be in `block` or `rouse`.
    { backend.close() }
    noexcept;
};

}  // namespace wakepoll::backend
