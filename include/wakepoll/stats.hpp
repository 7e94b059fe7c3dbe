// Counters of what a poller has done since its creation.
//
// They are plain numbers; a wake is counted in the word that it changes anyway. They explain the
// behaviour of a loop: an idle wait adds one to `waits` and one to `blocked`; `rechecks` grows if
// there are sockets that WSAPoll cannot wait for.
#pragma once

#include <cstdint>

#include "wakepoll/config.hpp"

namespace wakepoll {
inline namespace v0_1 {

struct PollerStats {
    Backend backend = Backend::wsapoll;  ///< The one in use; never `automatic`.

    std::uint64_t waits = 0;             ///< Calls of `wait` that got past its argument checks.
    std::uint64_t readiness_events = 0;  ///< Readiness events handed out.
    std::uint64_t completions = 0;       ///< Completed overlapped calls handed out.

    std::uint64_t operations_started = 0;   ///< Operations that were submitted successfully.
    std::uint64_t operations_at_once = 0;   ///< Those of them that needed no packet.
    std::uint64_t operations_canceled = 0;  ///< Those that `cancel` or `dispose` asked to end.
    std::uint64_t late_packets =
        0;  ///< Packets that were dropped, because their request or operation had ended.

    std::uint64_t wakes_requested =
        0;  ///< Calls of `post_wakeup` and `Waker::wake`, by all threads.
    std::uint64_t wakes_reported = 0;  ///< Waits that returned `woken`.
    /// Requests that found one pending and so cost no kernel call.
    [[nodiscard]] constexpr std::uint64_t wakes_coalesced() const noexcept {
        return wakes_requested - wakes_reported;
    }

    std::uint64_t socket_polls = 0;      ///< WSAPoll calls, re-checks included.
    std::uint64_t port_dequeues = 0;     ///< GetQueuedCompletionStatusEx calls.
    std::uint64_t blocked = 0;           ///< Calls of those two that were allowed to block.
    std::uint64_t spurious_returns = 0;  ///< Blocks that ended early with nothing to report.

    std::uint64_t afd_requests = 0;   ///< Requests to AFD, each for one or more sockets.
    std::uint64_t afd_sockets = 0;    ///< Sockets in all of these together.
    std::uint64_t afd_cancels = 0;    ///< Those that were cancelled.
    std::uint64_t backend_moves = 0;  ///< 1 once `Backend::automatic` has switched to AFD.

    /// Calls that changed something while another thread was blocked in a wait.
    std::uint64_t changes_beside = 0;
    /// Those of them that had to wake that thread.
    std::uint64_t changes_that_roused = 0;

    std::uint64_t rechecks = 0;  ///< Re-checks of sockets that WSAPoll cannot wait for.
    std::uint64_t doorbells_made =
        0;  ///< 1 once a socket was registered; more: another part of the program closed it.
    std::uint64_t doorbells_drained = 0;      ///< Times the doorbell was found rung.
    std::uint64_t registrations_dropped = 0;  ///< Handles found closed while registered.
};

}  // namespace v0_1
}  // namespace wakepoll
