// The C face: see wakepoll/epoll.h.
#include "wakepoll/epoll.h"

#include <cerrno>
#include <cstddef>
#include <system_error>

#include "core/event_mask.hpp"
#include "face/epoll_port.hpp"
#include "face/epoll_ports.hpp"
#include "own_errors.hpp"
#include "poller/classify.hpp"
#include "sys/handle_info.hpp"
#include "sys/system.hpp"

static_assert(sizeof(epoll_event) == 16 && offsetof(epoll_event, data) == 8);
static_assert(EPOLLIN == wakepoll::mask::in && EPOLLPRI == wakepoll::mask::pri &&
              EPOLLOUT == wakepoll::mask::out && EPOLLERR == wakepoll::mask::err &&
              EPOLLHUP == wakepoll::mask::hup && EPOLLRDNORM == wakepoll::mask::rdnorm &&
              EPOLLRDBAND == wakepoll::mask::rdband && EPOLLWRNORM == wakepoll::mask::wrnorm &&
              EPOLLWRBAND == wakepoll::mask::wrband && EPOLLRDHUP == wakepoll::mask::rdhup &&
              EPOLLONESHOT == wakepoll::mask::oneshot && EPOLLET == wakepoll::mask::et);

namespace wakepoll {
namespace {

constexpr std::uint32_t code_not_a_socket = 10038;  // WSAENOTSOCK
constexpr std::uint32_t code_no_access = 998;       // ERROR_NOACCESS

// Without a destructor, so it may be used by those of static objects.
constinit EpollPorts ports;

int fail(int number, std::uint32_t code) noexcept {
    errno = number;
    sys::set_last_error(code);
    return -1;
}

int fail(std::error_code error) noexcept {
    // The port is closed, or the number is a bad one in Winsock's words.
    if (error == std::errc::operation_canceled || error == std::errc::bad_file_descriptor) {
        error = own_errors::bad_file_descriptor();
    }
    const std::error_condition condition = error.default_error_condition();
    return fail(condition.category() == std::generic_category() ? condition.value() : EINVAL,
                static_cast<std::uint32_t>(error.value()));
}

/// `bad_file_descriptor` for what is no handle, `invalid_argument` for what is one.
std::error_code not_suitable(Handle handle) noexcept {
    return !handle || sys::object_type(handle).error() == std::errc::bad_file_descriptor
               ? own_errors::bad_file_descriptor()
               : own_errors::invalid_argument();
}

/// A port in use by one call.
class Use {
public:
    explicit Use(void* port) noexcept : port_(ports.find(Handle(port))) {}
    ~Use() {
        if (port_ != nullptr) {
            port_->release();
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
    Result<EpollPort*> port = EpollPort::create(config);
    if (port.error() == std::errc::not_supported) {
        config.backend = Backend::wsapoll;
        port = EpollPort::create(config);
    }
    if (!port) {
        static_cast<void>(fail(port.error()));
        return nullptr;
    }
    void* const handle = (*port)->handle().native();
    ports.insert(**port);
    return handle;
}

int fail_to_change(Handle handle, std::error_code error) noexcept {
    if (error != std::errc::operation_not_permitted) {
        return fail(error);
    }
    const Result<HandleType> type = classify(handle);
    return type && *type == HandleType::file ? fail(error) : fail(ENOTSOCK, code_not_a_socket);
}

int change(Poller& poller, int op, Handle handle, const epoll_event* event) noexcept {
    if (op == EPOLL_CTL_DEL) {
        const std::error_code error = poller.remove(handle);
        return error ? fail_to_change(handle, error) : 0;
    }
    if (op != EPOLL_CTL_ADD && op != EPOLL_CTL_MOD) {
        return fail(not_suitable(handle));
    }
    if (event == nullptr) {
        return fail(EFAULT, code_no_access);
    }
    const IoInterest interest{event->events & (core::interest_bits | mask::et)};
    const std::error_code error = op == EPOLL_CTL_ADD
                                      ? poller.add(handle, interest, event->data.u64)
                                      : poller.modify(handle, interest, event->data.u64);
    return error ? fail_to_change(handle, error) : 0;
}

}  // namespace

void close_epoll_ports() noexcept { ports.close(); }

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
        return fail(not_suitable(Handle(port)));
    }
    if (!use->close()) {
        return fail(own_errors::bad_file_descriptor());
    }
    ports.remove(*use);
    return 0;
}

extern "C" WAKEPOLL_API int epoll_ctl(void* port, int op, uintptr_t sock, epoll_event* event) {
    const Handle handle(sock);
    const Use use(port);
    if (!use) {
        const std::error_code error = not_suitable(Handle(port));
        return fail(error == std::errc::invalid_argument ? not_suitable(handle) : error);
    }
    return change(use->poller(), op, handle, event);
}

extern "C" WAKEPOLL_API int epoll_wait(void* port, epoll_event* events, int maxevents,
                                       int timeout) {
    if (maxevents <= 0) {
        return fail(own_errors::invalid_argument());
    }
    if (events == nullptr) {
        return fail(EFAULT, code_no_access);
    }
    EpollPort* const found = ports.find_and_lock(Handle(port));
    if (found == nullptr) {
        return fail(not_suitable(Handle(port)));
    }
    const int stored = found->wait({events, static_cast<std::size_t>(maxevents)},
                                   Timeout::from_milliseconds(timeout));
    return stored >= 0 ? stored : fail(win32_error(static_cast<std::uint32_t>(-stored)));
}

extern "C" WAKEPOLL_API int epoll_wake(void* port) {
    const Use use(port);
    if (!use) {
        return fail(not_suitable(Handle(port)));
    }
    if (use->poller().wake()) {
        return 0;
    }
    return fail(use->is_closed() ? own_errors::bad_file_descriptor()
                                 : own_errors::not_enough_memory());
}

}  // namespace wakepoll
