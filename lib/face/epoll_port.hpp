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
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <system_error>

#include "core/deadline.hpp"
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

class EpollPort {
public:
    /// A port with one reference.
    [[nodiscard]] static Result<EpollPort*> create(const PollerConfig& config) noexcept;

    EpollPort(const EpollPort&) = delete;
    EpollPort& operator=(const EpollPort&) = delete;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            destroy();
        }
    }

    [[nodiscard]] Handle handle() const noexcept { return name_.handle(); }
    [[nodiscard]] Poller& poller() noexcept { return *poller_; }

    /// Must be called with the lock held, and gives it back. How many events were stored, or an
    /// error's negative Win32 code: that of `bad_file_descriptor` once the port is closed.
    [[nodiscard]] int wait(std::span<epoll_event> events, Timeout timeout) noexcept;

    /// Ends all waits, and the poller. False where that was done before. The handle stays.
    bool close() noexcept;
    [[nodiscard]] bool is_closed() noexcept;
    /// Closes the handle.
    void close_handle() noexcept;

    // Of the chain of `EpollPorts` that the port is in: its lock, which is the port's as well, so
    // that one step finds a port and takes the lead; and the next port.
    sys::Lock* lock = nullptr;
    EpollPort* next = nullptr;

private:
    EpollPort(sys::CompletionPort name, Poller* poller, NativeEvent* events) noexcept
        : name_(std::move(name)), poller_(poller), events_(events) {}
    ~EpollPort() { poller_->release(); }

    void destroy() noexcept;
    /// Blocks until the lead is free, the port closed, or the time over; what is left of it.
    [[nodiscard]] Timeout follow(Timeout timeout) noexcept;
    /// Waits in the poller, without the lock.
    [[nodiscard]] int lead(std::span<epoll_event> events, Timeout timeout) noexcept;

    std::atomic<std::uint32_t> references_{1};
    sys::CompletionPort name_;
    Poller* const poller_;
    NativeEvent* const events_;  ///< As many as can be registered; used by the thread that leads.

    // Under the lock.
    sys::Condition lead_is_free_;
    std::uint32_t followers_ = 0;  ///< Threads that wait for the lead.
    bool led_ = false;
    bool closed_ = false;
};

}  // namespace wakepoll
