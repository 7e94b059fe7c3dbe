// The interface of a backend for sockets.
//
// A backend knows which registered sockets are ready. It owns no registration: the table is the
// poller's, and a backend keeps for each slot only what its kernel calls need. Everything is called
// under the poller's lock, except `block` and `rouse`.
//
// There are two places to block in (`parks_at`). A backend that returns `port` submits requests in
// `look`, their packets end the block at the port, and `take_packet` receives those with its key.
// One that may return `sockets` is a `BlockingBackend`, too: it blocks in its own call.
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

/// The progress of a scan.
struct Scan {
    std::size_t filled = 0;   ///< Events written.
    std::size_t visited = 0;  ///< Sockets checked, ready or not.
};

template <class T>
concept ReadinessBackend = requires(T backend, const T& observer, core::Slot slot,
                                    std::chrono::nanoseconds now, std::span<NativeEvent> events,
                                    std::size_t visits, const void* context, std::uint32_t status) {
    /// Starts, changes or ends the watch of a registered socket. What fails changes nothing. The
    /// registration has its new interest already when `modify` is called.
    { backend.add(slot) }
    noexcept->std::same_as<std::error_code>;
    { backend.modify(slot) }
    noexcept->std::same_as<std::error_code>;
    { backend.remove(slot) }
    noexcept;

    /// Where a thread that waits for these sockets must block.
    { observer.parks_at() }
    noexcept->std::same_as<core::Park>;

    /// Begins a wait with room for this many events: earlier answers no longer count.
    { backend.begin_wait(visits) }
    noexcept;
    /// Polls, without blocking, which sockets are ready, and lets the others report later.
    { backend.look(now) }
    noexcept->std::same_as<std::error_code>;
    /// Sockets that `look` has not polled since the wait began.
    { observer.due() }
    noexcept->std::same_as<std::size_t>;
    /// How many sockets a full round of `collect` visits; 0 if none has anything to report.
    { observer.size() }
    noexcept->std::same_as<std::size_t>;
    /// Reports the answers: visits at most `visits` sockets, from where the last scan stopped, and
    /// stops early when `events` is full.
    { backend.collect(events, visits, now) }
    noexcept->std::same_as<Scan>;
    /// How long until `look` must be called again even if nothing happens; `nanoseconds::max()`
    /// if it need not.
    { observer.recheck_in(now) }
    noexcept->std::same_as<std::chrono::nanoseconds>;

    /// A packet with the backend's key has come; returns whether it made a socket ready.
    { backend.take_packet(context, status) }
    noexcept->std::same_as<bool>;
    /// Requests whose packet is outstanding.
    { observer.in_flight() }
    noexcept->std::same_as<std::size_t>;
    /// A packet is certain to come soon, before which `look` cannot poll some sockets.
    { observer.is_waiting() }
    noexcept->std::same_as<bool>;

    /// A packet is outstanding because of which a registration may be refused.
    { observer.is_held_up() }
    noexcept->std::same_as<bool>;

    /// Cancels everything in flight; the packets still have to be taken.
    { backend.cancel_all() }
    noexcept;
    /// Closes what the backend has opened. No other thread may be in `block` or `rouse`.
    { backend.close() }
    noexcept;
};

/// One that may park in the sockets. A change of the sockets during a block counts once it has
/// ended; `rouse` ends it.
template <class T>
concept BlockingBackend = ReadinessBackend<T> &&
    requires(T backend, const T& observer, std::uint32_t milliseconds, std::error_code error) {
    { backend.begin_block() }
    noexcept->std::same_as<std::error_code>;
    { backend.block(milliseconds) }
    noexcept->std::same_as<std::error_code>;
    { backend.end_block(error) }
    noexcept->std::same_as<std::error_code>;
    { observer.rouse() }
    noexcept->std::same_as<std::error_code>;
};

}  // namespace wakepoll::backend
