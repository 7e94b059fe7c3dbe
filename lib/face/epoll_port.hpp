// A port of the C face: a poller, the handle that names it, and the threads that wait at it.
//
// A poller lets one thread wait. So one thread has the *lead* and waits in the poller; the others
// block until the lead is free, the port is closed, or their timeout expires. A thread that gives
// up the lead always wakes one of them, so that a waiter is there for the events it left over and
// for the next ones.
//
// The handle is a completion port that receives nothing, so that no use of it by another part of
// the program can harm the poller. It is protected from CloseHandle, so its number belongs to this
// port until `epoll_close`.
//
// A port has its place in the table of `EpollPorts`. When it is closed, it stays there, vacant, and
// is used again. So a call enters and leaves a port by one atomic step each on the word in
// core/port_state.hpp, and takes and gives up the lead in the same steps.
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

    /// The contents of an open port, in one block with the room for a wait's events behind it.
    struct Contents {
        [[nodiscard]] static Result<Contents*> create(const PollerConfig& config) noexcept;
        /// Frees everything, this block included. The poller has been disposed of.
        void destroy() noexcept;

        sys::CompletionPort name;
        Poller* poller;
    };

    EpollPort() noexcept = default;
    EpollPort(const EpollPort&) = delete;
    EpollPort& operator=(const EpollPort&) = delete;

    // Any thread, on any port of the table.

    /// The word. Read it before calling `has`.
    [[nodiscard]] Word read() const noexcept { return state_.read(); }
    /// True if the port is open, or being closed, and has this number.
    [[nodiscard]] bool has(Handle handle) const noexcept {
        return number_.load(std::memory_order_relaxed) == handle.value();
    }
    [[nodiscard]] bool try_enter(Word seen) noexcept { return state_.try_enter(seen); }
    [[nodiscard]] bool try_enter_and_lead(Word seen) noexcept {
        return state_.try_enter_and_lead(seen);
    }
    [[nodiscard]] bool is_closed() const noexcept { return state_.is_shut(); }

    // Calls that have entered the port.

    /// Returns its argument, so that the caller need not keep it across the call.
    int leave(int answer = 0) noexcept {
        const Word left = state_.leave();
        return core::PortState::was_open(left) ? answer : after(left, answer);
    }
    [[nodiscard]] Poller& poller() noexcept { return *poller_; }

    [[nodiscard]] bool try_lead() noexcept { return state_.try_lead(); }
    /// Blocks until this thread has the lead (true), the port is closed, or the time is over;
    /// `timeout` becomes what is left of it. In a process that is ending it does not block, because
    /// the thread that leads may be gone.
    [[nodiscard]] bool follow(Timeout& timeout) noexcept;

    /// Ends all waits and disposes of the poller. False if that was done before. Keeps the number.
    [[nodiscard]] bool close() noexcept;

    // The call that leads.

    /// More events than this cannot be ready at once.
    static constexpr std::size_t most_events = capacity_limit;

    /// Room for what the poller stores in one wait: `most_events` at most.
    [[nodiscard]] std::span<NativeEvent> native(std::size_t room) noexcept {
        return {native_, room};
    }
    /// Copies the events of a wait, gives up the lead and leaves. Returns the number of events.
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
    /// Opens a vacant port.
    void open(Contents& contents) noexcept;
    /// Enters the port that is open here; false if none is.
    [[nodiscard]] bool enter() noexcept { return state_.enter(); }
    /// Gives up the number and closes the handle. If the handle is not protected, it is left alone:
    /// it was closed by force, and may be another object's. For a call that has entered.
    void close_handle() noexcept;
    /// Gives up the number without closing it: the handle was closed by force and is another
    /// port's.
    void lose_handle() noexcept;

private:
    static constexpr std::size_t block_size = sizeof(Contents) + most_events * sizeof(NativeEvent);
    static_assert(sizeof(Contents) % alignof(NativeEvent) == 0);

    /// Destroys the contents if the port is shut and this call was the last to leave.
    int after(Word left, int answer) noexcept;
    void after_leading(Word left) noexcept;

    core::PortState state_;
    std::atomic<std::uintptr_t> number_ = 0;
    // Valid while the port is open, for calls that have entered.
    Poller* poller_ = nullptr;
    NativeEvent* native_ = nullptr;  ///< For the thread that leads.
    std::atomic<Contents*> contents_ = nullptr;
    sys::Lock lock_;  ///< For the followers.
    sys::Condition lead_is_free_;
};

}  // namespace wakepoll
