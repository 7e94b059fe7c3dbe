// How calls fail. Apart from epoll_calls.cpp, so that the compiler does not make calls that succeed
// save registers that only these need.
#include <system_error>

#include "face/epoll_calls.hpp"
#include "face/epoll_errors.hpp"

namespace wakepoll::epoll_calls {

int leave_failed(EpollPort& port, std::error_code error) noexcept {
    port.leave();
    return epoll_errors::fail(error);
}

int leave_not_added(EpollPort& port, std::error_code error, Handle handle) noexcept {
    port.leave();
    return epoll_errors::fail_to_add(handle, error);
}

int refuse(EpollPort& port, Handle handle) noexcept {
    port.leave();
    return epoll_errors::fail_for(handle);
}

}  // namespace wakepoll::epoll_calls
