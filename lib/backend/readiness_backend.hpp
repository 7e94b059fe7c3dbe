// What the wait asks of a readiness backend.
//
// A backend knows which registered sockets are ready. It owns no registration: the table is the
// poller's, and a backend keeps for each slot only what its kernel calls need. All of it is called
// by the owner of the poller, except `rouse`.
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
                                    std::span<NativeEvent> events, std::size_t visits) {
    /// Begins, changes or ends the watch of a registered socket. What fails changes nothing. The
    /// registration has its new interest already when `modify` is called.
    { backend.add(slot, now) }
    noexcept->std::same_as<std::error_code>;
    { backend.modify(slot, now) }
    noexcept->std::same_as<std::error_code>;
    { backend.remove(slot) }
    noexcept;

    /// How many sockets a full round of `collect` visits.
    { observer.size() }
    noexcept->std::same_as<std::size_t>;

    /// Where a thread that waits for these sockets must block.
    { observer.parks_at() }
    noexcept->std::same_as<core::Park>;

    /// Finds out, without blocking, which sockets are ready.
    { backend.look(now) }
    noexcept->std::same_as<std::error_code>;

    /// The same, blocking for as long as nothing is; only where `parks_at` says `sockets`.
    { backend.block(milliseconds) }
    noexcept->std::same_as<std::error_code>;

    /// Takes back what roused the owner, or was meant to. To be called before the owner is
    /// announced as parked and again when it no longer is.
    { backend.settle() }
    noexcept->std::same_as<std::error_code>;

    /// Reports from the last look or block: visits at most `visits` sockets, from where the last
    /// scan stopped, and stops early when `events` is full.
    { backend.collect(events, visits, now) }
    noexcept->std::same_as<Scan>;

    /// How long until the backend must be asked again although nothing may happen;
    /// `nanoseconds::max()` where it need not.
    { observer.recheck_in(now) }
    noexcept->std::same_as<std::chrono::nanoseconds>;

    /// Ends a `block` in progress. Any thread, while the owner is parked in the sockets.
    { observer.rouse() }
    noexcept->std::same_as<std::error_code>;
};

}  // namespace wakepoll::backend
