// The kernel calls of the model: their names, their counts, and a trace of the last ones.
//
// A call stands for one function of lib/sys; functions that do not enter the kernel (the clock, the
// version, conversions) have no name here. Each call has a table of the codes that it can fail with
// although the caller does everything right; random faults choose from those. Used under the
// kernel's lock only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace wakepoll::sim {

enum class Call : std::uint8_t {
    winsock_start,
    winsock_end,
    socket_kind,
    is_connected,
    is_listening,
    is_shut_both_ways,
    poll_sockets,
    failed_connects,
    port_create,
    port_associate,
    port_post,
    port_dequeue,
    port_protect,
    port_close,
    file_type,
    is_console,
    is_pipe,
    object_type,
    doorbell_create,
    doorbell_ring,
    doorbell_drain,
    doorbell_close,
    receive,
    receive_from,
    send,
    send_to,
    read,
    write,
    socket_like,
    accept,
    accepted_addresses,
    update_accept_context,
    bind_any,
    connect,
    update_connect_context,
    connect_pipe,
    close_socket,
    cancel,
    has_file_handles,
    skip_packets,
    skips_packets,
    mark,
    is_marked,
    is_overlapped,
    readable_bytes,
    carries_messages,
    reads_wait,
    wait_arm,
    wait_disarm,
    pipe_wait_arm,
    take_signal,
    is_auto_reset,
    timer_create,
    timer_set,
    timer_cancel,
    timer_close,
    next_console_record,
    discard_console_record,
    afd_open,
    afd_poll,
    afd_cancel,
    afd_close,
    base_socket,
    next_socket,
    memory_allocate,
};

inline constexpr std::size_t call_kinds = static_cast<std::size_t>(Call::memory_allocate) + 1;

[[nodiscard]] const char* name_of(Call call) noexcept;

/// The codes that the call can fail with although its caller does everything right; empty if it
/// cannot fail, or only for its arguments.
[[nodiscard]] std::span<const std::uint32_t> possible_codes(Call call) noexcept;

/// One line of the trace.
struct CallRecord {
    std::chrono::nanoseconds time = {};  ///< When the call returned.
    Call call = Call::winsock_start;
    std::uintptr_t subject = 0;  ///< The handle, or how many sockets were polled.
    std::uint64_t argument = 0;  ///< The key or the timeout.
    std::uint64_t answer = 0;    ///< What the call returned.
    std::uint32_t code = 0;      ///< The error; 0 for success.
    bool by_actor = false;       ///< Made by an actor, not by the thread under test.
    bool by_fault = false;       ///< Failed by a planned fault.
};

/// A call that failed by a planned fault.
struct PlannedFailure {
    Call call;
    std::uint32_t code;
};

class CallLog {
public:
    CallLog() : records_(trace_length) {}

    void count(Call call) noexcept;
    void record(const CallRecord& record);

    [[nodiscard]] std::uint64_t counted(Call call) const noexcept;
    [[nodiscard]] std::uint64_t counted() const noexcept { return total_; }
    void reset_counts() noexcept;

    /// The last calls, oldest first, one per line.
    [[nodiscard]] std::string trace() const;

    /// The calls that failed by planned faults since the last call of this, with their codes.
    [[nodiscard]] std::vector<PlannedFailure> take_failures() noexcept {
        return std::exchange(failures_, {});
    }

private:
    static constexpr std::size_t trace_length = 256;

    std::array<std::uint64_t, call_kinds> counts_ = {};
    std::uint64_t total_ = 0;
    std::vector<CallRecord> records_;
    std::uint64_t recorded_ = 0;
    std::vector<PlannedFailure> failures_;
};

}  // namespace wakepoll::sim
