// Winsock's start and end, and queries of a socket, on Windows. See socket.hpp.
#include "sys/socket.hpp"

#include <utility>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// A socket-level option that is a 32-bit number.
Result<DWORD> socket_option(Handle socket, int name) noexcept {
    DWORD value = 0;
    int size = sizeof(value);
    if (::getsockopt(socket.value(), SOL_SOCKET, name, reinterpret_cast<char*>(&value), &size) ==
        SOCKET_ERROR) {
        return last_socket_failure();
    }
    return value;
}

/// SIO_TCP_INFO, which some headers lack: _WSAIORW(IOC_VENDOR, 39).
constexpr DWORD ioctl_tcp_info = 0xD8000027;

/// The size of TCP_INFO_v0. Its first member is the state of the connection.
struct TcpInfo {
    DWORD state;
    DWORD others[21];
};
static_assert(sizeof(TcpInfo) == 88);

// The states are those of TCPSTATE.
constexpr DWORD state_closed = 0;
constexpr DWORD state_closing = 8;
constexpr DWORD state_last_ack = 9;
constexpr DWORD state_time_wait = 10;

}  // namespace

Result<WinsockSession> WinsockSession::start() noexcept {
    WSADATA data;
    // WSAStartup returns its error: WSAGetLastError works only after it.
    const int code = ::WSAStartup(MAKEWORD(2, 2), &data);
    if (code != 0) {
        return failure(static_cast<DWORD>(code));
    }
    WinsockSession session;
    session.started_ = true;
    return session;
}

void WinsockSession::end() noexcept {
    if (std::exchange(started_, false)) {
        ::WSACleanup();
    }
}

Result<SocketKind> socket_kind(Handle socket) noexcept {
    const Result<DWORD> type = socket_option(socket, SO_TYPE);
    if (!type) {
        return type.error();
    }
    return *type == SOCK_STREAM ? SocketKind::stream : SocketKind::datagram;
}

Result<bool> is_connected(Handle socket) noexcept {
    const Result<DWORD> seconds = socket_option(socket, SO_CONNECT_TIME);
    if (!seconds) {
        return seconds.error();
    }
    return *seconds != 0xFFFFFFFF;  // Microsoft's value for "not connected".
}

Result<bool> is_listening(Handle socket) noexcept {
    const Result<DWORD> listening = socket_option(socket, SO_ACCEPTCONN);
    if (!listening) {
        return listening.error();
    }
    return *listening != 0;
}

Result<bool> is_shut_both_ways(Handle socket) noexcept {
    DWORD version = 0;
    alignas(8) TcpInfo info = {};
    DWORD size = 0;
    if (::WSAIoctl(socket.value(), ioctl_tcp_info, &version, sizeof(version), &info, sizeof(info),
                   &size, nullptr, nullptr) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return info.state == state_closed || info.state == state_closing ||
           info.state == state_last_ack || info.state == state_time_wait;
}

}  // namespace wakepoll::sys
