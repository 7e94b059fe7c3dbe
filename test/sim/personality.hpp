// The versions of Windows that the simulated kernel plays, and all their differences.
//
// Each difference is one member of `Traits` and one row of the table below, so the rest of the
// model checks traits and never names. What all personalities share is not listed.
//
// Each row ends with its source: the numbers of facts that Wine's own tests assert on real Windows
// (A for AFD, W for WSAPoll, S for sockets, O for overlapped calls, P for pipes, K for ports and
// waits), or the projects that have seen it. The column of wine_8 was seen on Wine 8.
// behaviours.hpp counts how often programs meet a row, and lists the oddities that all
// personalities share, by the same numbers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "status.hpp"

namespace wakepoll::sim {

enum class Personality : std::uint8_t { windows_11, windows_server_2019, wine_8 };

/// Every personality, for tests that run on each.
inline constexpr Personality all_personalities[] = {
    Personality::windows_11, Personality::windows_server_2019, Personality::wine_8};

/// What WSAPoll reports of a socket whose connect was refused.
enum class RefusalReport : std::uint8_t {
    error_hangup_writable,  ///< ERR and HUP, and WRNORM if asked for.
    error_only,             ///< ERR.
    nothing,                ///< Never anything. (select's except set still reports it.)
};

/// A trait that a kernel's seed may decide. A running kernel has yes or no.
enum class Seeded : std::uint8_t { no, yes, by_seed };

struct Traits {
    const char* name;
    std::uint32_t build;

    // What is reported of a socket

    /// The time from the start of an unanswered connect to its refusal: Windows retries for about
    /// two seconds, even on loopback.
    std::chrono::nanoseconds refusal_delay;
    RefusalReport refusal_report;
    /// A socket that listens after its connect was refused stays in select's except set, and AFD
    /// reports it as failed.
    bool refusal_outlasts_listen;
    /// HUP together with RDNORM, and AFD's DISCONNECT with RECEIVE, while data is still queued
    /// before the peer's FIN. (Every personality does that once both sides have sent a FIN.)
    bool hangup_before_drained;
    /// After its own FIN a socket is writable although the peer's buffer is full: a send would fail
    /// and not block.
    bool writable_after_own_fin;
    /// A datagram to a port that is not in use makes the sender readable, and its next receive
    /// fails with WSAECONNRESET.
    bool reports_unreachable;
    /// Out-of-band bytes are queued; if false, the next one replaces the last.
    bool keeps_urgent_bytes;
    /// SIO_TCP_INFO reports the state of a connection.
    bool tells_tcp_state;
    /// It fails with WSAENOTCONN once both sides have sent FIN.
    Seeded forgets_what_is_shut;
    /// WSAPoll fails with WSAEINVAL if `events` holds a bit that is not allowed.
    bool refuses_illegal_events;
    /// WSAPoll runs the thread's APCs while it is blocked, and continues.
    bool poll_runs_apcs;

    // What a call on a socket does

    /// recv after a reset returns 0 instead of failing with WSAECONNRESET.
    bool end_of_stream_after_reset;
    /// After a send to a peer that has closed, a receive fails with WSAECONNABORTED.
    bool aborts_after_late_send;
    /// A non-blocking send takes all that it is given, or nothing if there is no room.
    bool sends_take_all;
    /// Winsock's error for a receive on an unbound datagram socket.
    std::uint32_t unbound_receive_code;

    // Overlapped operations

    /// NTSTATUS of an operation that was pending when its object was closed, and of an AFD request
    /// whose device was closed.
    std::uint32_t closed_status;
    /// The same for a receive on a TCP connection.
    std::uint32_t closed_connection_status;
    /// The same for a read of a pipe.
    std::uint32_t closed_pipe_status;
    /// An accept whose socket is closed when its connection has come may end as aborted.
    bool late_accept_may_abort;
    /// An overlapped connect never completes at once.
    bool connects_pend;
    /// Winsock's error for an overlapped connect while another is pending.
    std::uint32_t connecting_code;
    /// A call that is refused leaves its OVERLAPPED as if it were pending.
    bool refused_looks_pending;
    /// Skipping the packets of success also hides an immediate warning of a socket.
    bool skipping_hides_warnings;
    /// An operation on a disk file never completes at once.
    bool file_operations_pend;
    /// Calls on a synchronous pipe wait while a thread reads from it.
    bool calls_wait_for_reads;

    // The port

    /// Closing a port ends a blocked dequeue with ERROR_ABANDONED_WAIT_0, and a wait for the port
    /// as an object; if false, they stay blocked.
    bool closed_port_ends_wait;
    /// A packet goes to a blocked dequeue first and does not signal the port to other waits.
    bool dequeues_come_first;
    /// A port gives a thread no packet while as many others run as its concurrency allows.
    bool ports_hold_back;
    /// The upper half of OVERLAPPED_ENTRY.Internal is garbage.
    bool rubbish_in_internal;

    // AFD

    /// Of several AFD requests for one socket, only the oldest reacts to the socket, and also to
    /// what the others asked for; a newer one is deaf to it until it ends. A cancel may take effect
    /// late.
    Seeded deaf_polls;
    /// An AFD request that is answered at once posts a packet although the device skips those.
    Seeded stray_packets;
    /// SIO_BSP_HANDLE_POLL is answered.
    bool tells_next_socket;

