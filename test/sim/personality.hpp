// Which Windows the simulated kernel plays, and all that differs between them.
//
// Every difference is one member of `Traits` and one row of the table below, so that the rest of
// the model asks for a trait and never for a name. A new difference is a new member and a new row.
// What all personalities share is not listed.
//
// At the end of a row stands where it is from: the numbers of facts that Wine's own tests assert on
// real Windows (A of AFD, W of WSAPoll, S of sockets, O of overlapped calls, P of pipes, K of ports
// and waits), or who has seen it. What stands in the column of wine_8 was seen on Wine 8. How often
// programs meet what a row says, and what all personalities do of Windows' oddities, is in
// behaviours.hpp, by the same numbers.
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

/// What WSAPoll says of a socket whose connect was refused.
enum class RefusalReport : std::uint8_t {
    error_hangup_writable,  ///< ERR and HUP, and WRNORM where asked.
    error_only,             ///< ERR.
    nothing,                ///< Never anything. (select's except set still tells.)
};

/// A trait that a kernel has or lacks by its seed. A kernel's own traits say yes or no.
enum class Seeded : std::uint8_t { no, yes, by_seed };

struct Traits {
    const char* name;
    std::uint32_t build;

    // What is said of a socket

    /// From the start of a connect that is not answered to its refusal: Windows tries again for
    /// about two seconds, even on loopback.
    std::chrono::nanoseconds refusal_delay;
    RefusalReport refusal_report;
    /// A socket that listens after its connect was refused stays in select's except set, and in
    /// what AFD says.
    bool refusal_outlasts_listen;
    /// HUP beside RDNORM, and AFD's DISCONNECT beside RECEIVE, while data is still queued before
    /// the peer's FIN. (Once both sides have sent one, everywhere.)
    bool hangup_before_drained;
    /// After one's own FIN it is writable although the peer's buffer is full: a send would not
    /// wait, it would fail.
    bool writable_after_own_fin;
    /// A datagram to a port that is not in use makes the sender readable, and its next receive
    /// fails with WSAECONNRESET.
    bool reports_unreachable;
    /// Out-of-band bytes stay until each is taken; where this is false the next one takes the
    /// place of the last.
    bool keeps_urgent_bytes;
    /// SIO_TCP_INFO tells the state of a connection.
    bool tells_tcp_state;
    /// It fails with WSAENOTCONN once both sides have sent FIN.
    Seeded forgets_what_is_shut;
    /// WSAPoll fails with WSAEINVAL where `events` holds a bit that may not be asked for.
    bool refuses_illegal_events;
    /// WSAPoll runs the thread's APCs while it is blocked, and goes on.
    bool poll_runs_apcs;

    // What a call on a socket does

    /// recv after a reset returns 0 instead of failing with WSAECONNRESET.
    bool end_of_stream_after_reset;
    /// After a send to a peer that has closed, a receive fails with WSAECONNABORTED.
    bool aborts_after_late_send;
    /// A non-blocking send takes all that it is given, or nothing where there is no room.
    bool sends_take_all;
    /// Winsock's error of a receive on a datagram socket that is bound to nothing.
    std::uint32_t unbound_receive_code;

    // Overlapped operations

    /// NTSTATUS of an operation that was pending when its object was closed here, and of an AFD
    /// request whose device was.
    std::uint32_t closed_status;
    /// The same of a receive of a TCP connection.
    std::uint32_t closed_connection_status;
    /// The same of a read of a pipe.
    std::uint32_t closed_pipe_status;
    /// An accept whose socket is closed when its connection has come may end as aborted.
    bool late_accept_may_abort;
    /// An overlapped connect is never done at once.
    bool connects_pend;
    /// Winsock's error of an overlapped connect where another is under way.
    std::uint32_t connecting_code;
    /// A call that is refused leaves its OVERLAPPED as if it were pending.
    bool refused_looks_pending;
    /// Skipping packets of success hides an immediate warning of a socket, too.
    bool skipping_hides_warnings;
    /// An operation on a disk file is never done at once.
    bool file_operations_pend;
    /// Calls on a synchronous pipe wait while a thread reads from it.
    bool calls_wait_for_reads;

    // The port

    /// A dequeue that waits on a port which is closed ends with ERROR_ABANDONED_WAIT_0, and so does
    /// a wait for the port as an object; where this is false they sleep on.
    bool closed_port_ends_wait;
    /// A packet goes to a dequeue that is blocked, and signals the port to no other wait.
    bool dequeues_come_first;
    /// A port gives no packet to a thread while as many others run as it was made for.
    bool ports_hold_back;
    /// The upper half of OVERLAPPED_ENTRY.Internal holds rubbish.
    bool rubbish_in_internal;

    // AFD

    /// Of several AFD requests over one socket only the oldest hears the socket, and answers for
    /// the others as well; a newer one is deaf to it until it ends. A cancel may take effect late.
    Seeded deaf_polls;
    /// An AFD request that is answered at once posts a packet although the device skips those.
    Seeded stray_packets;
    /// SIO_BSP_HANDLE_POLL is answered.
    bool tells_next_socket;

    // Time

    /// How much too early a finite wait can end.
    std::chrono::nanoseconds earliness;
    /// How much too late every finite wait ends.
    std::chrono::nanoseconds lateness;
    /// The shortest that a waitable timer of high resolution can be set to.
    std::chrono::nanoseconds timer_floor;
    /// How much too early by the performance counter a timer can fire: it goes by another clock.
    std::chrono::nanoseconds timer_earliness;
    /// How much too late a timer can fire.
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
        .refusal_outlasts_listen = row(true, true, false),            // W23; AFD by select's way
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
        .timer_earliness = row(100us, 100us, 0us),                    // not known; feared
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

/// The traits with what is left to the seed decided, each by itself.
[[nodiscard]] Traits with_seed(const Traits& traits, std::uint64_t seed) noexcept;

}  // namespace wakepoll::sim
