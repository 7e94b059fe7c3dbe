// Support for the tests of the C face: a port that closes itself, and how a call failed.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ostream>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "stage.hpp"
#include "wakepoll/epoll.h"
#if defined(_WIN32)
#include "win32_objects.hpp"
#else
#include "handle_table.hpp"
#include "kernel.hpp"
#endif

namespace wakepoll::test {

#if defined(_WIN32)
inline std::uint32_t last_error() { return ::GetLastError(); }
inline void set_last_error(std::uint32_t code) { ::SetLastError(code); }
/// CloseHandle.
inline bool close_as_handle(void* handle) { return ::CloseHandle(handle) != FALSE; }
/// SetHandleInformation.
inline void remove_protection(void* handle) {
    ::SetHandleInformation(handle, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
}
#else
inline std::uint32_t last_error() { return sim::last_error; }
inline void set_last_error(std::uint32_t code) { sim::last_error = code; }
inline bool close_as_handle(void* handle) {
    sim::ModelLock model(sim::Kernel::current());
    return model->handles.close_handle(Handle(handle), model->traits);
}
inline void remove_protection(void* handle) {
    sim::ModelLock model(sim::Kernel::current());
    model->handles.protect(Handle(handle), false);
}
#endif

/// `errno` and the last error; both 0 after a call that succeeded.
struct Failure {
    int number = 0;
    std::uint32_t code = 0;

    friend bool operator==(const Failure&, const Failure&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Failure& failure) {
        return out << "errno " << failure.number << ", error " << failure.code;
    }
};

inline const Failure bad_number{EBADF, 6};
inline const Failure bad_argument{EINVAL, 87};
inline const Failure registered_already{EEXIST, 183};
inline const Failure not_registered{ENOENT, 1168};
inline const Failure bad_pointer{EFAULT, 998};
inline const Failure no_socket{ENOTSOCK, 10038};
inline const Failure always_ready{EPERM, 4317};

/// How a call failed that reports failure by -1 or null.
template <class Call>
Failure failure_of(Call call) {
    errno = 0;
    set_last_error(0);
    if constexpr (std::is_pointer_v<decltype(call())>) {
        return call() == nullptr ? Failure{errno, last_error()} : Failure{};
    } else {
        return call() == -1 ? Failure{errno, last_error()} : Failure{};
    }
}

class Port {
public:
    Port() { BOOST_REQUIRE(handle_ != nullptr); }
    ~Port() {
        if (handle_ != nullptr) {
            epoll_close(handle_);
        }
    }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    [[nodiscard]] void* handle() const { return handle_; }
    /// Closes it now.
    int close() { return epoll_close(std::exchange(handle_, nullptr)); }

    int control(int op, Handle handle, std::uint32_t events, std::uint64_t data = 0) const {
        epoll_event event{.events = events, .data = {.u64 = data}};
        return epoll_ctl(handle_, op, handle.value(), &event);
    }
    int add(Handle handle, std::uint32_t events, std::uint64_t data = 0) const {
        return control(EPOLL_CTL_ADD, handle, events, data);
    }
    int modify(Handle handle, std::uint32_t events, std::uint64_t data = 0) const {
        return control(EPOLL_CTL_MOD, handle, events, data);
    }
    int remove(Handle handle) const {
        return epoll_ctl(handle_, EPOLL_CTL_DEL, handle.value(), nullptr);
    }
    int wake() const { return epoll_wake(handle_); }

    /// The events of one wait; empty if it failed.
    [[nodiscard]] std::vector<epoll_event> wait(int timeout = 300'000,
                                                std::size_t room = 64) const {
        std::vector<epoll_event> events(room);
        const int count = epoll_wait(handle_, events.data(), static_cast<int>(room), timeout);
        events.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return events;
    }

private:
    void* handle_ = epoll_create1(0);
};

/// The mask of the event with this data; 0 if there is none.
inline std::uint32_t mask_of(std::span<const epoll_event> events, std::uint64_t data) {
    for (const epoll_event& event : events) {
        if (event.data.u64 == data) {
            return event.events;
        }
    }
    return 0;
}

}  // namespace wakepoll::test
