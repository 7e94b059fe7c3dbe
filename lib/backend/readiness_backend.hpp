// The interface of a backend for sockets.
//
// A backend knows which registered sockets are ready. It owns no registration: the table is the
// poller's, and a backend keeps for each slot only what its kernel calls need. Everything is called
// under the poller's lock, except `block` and `rouse`.
//
// There are two ways to wait. A `RequestingBackend` submits requests in `look`; the thread blocks
// at the port, where their packets end the block, and `take_packet` receives those with its key. A
// `BlockingBackend` blocks in its own call while it has sockets (`parks_at`).
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

/// What outstanding packets hold up; each includes what precedes it.
enum class Outstanding : std::uint8_t {
    nothing,        ///< No packet is outstanding.
    answers,        ///< Only reports of sockets that are not ready.
    registrations,  ///< Because of one, a registration may be refused.
    polls,  ///< Because of one that is certain to come soon, `look` cannot poll some sockets.
};

template <class T>
concept ReadinessBackend = requires(T backend, const T& observer, core::Slot slot,
                                    std::chrono::nanoseconds now, std::span<NativeEvent> events,
                                    std::size_t visits) {
    /// Starts, changes or ends the watch of a registered socket. What fails changes nothing. The
    /// registration has its new interest already when `modify` is called.
    { backend.add(slot) }
    noexcept->std::same_as<std::error_code>;
    { backend.modify(slot) }
    noexcept->std::same_as<std::error_code>;
    { backend.remove(slot) }
    noexcept;

    /// Begins a wait with room for this many events: earlier answers no longer count.
    { backend.begin_wait(visits) }
    noexcept;
    /// Polls, without blocking, which sockets are ready, and lets the others report later.
    { backend.look(now) }
    noexcept->std::same_as<std::error_code>;
    /// How many sockets a full round of `collect` visits; 0 if none has anything to report.
    { observer.size() }
    noexcept->std::same_as<std::size_t>;
    /// Reports the answers: visits at most `visits` sockets, from where the last scan stopped, and
    /// stops early when `events` is full.
    { backend.collect(events, visits, now) }
    noexcept->std::same_as<Scan>;

    /// Closes what the backend has opened. No other thread may be in `block` or `rouse`.
    { backend.close() }
    noexcept;
};

/// One whose answers come as packets, too.
template <class T>
concept RequestingBackend = ReadinessBackend<T> &&
    requires(T backend, const T& observer, const void* context, std::uint32_t status) {
    /// All that `look` does, without the time: submits the requests that are due.
    { backend.submit_due() }
    noexcept->std::same_as<std::error_code>;
    /// Sockets that `look` has not polled since the wait began.
    { observer.due() }
    noexcept->std::same_as<std::size_t>;
    /// A packet with the backend's key has come; returns whether it made a socket ready.
    { backend.take_packet(context, status) }
    noexcept->std::same_as<bool>;
    /// What the packets of the requests in flight hold up.
    { observer.outstanding() }
    noexcept->std::same_as<Outstanding>;
    /// Cancels what could not be cancelled when it was no longer needed.
    { backend.retry_cancels() }
    noexcept;
    /// Cancels everything in flight; the packets still have to be taken.
    { backend.cancel_all() }
    noexcept;
};

/// One that blocks in its own call. A change of the sockets during a block counts once it has
/// ended; `rouse` ends it.
template <class T>
concept BlockingBackend = ReadinessBackend<T> &&
    requires(T backend, const T& observer, std::chrono::nanoseconds now, std::uint32_t milliseconds,
             std::error_code error) {
    /// Where a thread that waits for these sockets must block.
    { observer.parks_at() }
    noexcept->std::same_as<core::Park>;
    /// How long until `look` must be called again even if nothing happens; `nanoseconds::max()`
    /// if it need not.
    { observer.recheck_in(now) }
    noexcept->std::same_as<std::chrono::nanoseconds>;
    { backend.begin_block() }
    noexcept->std::same_as<std::error_code>;
    { backend.block(milliseconds) }
    noexcept->std::same_as<std::error_code>;
    { backend.end_block(error) }
    noexcept->std::same_as<std::error_code>;
    /// A change since `begin_block` takes effect only with another block.
    { observer.is_changed() }
    noexcept->std::same_as<bool>;
    { observer.rouse() }
    noexcept->std::same_as<std::error_code>;
};

}  // namespace wakepoll::backend
