// The doorbell on Windows: a UDP socket connected to itself. See doorbell.hpp.
#include "sys/doorbell.hpp"

#include <utility>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// Makes the socket non-blocking and connects it to itself, on a free, unshared port of 127.0.0.1.
std::error_code connect_to_itself(SOCKET socket) noexcept {
    u_long on = 1;
    const BOOL alone = TRUE;
    if (::ioctlsocket(socket, static_cast<long>(FIONBIO), &on) == SOCKET_ERROR ||
        ::setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&alone),
                     sizeof(alone)) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    int size = sizeof(address);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, name, size) == SOCKET_ERROR ||
        ::getsockname(socket, name, &size) == SOCKET_ERROR ||
        ::connect(socket, name, size) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return {};
}

/// Rings it and waits until WSAPoll reports that.
std::error_code hear_itself(const Doorbell& doorbell) noexcept {
    if (const std::error_code error = doorbell.ring()) {
        return error;
    }
    WSAPOLLFD entry = {};
    entry.fd = doorbell.socket();
    entry.events = POLLRDNORM;
    switch (::WSAPoll(&entry, 1, static_cast<INT>(Doorbell::longest_way))) {
        case SOCKET_ERROR:
            return last_socket_failure();
        case 0:
            return failure(WSAENETDOWN);
        default:
            return doorbell.drain();
    }
}

}  // namespace

Result<Doorbell> Doorbell::create() noexcept {
    static_assert(INVALID_SOCKET == closed);
    // A child process that inherits the socket would keep its port occupied.
    const SOCKET socket = ::WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, nullptr, 0,
                                       WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (socket == INVALID_SOCKET) {
        return last_socket_failure();
    }
    Doorbell doorbell(socket);
    std::error_code error = connect_to_itself(socket);
    if (!error) {
        error = hear_itself(doorbell);
    }
    if (error) {
        return error;
    }
    return doorbell;
}

std::error_code Doorbell::ring() const noexcept {
    const char byte = 0;
    if (::send(socket_, &byte, 1, 0) == SOCKET_ERROR) {
        const int code = ::WSAGetLastError();
        if (code != WSAEWOULDBLOCK) {
            return failure(static_cast<DWORD>(code));
        }
    }
    return {};
}

std::error_code Doorbell::drain() const noexcept {
    char byte = 0;
    if (::recv(socket_, &byte, 1, 0) == SOCKET_ERROR) {
        const int code = ::WSAGetLastError();
        // WSAEMSGSIZE: a longer datagram, which another program sent before the socket was
        // connected, was received and truncated.
        if (code != WSAEWOULDBLOCK && code != WSAEMSGSIZE) {
            return failure(static_cast<DWORD>(code));
        }
    }
    return {};
}

void Doorbell::close() noexcept {
    if (is_open()) {
        ::closesocket(std::exchange(socket_, closed));
    }
}

}  // namespace wakepoll::sys
