// The wait: poll every source; if nothing is ready, mark the thread parked and block once.
//
// There are two places to block in, and a pass for each. The port receives everything pending:
// wakes, completions, and AFD's answers. In the sockets, where WSAPoll watches them, a doorbell
// ends the block for wakes and signalled handles, and a thread-pool wait on the port rings it for
// packets. Either way an idle wait blocks without time slices (P3); a block is cut short only for
// sockets that the backend must poll again.
//
// The waiting thread holds the poller's lock except while it blocks. Another thread that has
// changed something during a block calls `rouse_if_needed`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "backend/handle_backend.hpp"
#include "backend/socket_backend.hpp"
#include "core/deadline.hpp"
#include "core/turn.hpp"
#include "core/wake_state.hpp"
#include "poller/deadline_timer.hpp"
#include "poller/operations.hpp"
#include "poller/packet_queue.hpp"
#include "poller/wakeup.hpp"
#include "sys/lock.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/stats.hpp"
#include "wakepoll/timeout.hpp"
#include "wakepoll/wait_result.hpp"

namespace wakepoll {

class Wait {
public:
    /// The parts that a wait uses; they outlive it.
    struct Parts {
        sys::Lock& lock;
        core::WakeState& word;
        Wakeup& wakeup;
        backend::SocketBackend& sockets;
        backend::HandleBackend& handles;
        Operations& operations;
        PacketQueue& packets;
        DeadlineTimer& timer;
        PollerStats& stats;
    };

    explicit Wait(const Parts& parts) noexcept : parts_(parts) {}

    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    /// Waits, as OsPoller does. Takes the lock.
    [[nodiscard]] WaitResult run(std::span<NativeEvent> events, Timeout timeout) noexcept;

    /// True if a thread is in `run`.
    [[nodiscard]] bool is_running() const noexcept { return running_; }
    /// Where it is blocked; then another thread has the lock.
    [[nodiscard]] core::Park blocked_at() const noexcept { return blocked_at_; }
    /// The number of blocks that have ended.
    [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }

    /// Updates the count of requested wakes.
    void count_wakes() noexcept;

    /// Packets of the user's own calls may come from now on.
    void expect_packets() noexcept { port_in_use_ = true; }

    /// Call after a change while a thread is blocked: wakes it if something must be reported, or
    /// if it blocks in the wrong place or with the wrong sockets. True if it did.
    bool rouse_if_needed() noexcept;

private:
    using nanoseconds = core::nanoseconds;

    /// The state of one wait.
    struct Pass {
        std::span<NativeEvent> events;
        core::Deadline deadline;
        nanoseconds now;
        WaitResult& result;
        bool has_blocked = false;  ///< The last pass blocked.
        int blocks = 0;            ///< In the sockets.

        [[nodiscard]] std::span<NativeEvent> room() const noexcept {
            return events.subspan(result.count);
        }
        /// True if nothing has failed, and the deadline has not passed.
        [[nodiscard]] bool may_block() const noexcept {
            return !result.error && !deadline.has_passed(now);
        }
        void note(std::error_code error) noexcept {
            result.error = result.error ? result.error : error;
        }
    };

    /// The wait has failed for lack of a doorbell, and AFD takes over: one more pass.
    [[nodiscard]] bool goes_on(Pass& pass) noexcept;

    /// The port may hold a packet of an operation, or of the user's own call.
    [[nodiscard]] bool expects_packets() const noexcept {
        return port_in_use_ || parts_.operations.in_flight() > 0;
    }
    /// Something is ready already, or has to be queried.
    [[nodiscard]] bool has_something() const noexcept {
        return parts_.sockets.size() > 0 || parts_.handles.size() > 0 ||
               parts_.operations.finished() > 0 || parts_.packets.size() > 0;
    }

    void take_signals(Pass& pass) noexcept;
    void take_wake(Pass& pass) noexcept;
    void at_port(Pass& pass) noexcept;
    void in_sockets(Pass& pass) noexcept;
    /// Whether the wait is over; otherwise another pass follows.
    [[nodiscard]] bool is_over(Pass& pass) noexcept;

    /// The limit of the next block, if the pass may block; 0 if something must be polled
    /// again first.
    [[nodiscard]] std::uint32_t block_time(const Pass& pass) const noexcept;
    /// Takes packets for as many events as there is room for, waiting for the first of them.
    void dequeue(Pass& pass, std::uint32_t milliseconds) noexcept;
    [[nodiscard]] Result<PacketQueue::Taken> block_at_port(Pass& pass, std::size_t limit,
                                                           std::uint32_t milliseconds) noexcept;
    /// Waits for packets that are certain to come soon, and polls the sockets that they held up.
    void await_held_sockets(Pass& pass) noexcept;
    void block_in_sockets(Pass& pass, std::uint32_t milliseconds) noexcept;

    /// Reports what is ready, the sources taking turns.
    void report(Pass& pass) noexcept;
    void report_in_turns(Pass& pass) noexcept;
    std::size_t report_sockets(Pass& pass, std::size_t visits) noexcept;
    std::size_t report_handles(Pass& pass, std::size_t visits) noexcept;
    std::size_t report_finished(Pass& pass, std::size_t visits) noexcept;
    std::size_t report_packets(Pass& pass, std::size_t visits) noexcept;

    Parts parts_;
    core::Turn turn_;
    core::Park blocked_at_ = core::Park::nowhere;
    std::uint64_t blocks_ = 0;
    bool running_ = false;
    bool roused_ = false;  ///< The blocked thread was woken for another pass.
    bool port_in_use_ = false;
    std::uint32_t wakes_counted_ = 0;
};

}  // namespace wakepoll