    // Time

    /// The most by which a finite wait can end early.
    std::chrono::nanoseconds earliness;
    /// The time by which every finite wait ends late.
    std::chrono::nanoseconds lateness;
    /// The shortest time of a high-resolution waitable timer.
    std::chrono::nanoseconds timer_floor;
    /// The most by which a timer can fire early by the performance counter: timers use another
    /// clock.
    std::chrono::nanoseconds timer_earliness;
    /// The most by which a timer can fire late.
    std::chrono::nanoseconds timer_lateness;
};

namespace detail {

// clang-format off
constexpr Traits column_of(Personality personality) {
    using namespace std::chrono_literals;
    // One row: the value of windows_11, of windows_server_2019 and of wine_8.
    const auto row = [personality]<class T>(T windows_11, std::type_identity_t<T> server_2019,
                                            std::type_identity_t<T> wine_8) -> T {
        return personality == Personality::windows_11            ? windows_11
               : personality == Personality::windows_server_2019 ? server_2019
                                                                 : wine_8;
    };
    constexpr RefusalReport all = RefusalReport::error_hangup_writable;
    constexpr RefusalReport nothing = RefusalReport::nothing;
    constexpr RefusalReport error = RefusalReport::error_only;
    constexpr Seeded no = Seeded::no;
    using namespace status;
    return {
        .name = row("windows_11", "windows_server_2019", "wine_8"),
        .build = row(22631U, 17763U, 19043U),  // 23H2; 1809; what a prefix of Wine 10 says

        .refusal_delay = row(2s, 2s, 0s),                             // A21, W16
        .refusal_report = row(all, nothing, error),  // W16; before build 19041: nothing
        .refusal_outlasts_listen = row(true, true, false),            // W23; AFD: by select
        .hangup_before_drained = row(true, true, false),              // A18, W13
        .writable_after_own_fin = row(false, false, true),            // not known of Windows
        .reports_unreachable = row(true, true, false),                // libuv, .NET
        .keeps_urgent_bytes = row(true, true, false),                 // S10
        .tells_tcp_state = row(true, true, false),  // the reference: 10 1703, Server 2016
        .forgets_what_is_shut = row(Seeded::by_seed, Seeded::by_seed, no),  // not known
        .refuses_illegal_events = row(true, true, false),             // W2, W3, W5, W6
        .poll_runs_apcs = row(true, true, false),                     // W15

        .end_of_stream_after_reset = row(false, false, true),         // S1
        .aborts_after_late_send = row(true, true, false),             // S2
        .sends_take_all = row(true, true, false),                     // S5
        .unbound_receive_code =
            row(code::invalid_argument, code::invalid_argument, code::would_block),  // S7

        .closed_status = row(cancelled, cancelled, handles_closed),   // O9, O10, A27
        .closed_connection_status =
            row(connection_aborted, connection_aborted, handles_closed),  // O8
        .closed_pipe_status = row(pipe_broken, pipe_broken, handles_closed),  // P2
        .late_accept_may_abort = row(true, true, false),              // O11
        .connects_pend = row(true, true, false),                      // O18
        .connecting_code =
            row(code::invalid_argument, code::invalid_argument, code::already),  // O17
        .refused_looks_pending = row(true, true, false),              // O19
        .skipping_hides_warnings = row(true, true, false),            // O6
        .file_operations_pend = row(false, false, true),              // P17
        .calls_wait_for_reads = row(true, true, false),               // libuv, bun, node

        .closed_port_ends_wait = row(true, true, false),              // K4, K5
        .dequeues_come_first = row(true, true, false),                // K2
        .ports_hold_back = row(true, true, false),  // "I/O Completion Ports" in the reference
        .rubbish_in_internal = row(false, false, true),               // O2

        .deaf_polls = row(Seeded::by_seed, Seeded::by_seed, no),  // trio, wepoll and bun have seen it
        .stray_packets = row(Seeded::by_seed, Seeded::by_seed, no),  // not known
        .tells_next_socket = row(true, true, false),                  // the reference

        .earliness = row(15ms, 15ms, 0ms),                            // libuv, polling
        .lateness = row(0us, 0us, 100us),                             // seen; not known of Windows
        .timer_floor = row(0ms, 0ms, 1ms),                            // the reference; seen
        .timer_earliness = row(100us, 100us, 0us),                    // not known; the worst
        .timer_lateness = row(300us, 300us, 200us),                   // not known; seen
    };
}
// clang-format on

inline constexpr Traits columns[] = {column_of(Personality::windows_11),
                                     column_of(Personality::windows_server_2019),
                                     column_of(Personality::wine_8)};

}  // namespace detail

[[nodiscard]] constexpr const Traits& traits_of(Personality personality) noexcept {
    return detail::columns[static_cast<std::size_t>(personality)];
}

/// The traits with each `by_seed` decided.
[[nodiscard]] Traits with_seed(const Traits& traits, std::uint64_t seed) noexcept;

}  // namespace wakepoll::sim
