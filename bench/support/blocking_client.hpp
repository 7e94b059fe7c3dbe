// The client side of a connection: plain blocking calls, one after the other, the same for all
// contestants.
#pragma once

#include <span>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

/// Connects. Sends without delay, no call blocks for longer than the patience of a benchmark, and
/// closing resets the connection, so that thousands of them leave no ports in use.
[[nodiscard]] inline Socket connect_client(const sockaddr_in& address) {
    Socket socket = open_stream();
    const auto set = [&socket](int level, int name, const auto& value) {
        check(::setsockopt(socket.get(), level, name, reinterpret_cast<const char*>(&value),
                           sizeof(value)) == 0,
              "setsockopt");
    };
    set(IPPROTO_TCP, TCP_NODELAY, DWORD{1});
    set(SOL_SOCKET, SO_SNDTIMEO, patience_milliseconds);
    set(SOL_SOCKET, SO_RCVTIMEO, patience_milliseconds);
    set(SOL_SOCKET, SO_LINGER, linger{1, 0});
    connect(socket, address);
    return socket;
}

inline void send_all(const Socket& socket, std::span<const char> bytes) {
    check(::send(socket.get(), bytes.data(), static_cast<int>(bytes.size()), 0) ==
              static_cast<int>(bytes.size()),
          "send");
}

/// Receives until the buffer is full.
inline void receive_all(const Socket& socket, std::span<char> buffer) {
    while (!buffer.empty()) {
        const int count = ::recv(socket.get(), buffer.data(), static_cast<int>(buffer.size()), 0);
        check(count > 0, "recv");
        buffer = buffer.subspan(static_cast<std::size_t>(count));
    }
}

/// Waits until the other side has closed the connection, in whatever way.
inline void await_close(const Socket& socket) {
    char byte = 0;
    const int count = ::recv(socket.get(), &byte, 1, 0);
    check(count == 0 || (count < 0 && ::WSAGetLastError() == WSAECONNRESET), "recv");
}

}  // namespace wakepoll::bench
