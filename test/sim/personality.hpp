// Which Windows the simulated kernel plays, and all that differs between them.
//
// Every difference is one member of `Traits`, with its values in personality.cpp, so that the rest
// of the model asks for a trait and never for a name. A new difference is a new member here. The
// sources are the Wine project's tests on real Windows and runs on Wine 8; what both share is not
// listed.
#pragma once

#include <chrono>
#include <cstdint>

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

    /// From the start of a connect that nobody answers to its refusal: Windows tries again for
    /// about two seconds, even on loopback.
    std::chrono::nanoseconds refusal_delay;
    RefusalReport refusal_report;

    /// HUP beside RDNORM, and AFD's DISCONNECT beside RECEIVE, while data is still queued before
    /// the peer's FIN. (Once both sides have sent one, everywhere.)
    bool hangup_before_drained;
    /// After one's own FIN it is writable although the peer's buffer is full: a send would not
    /// wait, it would fail. Not known of Windows.
    bool writable_after_own_fin;
    /// recv after a reset returns 0 instead of failing with WSAECONNRESET.
    bool end_of_stream_after_reset;
    /// WSAPoll runs the thread's APCs while it is blocked, and goes on. [W15]
    bool poll_runs_apcs;
    /// WSAPoll fails with WSAEINVAL where `events` holds a bit that may not be asked for.
    bool refuses_illegal_events;

    /// A non-blocking send takes all that it is given, or nothing where there is no room. [S5]
    bool sends_take_all;
    /// Winsock's error of a receive on a datagram socket that is bound to nothing. [S7]
    std::uint32_t unbound_receive_code;
    /// A datagram to a port that nobody has makes the sender readable, and its next receive fails
    /// with WSAECONNRESET.
    bool reports_unreachable;
    /// A socket that listens after its connect was refused stays in select's except set. [W23]
    bool refusal_outlasts_listen;

    /// After a send to a peer that has closed, a receive fails with WSAECONNABORTED. [S2]
    bool aborts_after_late_send;

    /// NTSTATUS of an operation that was pending when its object was closed here, and of an AFD
    /// request whose device was. [O9, O10, A27]
    std::uint32_t closed_status;
    /// The same of a receive of a TCP connection. [O8]
    std::uint32_t closed_connection_status;
    /// The same of a read of a pipe. [P2]
    std::uint32_t closed_pipe_status;
    /// An accept whose socket is closed when its connection has come may end as aborted. [O11]
    bool late_accept_may_abort;
    /// An overlapped connect is never done at once. [O18]
    bool connects_pend;
    /// Winsock's error of an overlapped connect where another is under way. [O17]
    std::uint32_t connecting_code;
    /// A call that is refused leaves its OVERLAPPED as if it were pending. [O19]
    bool refused_looks_pending;
    /// Skipping packets of success hides an immediate warning of a socket, too. [O6]
    bool skipping_hides_warnings;
    /// An operation on a disk file is never done at once.
    bool file_operations_pend;
    /// A dequeue that waits on a port which is closed ends with ERROR_ABANDONED_WAIT_0, and so does
    /// a wait for the port as an object; where this is false they sleep on. [K4, K5]
    bool closed_port_ends_wait;
    /// A packet goes to a dequeue that is blocked, and signals the port to nobody else. [K2]
    bool dequeues_come_first;
    /// A port gives no packet to a thread while as many others run as it was made for.
    bool ports_hold_back;
    /// The upper half of OVERLAPPED_ENTRY.Internal holds rubbish.
    bool rubbish_in_internal;

    /// Of several AFD requests over one socket only the oldest hears the socket, and answers for
    /// the others as well; a newer one is deaf to it until it ends. A cancel may take effect late.
    Seeded deaf_polls;
    /// An AFD request that is answered at once posts a packet although the device skips those.
    Seeded stray_packets;
    /// SIO_BSP_HANDLE_POLL is answered.
    bool tells_next_socket;

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

[[nodiscard]] const Traits& traits_of(Personality personality) noexcept;

/// The traits with what is left to the seed decided, each by itself.
[[nodiscard]] Traits with_seed(const Traits& traits, std::uint64_t seed) noexcept;

}  // namespace wakepoll::sim
