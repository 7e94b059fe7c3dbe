// A small event loop of the usual kind: sockets, timers, functions posted from other threads, and
// child processes with their pipes (child.hpp).
//
// wakepoll is made to be embedded in such a loop. On Linux it runs on epoll, on Windows on
// `wakepoll::OsPoller`; the difference is one small class in system_poller.cpp, and nothing that
// uses the loop can see it. The event mask is epoll's on both systems (`wakepoll::mask`).
//
// A loop belongs to the thread that calls `run`: every callback runs there, and every other call is
// made there (or before `run`). Only `post` and `stop` may come from other threads, and the loop
// must outlive those calls. Handles are borrowed; the loop never closes one, and never reads or
// writes a socket. Callbacks may do anything with the loop, including removing the socket or the
// timer that is being served. An exception that leaves a callback leaves `run`, which can be called
// again and loses only the rest of that callback.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "wakepoll/config.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/timeout.hpp"

namespace example {

/// A SOCKET or a HANDLE on Windows, a file descriptor elsewhere.
using HandleNumber = std::uintptr_t;
using SocketNumber = HandleNumber;

/// Identifies a timer; a loop never uses one twice.
enum class TimerId : std::uint64_t { none = 0 };

/// Counts since the loop was created. Read on the loop's thread.
struct LoopStats {
    std::uint64_t waits = 0;
    std::uint64_t waits_for_nothing = 0;  ///< Returned without an event, a wake or a timer.
    std::uint64_t events =
        0;  ///< Readiness events. Each is counted below once for each of its bits.
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    std::uint64_t err = 0;
    std::uint64_t hup = 0;
    std::uint64_t rdhup = 0;
    std::uint64_t transfers = 0;  ///< Reads and writes of pipes that have ended.
    std::uint64_t timers_fired = 0;
    std::uint64_t functions_run = 0;    ///< Posted functions that were called, `stop` included.
    std::uint64_t wakes_posted = 0;     ///< One for each `post` and each `stop`.
    std::uint64_t wakes_coalesced = 0;  ///< Of those: found a wake pending, made no kernel call.
    /// Kernel calls for waiting, waking and changing interests; on Windows an upper bound.
    std::uint64_t kernel_calls = 0;
};

class SystemPoller;  // epoll or OsPoller

class EventLoop {
public:
    using Clock = std::chrono::steady_clock;
    using SocketCallback = std::function<void(std::uint32_t events)>;
    using TransferCallback = std::function<void(std::size_t bytes, std::error_code error)>;
    using Function = std::function<void()>;

    /// Throws std::system_error if the poller cannot be created. `backend` is OsPoller's, and
    /// unused on Linux.
    explicit EventLoop(wakepoll::Backend backend = wakepoll::Backend::automatic);
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    /// Calls `callback` with the event mask whenever one of `interest` is ready (level-triggered),
    /// and on `err` and `hup` in any case. Errors are those of epoll_ctl.
    [[nodiscard]] std::error_code add_socket(SocketNumber socket, std::uint32_t interest,
                                             SocketCallback callback);
    [[nodiscard]] std::error_code modify_socket(SocketNumber socket, std::uint32_t interest);

    /// Call before the socket is closed. The callback is not called again, not even for an event
    /// that was reported already.
    std::error_code remove_socket(SocketNumber socket);

    /// Calls `exited` once, when the process has ended: a process handle on Windows, a pidfd on
    /// Linux. `remove_socket` cancels it before that.
    [[nodiscard]] std::error_code add_process(HandleNumber process, Function exited);

    /// Reads what a pipe has, up to the size of `buffer`, and calls `done` once. The end of the
    /// stream is `std::errc::broken_pipe`. Until then `buffer` must stay valid, and no other read
    /// of this pipe may start. The pipe must come from process.hpp.
    [[nodiscard]] std::error_code start_read(HandleNumber pipe, std::span<char> buffer,
                                             TransferCallback done);

    /// Writes likewise; `done` gets the number of written bytes, which is at least one unless there
    /// was an error.
    [[nodiscard]] std::error_code start_write(HandleNumber pipe, std::span<const char> data,
                                              TransferCallback done);

    /// Call before a pipe is closed. A transfer in flight ends in a later turn: as
    /// `operation_canceled`, or with what it had done.
    void forget_pipe(HandleNumber pipe);

    /// Calls `function` once, not before `deadline`. Timers fire in the order of their deadlines;
    /// equal deadlines in the order in which they were added.
    TimerId add_timer_at(Clock::time_point deadline, Function function);

    /// The same, with a deadline `delay` from now.
    TimerId add_timer(Clock::duration delay, Function function);

    /// False if the timer has fired (its function may be running) or was cancelled before.
    bool cancel_timer(TimerId id);

    /// Calls `function` once on the loop's thread. Functions of one thread run in their order. Any
    /// thread. Throws std::system_error if the system refuses the wake (it is out of memory);
    /// the function then runs with the next wake that succeeds.
    void post(Function function);

    /// Ends `run` after everything that was posted before. Any thread; throws as `post` does.
    void stop();

    /// Serves sockets, timers and posted functions until `stop`, or until waiting fails; returns
    /// that error. May be called again.
    std::error_code run();

    [[nodiscard]] LoopStats stats() const;

private:
    struct Timer {
        Clock::time_point deadline;
        TimerId id;
    };
    static bool later(const Timer& a, const Timer& b) noexcept;

    std::error_code note_transfer(std::error_code started, TransferCallback done);
    void dispatch(const wakepoll::NativeEvent& event);
    void dispatch_batch();
    void take_posted();
    void run_ready();
    void run_due_timers();
    void drop_cancelled_timers();
    [[nodiscard]] wakepoll::Timeout until_next_timer();

    std::unique_ptr<SystemPoller> poller_;
    // What the last wait reported and an exception has kept from being dispatched: the end of a
    // transfer is reported only once.
    std::array<wakepoll::NativeEvent, 128> batch_{};
    std::size_t batch_next_ = 0;
    std::size_t batch_count_ = 0;
    LoopStats stats_;
    bool stopping_ = false;

    // Events carry a registration's number instead of the socket's, so that an event that was
    // reported before its socket was removed cannot reach a new socket with the same number.
    std::uint64_t next_registration_ = 1;
    std::unordered_map<SocketNumber, std::uint64_t> registrations_;
    // Shared, because a callback may remove its own registration while it runs.
    std::unordered_map<std::uint64_t, std::shared_ptr<SocketCallback>> callbacks_;

    // Keyed by numbers of the same sequence.
    std::unordered_map<std::uint64_t, TransferCallback> transfers_;

    // A min-heap of deadlines. Cancelling only removes the function; the entry is removed when it
    // reaches the top, or when more than half of the heap is such entries.
    std::uint64_t next_timer_ = 1;
    std::vector<Timer> timers_;
    std::unordered_map<TimerId, Function> timer_functions_;

    std::mutex posted_mutex_;
    std::vector<Function> posted_;
    std::deque<Function> ready_;  // taken from `posted_`, on the loop's thread
};

}  // namespace example
