// The differences between Winsock and BSD sockets, in one place.
//
// The first part gives both systems one set of names (close_socket, last_code, ...); the rest uses
// those names. Errors are `std::error_code`s that compare with std::errc: on Windows through
// wakepoll's table, because the standard library's does not know 10035.
#include "net.hpp"

#ifdef _WIN32
#include <winsock2.h>
// Winsock first.
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#endif

#include <algorithm>
#include <climits>

namespace example::net {

namespace {

#ifdef _WIN32

using NativeSocket = SOCKET;
using Length = int;
constexpr int send_flags = 0;
constexpr int shut_down_send = SD_SEND;
// Otherwise another program could listen on the same port and take the connections.
constexpr int listen_option = SO_EXCLUSIVEADDRUSE;

std::error_code last_error() {
    return wakepoll::win32_error(static_cast<std::uint32_t>(WSAGetLastError()));
}
std::error_code error_of(int code) {
    return wakepoll::win32_error(static_cast<std::uint32_t>(code));
}
void close_socket(NativeSocket socket) { closesocket(socket); }
bool make_non_blocking(NativeSocket socket) {
    u_long on = 1;
    return ioctlsocket(socket, FIONBIO, &on) == 0;
}
Length length_of(std::size_t bytes) {
    return static_cast<Length>(std::min<std::size_t>(bytes, INT_MAX));
}

#else

using NativeSocket = int;
using Length = std::size_t;
constexpr int send_flags = MSG_NOSIGNAL;
constexpr int shut_down_send = SHUT_WR;
// Lets a server restart while old connections are still in TIME_WAIT.
constexpr int listen_option = SO_REUSEADDR;

std::error_code error_of(int code) { return {code, std::generic_category()}; }
std::error_code last_error() { return error_of(errno); }
void close_socket(NativeSocket socket) { ::close(socket); }
bool make_non_blocking(NativeSocket socket) {
    const int flags = ::fcntl(socket, F_GETFL);
    return flags >= 0 && ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 &&
           ::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0;
}
Length length_of(std::size_t bytes) { return bytes; }

#endif

NativeSocket native(const Socket& socket) { return static_cast<NativeSocket>(socket.number()); }

bool set_option(const Socket& socket, int level, int name, int value) {
    return ::setsockopt(native(socket), level, name, reinterpret_cast<const char*>(&value),
                        sizeof value) == 0;
}

bool set_buffer_sizes(const Socket& socket, int bytes) {
    return bytes <= 0 || (set_option(socket, SOL_SOCKET, SO_SNDBUF, bytes) &&
                          set_option(socket, SOL_SOCKET, SO_RCVBUF, bytes));
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

wakepoll::Result<Socket> make_tcp_socket() {
    Socket socket(static_cast<SocketNumber>(::socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)));
    if (!socket || !make_non_blocking(native(socket))) {
        return last_error();
    }
    return socket;
}

}  // namespace

#ifdef _WIN32

Network::Network() {
    WSADATA data{};
    if (const int code = WSAStartup(MAKEWORD(2, 2), &data); code != 0) {
        throw std::system_error(error_of(code), "WSAStartup");
    }
}
Network::~Network() { WSACleanup(); }

#else

Network::Network() = default;
Network::~Network() = default;

#endif

void Socket::close() noexcept {
    if (number_ != none) {
        close_socket(static_cast<NativeSocket>(std::exchange(number_, none)));
    }
}

wakepoll::Result<Socket> listen_on_loopback(std::uint16_t port, int buffer_bytes) {
    wakepoll::Result<Socket> made = make_tcp_socket();
    if (!made) {
        return made;
    }
    const sockaddr_in address = loopback(port);
    // The connections inherit the buffer sizes, so they are set before listening.
    if (!set_option(*made, SOL_SOCKET, listen_option, 1) ||
        !set_buffer_sizes(*made, buffer_bytes) ||
        ::bind(native(*made), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(native(*made), SOMAXCONN) != 0) {
        return last_error();
    }
    return made;
}

wakepoll::Result<std::uint16_t> local_port(const Socket& socket) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (::getsockname(native(socket), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        return last_error();
    }
    return ntohs(address.sin_port);
}

wakepoll::Result<Socket> accept_from(const Socket& listener) {
    Socket socket(static_cast<SocketNumber>(::accept(native(listener), nullptr, nullptr)));
    if (!socket || !make_non_blocking(native(socket)) ||
        !set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1)) {
        return last_error();
    }
    return socket;
}

wakepoll::Result<Socket> connect_to_loopback(std::uint16_t port, int buffer_bytes) {
    wakepoll::Result<Socket> made = make_tcp_socket();
    if (!made) {
        return made;
    }
    if (!set_buffer_sizes(*made, buffer_bytes) || !set_option(*made, IPPROTO_TCP, TCP_NODELAY, 1)) {
        return last_error();
    }
    const sockaddr_in address = loopback(port);
    if (::connect(native(*made), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
        const std::error_code error = last_error();
        if (!is_would_block(error) && error != std::errc::operation_in_progress) {
            return error;
        }
    }
    return made;
}

std::error_code connect_error(const Socket& socket) {
    int code = 0;
    socklen_t length = sizeof code;
    if (::getsockopt(native(socket), SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&code),
                     &length) != 0) {
        return last_error();
    }
    return code == 0 ? std::error_code{} : error_of(code);
}

Transfer receive(const Socket& socket, std::span<char> buffer) {
    Transfer result;
    const auto count = ::recv(native(socket), buffer.data(), length_of(buffer.size()), 0);
    if (count > 0) {
        result.bytes = static_cast<std::size_t>(count);
    } else if (count == 0) {
        result.ended = true;
    } else if (const std::error_code error = last_error(); is_would_block(error)) {
        result.would_block = true;
    } else {
        result.error = error;
    }
    return result;
}

Transfer send(const Socket& socket, std::span<const char> data) {
    Transfer result;
    const auto count = ::send(native(socket), data.data(), length_of(data.size()), send_flags);
    if (count >= 0) {
        result.bytes = static_cast<std::size_t>(count);
    } else if (const std::error_code error = last_error(); is_would_block(error)) {
        result.would_block = true;
    } else {
        result.error = error;
    }
    return result;
}

std::error_code shut_down_sending(const Socket& socket) {
    return ::shutdown(native(socket), shut_down_send) == 0 ? std::error_code{} : last_error();
}

std::error_code reset_when_closed(const Socket& socket) {
    linger option{};
    option.l_onoff = 1;
    option.l_linger = 0;
    return ::setsockopt(native(socket), SOL_SOCKET, SO_LINGER,
                        reinterpret_cast<const char*>(&option), sizeof option) == 0
               ? std::error_code{}
               : last_error();
}

bool is_would_block(const std::error_code& error) {
    // Two names: each system's library compares its number equal to one of them.
    return error == std::errc::operation_would_block ||
           error == std::errc::resource_unavailable_try_again;
}

std::string describe(const std::error_code& error) {
    return error.message() + " (" + std::to_string(error.value()) + ")";
}

}  // namespace example::net
