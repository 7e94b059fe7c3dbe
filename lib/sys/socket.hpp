// sys: Winsock's start and end, and queries of a socket.
#pragma once

#include <cstdint>
#include <utility>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// One WSAStartup (2.2), undone by WSACleanup. Winsock counts them, so it does not disturb those of
/// the program.
class WinsockSession {
public:
    [[nodiscard]] static Result<WinsockSession> start() noexcept;

    WinsockSession() noexcept = default;
    WinsockSession(WinsockSession&& other) noexcept
        : started_(std::exchange(other.started_, false)) {}
    WinsockSession& operator=(WinsockSession&& other) noexcept {
        std::swap(started_, other.started_);
        return *this;
    }
    ~WinsockSession() { end(); }

    /// WSACleanup. No-op if the session is not open.
    void end() noexcept;

private:
    bool started_ = false;
};

enum class SocketKind : std::uint8_t { stream, datagram };

/// getsockopt(SO_TYPE). WSAENOTSOCK (10038) for what is not an open socket. Raw and other types
/// count as datagram.
[[nodiscard]] Result<SocketKind> socket_kind(Handle socket) noexcept;

/// getsockopt(SO_CONNECT_TIME): true if a connection is up.
[[nodiscard]] Result<bool> is_connected(Handle socket) noexcept;

/// getsockopt(SO_ACCEPTCONN): true for a listener.
[[nodiscard]] Result<bool> is_listening(Handle socket) noexcept;

/// WSAIoctl(SIO_TCP_INFO): true if both sides of a connection have sent FIN, or it is over.
/// WSAEOPNOTSUPP (10045) before Windows 10 1703 and Server 2016, on Wine 8, and where the protocol
/// is not TCP.
[[nodiscard]] Result<bool> is_shut_both_ways(Handle socket) noexcept;

}  // namespace wakepoll::sys
