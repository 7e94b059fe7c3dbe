// The parts of epoll_ctl and epoll_wait. Each call enters its port and then runs one of these. They
// are separate functions, so that none saves registers that only another one needs.
#pragma once

#include <cstdint>
#include <span>
#include <system_error>

#include "face/epoll_port.hpp"
#include "wakepoll/epoll.h"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::epoll_calls {

// At a port that the call has entered. Each of these leaves it.

/// Waits; the caller has the lead. `native` is the port's, and as long as `events`.
int wait(EpollPort& port, epoll_event* events, std::span<NativeEvent> native,
         Timeout timeout) noexcept;
int add(EpollPort& port, Handle handle, const epoll_event* event) noexcept;
int modify(EpollPort& port, Handle handle, const epoll_event* event) noexcept;
int remove(EpollPort& port, Handle handle) noexcept;
/// Fails for an `op` that does not exist.
int refuse(EpollPort& port, Handle handle, const epoll_event* event) noexcept;
/// Leaves the port and fails.
int leave_failed(EpollPort& port, std::error_code error, Handle handle) noexcept;
int leave_not_added(EpollPort& port, std::error_code error, Handle handle) noexcept;

inline int control(EpollPort& port, int op, Handle handle, const epoll_event* event) noexcept {
    if (op == EPOLL_CTL_ADD) {
        return add(port, handle, event);
    }
    if (op == EPOLL_CTL_MOD) {
        return modify(port, handle, event);
    }
    return op == EPOLL_CTL_DEL ? remove(port, handle) : refuse(port, handle, event);
}

// The slow paths: the port is not in its first place, is in use by other calls, or does not exist.

int wait_slowly(void* port, epoll_event* events, int maxevents, int timeout) noexcept;
int control_slowly(void* port, int op, std::uintptr_t sock, epoll_event* event) noexcept;

}  // namespace wakepoll::epoll_calls
