// The odd behaviour of real Windows, and how often this process has met each kind.
//
// The model counts each when it shows it to the code under test or to the world outside. So the
// campaign can report which of them its programs have met, and how often. Some cannot be met
// through a poller: their row says why, and meeting one is a failure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wakepoll::sim {

enum class Behaviour : std::uint8_t {
    // What is reported of a socket
    refusal_status,
    connect_after_refusal,
    listen_after_refusal,
    refused_listener_is_exceptional,
    refused_listener_is_refused,
    reset_is_writable,
    receive_shut_says_nothing,
    shut_both_ways,
    shut_is_not_connected,
    several_urgent_bytes,
    unreachable_is_readable,
    // What a call on a socket does
    unreachable_ends_receive,
    receive_after_own_shutdown,
    receive_after_late_send,
    send_takes_all,
    unbound_receive,
    // Overlapped operations
    closed_connection,
    closed_datagrams,
    closed_listener,
    closed_late_accept,
    closed_pipe,
    connect_pends,
    connect_under_way,
    refused_looks_pending,
    hidden_warning,
    // Pipes and consoles
    withdrawn_write,
    pending_write_is_peeked,
    empty_write_overtakes,
    disconnected_pipe_peeked,
    disconnected_pipe_refuses,
    disconnected_pipe_ends_calls,
    nowait_read_refused,
    key_release,
    unsignalled_pipe,
    call_waits_for_read,
    // Ports, waits and handles
    dequeue_comes_first,
    dequeue_of_closed_port,
    wait_for_closed_port,
    apc_in_poll,
    low_bits,
    // AFD
    nothing_without_time,
    device_closed_over_request,
    stray_packet,
    late_cancel,
    deaf_request,
    // What the poller must not ask
    illegal_events,
    skip_on_synchronous,
};

inline constexpr std::size_t behaviours =
    static_cast<std::size_t>(Behaviour::skip_on_synchronous) + 1;

struct BehaviourRow {
    const char* facts;  ///< The numbers of the facts, or who has seen it.
    const char* words;
    /// Why no program can meet it through the public API; null if programs can.
    const char* unmet = nullptr;
};

[[nodiscard]] const BehaviourRow& row_of(Behaviour behaviour) noexcept;

/// Counts a behaviour that the model shows now. Any thread.
void note(Behaviour behaviour) noexcept;
inline void note_if(bool met, Behaviour behaviour) noexcept {
    if (met) {
        note(behaviour);
    }
}

/// The counts, in the order of the enumeration.
using Met = std::array<std::uint64_t, behaviours>;

[[nodiscard]] Met met_so_far() noexcept;

}  // namespace wakepoll::sim
