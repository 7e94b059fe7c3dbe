#include "face/epoll_calls.hpp"

#include <algorithm>
#include <cstddef>
#include <system_error>

#include "core/event_mask.hpp"
#include "face/epoll_errors.hpp"
#include "face/epoll_ports.hpp"
#include "own_errors.hpp"
#include "sys/system.hpp"

namespace wakepoll::epoll_calls {
namespace {

using epoll_errors::fail;

IoInterest interest_of(const epoll_event& event) noexcept {
    return IoInterest{event.events & (core::interest_bits | mask::et)};
}

}  // namespace

int wait(EpollPort& port, epoll_event* events, std::span<NativeEvent> native,
         Timeout timeout) noexcept {
    const WaitResult result = port.poller().wait(native, timeout);
    if (result.count > 0) {
        return port.hand_out(events, result.events());
    }
    port.leave_leading();
    return result.error ? fail(result.error) : 0;
}

int add(EpollPort& port, Handle handle, const epoll_event* event) noexcept {
    if (event == nullptr) {
        port.leave();
        return epoll_errors::fail_for_null();
    }
    const Result<void> added = port.poller().add(handle, interest_of(*event), event->data.u64);
    return added ? port.leave() : leave_not_added(port, added.error(), handle);
}

int modify(EpollPort& port, Handle handle, const epoll_event* event) noexcept {
    if (event == nullptr) {
        port.leave();
        return epoll_errors::fail_for_null();
    }
    const Result<void> done = port.poller().modify(handle, interest_of(*event), event->data.u64);
    return done ? port.leave() : leave_failed(port, done.error(), handle);
}

int remove(EpollPort& port, Handle handle) noexcept {
    const Result<void> done = port.poller().remove(handle);
    return done ? port.leave() : leave_failed(port, done.error(), handle);
}

int wait_slowly(void* port, epoll_event* events, int maxevents, int timeout) noexcept {
    if (maxevents <= 0) {
        return fail(own_errors::invalid_argument());
    }
    if (events == nullptr) {
        return epoll_errors::fail_for_null();
    }
    EpollPort* const found = epoll_ports.enter(Handle(port));
    if (found == nullptr) {
        return fail(epoll_ports.refusal(Handle(port)));
    }
    Timeout left = Timeout::from_milliseconds(timeout);
    if (!found->try_lead() && !found->follow(left)) {
        const bool closed = found->is_closed();
        found->leave();
        if (closed) {
            return fail(own_errors::bad_file_descriptor());
        }
        return sys::process_is_ending() ? fail(errc::another_wait) : 0;
    }
    const std::size_t room = static_cast<unsigned>(maxevents);
    return wait(*found, events, found->native(std::min(room, EpollPort::most_events)), left);
}

int control_slowly(void* port, int op, std::uintptr_t sock, epoll_event* event) noexcept {
    if (event == nullptr && op != EPOLL_CTL_DEL) {
        return epoll_errors::fail_for_null();
    }
    EpollPort* const found = epoll_ports.enter_slowly(Handle(port));
    if (found == nullptr) {
        const std::error_code error = epoll_ports.refusal(Handle(port));
        return error == std::errc::invalid_argument ? epoll_errors::fail_for(Handle(sock))
                                                    : fail(error);
    }
    return control(*found, op, Handle(sock), event);
}

}  // namespace wakepoll::epoll_calls
