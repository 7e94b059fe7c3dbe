// A port of the C face: a poller, a handle that it is known by, and the threads that wait at it.
//
// A poller lets one thread wait. So one of the threads has the *lead* and waits in the poller; the
// others are blocked until the lead is free, the port is closed, or their time is over. A thread
// that gives up the lead wakes one of them, whatever it leaves with: what it has left over, and
// what comes next, finds a waiter.
//
// The handle is a completion port that nothing is sent to, so that what another part of the program
// does with it cannot harm the poller; and CloseHandle is refused on it, so its number belongs to
// this port until `epoll_close`.
//
// A port stands in the table of `EpollPorts` and stays there, vacant, when it is closed, to be used
// again. So a call that finds it enters and leaves by one step each on the word in
// core/port_state.hpp, which is also how it takes and gives up the lead.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "core/port_state.hpp"
#include "poller/poller.hpp"
#include "sys/completion_port.hpp"
#include "sys/condition.hpp"
#include "sys/lock.hpp"
#include "wakepoll/config.hpp"
#include "wakepoll/epoll.h"
#include "wakepoll/error.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll {

class alignas(64) EpollPort {
public:
    using Word = core::PortState::Word;

    /// What an open port has, in one block with room for the events of a wait behind it.
    struct Contents {
        [[nodiscard]] static Result<Contents*> create(const PollerConfig& config) noexcept;
        /// Gives all of it back.
        void destroy() noexcept;

        sys::CompletionPort name;
        Poller* poller;
    };

    EpollPort() noexcept = default;
    EpollPort(const EpollPort&) = delete;
    EpollPort& operator=(const EpollPort&) = delete;

    // Any thread, about any port of the table.

    /// The word, to be read before `has` is asked.
    [[nodiscard]] Word read() const noexcept { return state_.read(); }
    /// It is open, or being closed, and has this number.
    [[nodiscard]] bool has(Handle handle) const noexcept {
        return number_.load(std::memory_order_relaxed) == handle.value();
    }
    [[nodiscard]] bool try_enter(Word seen) noexcept { return state_.try_enter(seen); }
    [[nodiscard]] bool try_enter_and_lead(Word seen) noexcept {
        return state_.try_enter_and_lead(seen);
    }
    [[nodiscard]] bool is_closed() const noexcept { return state_.is_shut(); }

    // Calls that have entered.

    /// Returns its argument, so that the caller need not keep it across the call.
    int leave(int answer = 0) noexcept {
        const Word left = state_.leave();
        return core::PortState::was_open(left) ? answer : after(left, answer);
    }
    [[nodiscard]] Poller& poller() noexcept { return *poller_; }

    [[nodiscard]] bool try_lead() noexcept { return state_.try_lead(); }
    /// Blocks until the lead is had (true), the port closed, or the time over; `timeout` becomes
    /// what is left of it. Where the process is ending, the thread that leads may be gone, and
    /// nothing is waited for.
    [[nodiscard]] bool follow(Timeout& timeout) noexcept;

    /// Ends all waits, and the poller. False where that was done before. The number stays.
    [[nodiscard]] bool close() noexcept;

    // The call that leads.

    /// No more can be ready at a time.
    static constexpr std::size_t most_events = capacity_limit;

    /// Room for what the poller stores in one wait: `most_events` at most.
    [[nodiscard]] std::span<NativeEvent> native(std::size_t room) noexcept {
        return {native_, room};
    }
    /// Copies what a wait has stored, gives up the lead and leaves. How many they were.
    [[nodiscard]] int hand_out(epoll_event* events, std::span<const NativeEvent> native) noexcept;
    /// Gives up the lead and leaves.
    void leave_leading() noexcept {
        const Word left = state_.leave_leading();
        if (!core::PortState::is_settled(left)) {
            after_leading(left);
        }
    }

    // Under the lock of the table.

    [[nodiscard]] bool is_vacant() const noexcept {
        return contents_.load(std::memory_order_acquire) == nullptr;
    }
    /// Opens a vacant one.
    void open(Contents& contents) noexcept;
    /// Enters whichever port this is; false where it is closed.
    [[nodiscard]] bool enter() noexcept { return state_.enter(); }
    /// Gives up the number, and closes the handle. By a call that has entered.
    void close_handle() noexcept;
    /// Gives up the number, which is another port's by now: something has closed the handle.
    void lose_handle() noexcept;

private:
    static constexpr std::size_t block_size = sizeof(Contents) + most_events * sizeof(NativeEvent);
    static_assert(sizeof(Contents) % alignof(NativeEvent) == 0);

    /// What is left to be done when a call has left.
    int after(Word left, int answer) noexcept;
    void after_leading(Word left) noexcept;

    core::PortState state_;
    std::atomic<std::uintptr_t> number_ = 0;
    // Of an open port, for calls that have entered.
    Poller* poller_ = nullptr;
    NativeEvent* native_ = nullptr;  ///< Used by the thread that leads.
    std::atomic<Contents*> contents_ = nullptr;
    sys::Lock lock_;  ///< Of the followers.
    sys::Condition lead_is_free_;
};

}  // namespace wakepoll
