// WSAPoll and select on Windows. See socket_poll.hpp.
#include "sys/socket_poll.hpp"

#include <algorithm>
#include <cstddef>

#include "sys/win32/windows.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {

// The kernel gets an array of PollEntry as an array of WSAPOLLFD.
static_assert(sizeof(PollEntry) == sizeof(WSAPOLLFD));
static_assert(alignof(PollEntry) == alignof(WSAPOLLFD));
static_assert(offsetof(PollEntry, socket) == offsetof(WSAPOLLFD, fd));
static_assert(offsetof(PollEntry, events) == offsetof(WSAPOLLFD, events));
static_assert(offsetof(PollEntry, revents) == offsetof(WSAPOLLFD, revents));
static_assert(sizeof(PollEntry::events) == sizeof(WSAPOLLFD::events));
static_assert(sizeof(PollEntry::revents) == sizeof(WSAPOLLFD::revents));
static_assert(sizeof(SOCKET) == sizeof(std::uintptr_t));

static_assert(poll_bits::err == POLLERR);
static_assert(poll_bits::hup == POLLHUP);
static_assert(poll_bits::nval == POLLNVAL);
static_assert(poll_bits::wrnorm == POLLWRNORM);
static_assert(poll_bits::rdnorm == POLLRDNORM);
static_assert(poll_bits::rdband == POLLRDBAND);

static_assert(failed_connects_limit <= FD_SETSIZE);

Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                 std::uint32_t milliseconds) noexcept {
    const INT timeout = milliseconds == kernel_infinite
                            ? -1
                            : static_cast<INT>(std::min(milliseconds, kernel_wait_cap));
    const int count = ::WSAPoll(reinterpret_cast<WSAPOLLFD*>(entries.data()),
                                static_cast<ULONG>(entries.size()), timeout);
    if (count == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return static_cast<std::size_t>(count);
}

Result<std::uint64_t> failed_connects(std::span<const std::uintptr_t> sockets) noexcept {
    if (sockets.size() > failed_connects_limit) {
        return failure(WSAEINVAL);  // The set below has no room for them.
    }
    fd_set failed;
    failed.fd_count = static_cast<u_int>(sockets.size());
    std::copy(sockets.begin(), sockets.end(), failed.fd_array);
    timeval no_time = {0, 0};  // Not const: some headers declare the parameter so.
    if (::select(0, nullptr, nullptr, &failed, &no_time) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    // The sockets whose connect failed remain in the set, in any order.
    const std::span<const SOCKET> left(failed.fd_array, failed.fd_count);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        if (std::find(left.begin(), left.end(), sockets[i]) != left.end()) {
            bits |= std::uint64_t{1} << i;
        }
    }
    return bits;
}

}  // namespace wakepoll::sys
