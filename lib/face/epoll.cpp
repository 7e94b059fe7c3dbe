// The C face: see wakepoll/epoll.h.
#include "wakepoll/epoll.h"

#include <cstddef>
#include <system_error>

#include "core/event_mask.hpp"
#include "face/epoll_calls.hpp"
#include "face/epoll_errors.hpp"
#include "face/epoll_port.hpp"
#include "face/epoll_ports.hpp"
#include "own_errors.hpp"

static_assert(sizeof(epoll_event) == 16 && offsetof(epoll_event, data) == 8);
static_assert(EPOLLIN == wakepoll::mask::in && EPOLLPRI == wakepoll::mask::pri &&
              EPOLLOUT == wakepoll::mask::out && EPOLLERR == wakepoll::mask::err &&
              EPOLLHUP == wakepoll::mask::hup && EPOLLRDNORM == wakepoll::mask::rdnorm &&
              EPOLLRDBAND == wakepoll::mask::rdband && EPOLLWRNORM == wakepoll::mask::wrnorm &&
              EPOLLWRBAND == wakepoll::mask::wrband && EPOLLRDHUP == wakepoll::mask::rdhup &&
              EPOLLONESHOT == wakepoll::mask::oneshot && EPOLLET == wakepoll::mask::et);

namespace wakepoll {
namespace {

using epoll_errors::fail;

/// A port in use by one call.
class Use {
public:
    explicit Use(void* port) noexcept : port_(epoll_ports.enter(Handle(port))) {}
    ~Use() {
        if (port_ != nullptr) {
            port_->leave();
        }
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    [[nodiscard]] explicit operator bool() const noexcept { return port_ != nullptr; }
    [[nodiscard]] EpollPort* operator->() const noexcept { return port_; }
    [[nodiscard]] EpollPort& operator*() const noexcept { return *port_; }

private:
    EpollPort* const port_;
};

void* create() noexcept {
    PollerConfig config{.max_registrations = capacity_limit,
                        .max_overlapped_entries = capacity_limit,
                        .backend = Backend::afd};
    Result<EpollPort::Contents*> contents = EpollPort::Contents::create(config);
    if (contents.error() == std::errc::not_supported) {
        config.backend = Backend::wsapoll;
        contents = EpollPort::Contents::create(config);
    }
    if (!contents) {
        static_cast<void>(fail(contents.error()));
        return nullptr;
    }
    void* const handle = (*contents)->name.handle().native();
    if (const std::error_code error = epoll_ports.insert(**contents)) {
        (*contents)->poller->dispose();
        (*contents)->destroy();
        static_cast<void>(fail(error));
        return nullptr;
    }
    return handle;
}

}  // namespace

extern "C" WAKEPOLL_API void* epoll_create(int size) {
    if (size <= 0) {
        static_cast<void>(fail(own_errors::invalid_argument()));
        return nullptr;
    }
    return create();
}

extern "C" WAKEPOLL_API void* epoll_create1(int flags) { return epoll_create(flags == 0 ? 1 : 0); }

extern "C" WAKEPOLL_API int epoll_close(void* port) {
    const Use use(port);
    if (!use) {
        return fail(epoll_ports.refusal(Handle(port)));
    }
    if (!use->close()) {
        return fail(own_errors::bad_file_descriptor());
    }
    epoll_ports.remove(*use);
    return 0;
}

extern "C" WAKEPOLL_API int epoll_ctl(void* port, int op, uintptr_t sock, epoll_event* event) {
    EpollPort& place = epoll_ports.first_place_of(Handle(port));
    const EpollPort::Word seen = place.read();
    if (!place.has(Handle(port)) || !place.try_enter(seen)) {
        return epoll_calls::control_slowly(port, op, sock, event);
    }
    return epoll_calls::control(place, op, Handle(sock), event);
}

extern "C" WAKEPOLL_API int epoll_wait(void* port, epoll_event* events, int maxevents,
                                       int timeout) {
    // Without room, `room - 1` wraps around and is too large.
    const unsigned room = static_cast<unsigned>(maxevents);
    const bool is_sound = room - 1 < EpollPort::most_events && events != nullptr;
    EpollPort& place = epoll_ports.first_place_of(Handle(port));
    const EpollPort::Word seen = place.read();
    if (!is_sound || !place.has(Handle(port)) || !place.try_enter_and_lead(seen)) {
        return epoll_calls::wait_slowly(port, events, maxevents, timeout);
    }
    return epoll_calls::wait(place, events, place.native(room),
                             Timeout::from_milliseconds(timeout));
}

extern "C" WAKEPOLL_API int epoll_wake(void* port) {
    const Use use(port);
    if (!use) {
        return fail(epoll_ports.refusal(Handle(port)));
    }
    if (use->poller().wake()) {
        return 0;
    }
    return fail(use->is_closed() ? own_errors::bad_file_descriptor()
                                 : own_errors::not_enough_memory());
}

}  // namespace wakepoll
