// How calls fail. Apart from epoll_calls.cpp, so that the compiler does not make calls that succeed
// save registers that only these need.
#include <system_error>

#include "face/epoll_calls.hpp"
#include "face/epoll_errors.hpp"
#include "own_errors.hpp"
#include "poller/classify.hpp"

namespace wakepoll::epoll_calls {
namespace {

/// What Linux would report if more than one argument is wrong. It checks in this order: `event`,
/// the numbers, whether a port is to be registered with itself, the interest, the registration.
std::error_code first_error(const EpollPort& port, std::error_code error, Handle handle) noexcept {
    if (error == errc::edge_triggered && !is_open(handle)) {
        return own_errors::bad_file_descriptor();
    }
    const bool is_unknown = error == errc::not_registered || error == errc::nothing_to_wait_for;
    return is_unknown && port.has(handle) ? own_errors::invalid_argument() : error;
}

}  // namespace

int leave_failed(EpollPort& port, std::error_code error, Handle handle) noexcept {
    error = first_error(port, error, handle);
    port.leave();
    return epoll_errors::fail(error);
}

int leave_not_added(EpollPort& port, std::error_code error, Handle handle) noexcept {
    error = first_error(port, error, handle);
    port.leave();
    return epoll_errors::fail_to_add(handle, error);
}

int refuse(EpollPort& port, Handle handle, const epoll_event* event) noexcept {
    port.leave();
    return event == nullptr ? epoll_errors::fail_for_null() : epoll_errors::fail_for(handle);
}

}  // namespace wakepoll::epoll_calls
