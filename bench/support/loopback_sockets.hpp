// Connected TCP sockets on loopback for the benchmarks, made by plain Winsock calls.
//
// Does not use the library; neither do the other contestants. Every call that fails throws
// std::runtime_error with its name and error.
#pragma once

// The order matters.
// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>
// clang-format on

#include <fmt/core.h>

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace wakepoll::bench {

/// How long a benchmark waits for what must come.
inline constexpr DWORD patience_milliseconds = 20'000;

[[noreturn]] inline void fail(const char* call, DWORD code) {
    throw std::runtime_error(fmt::format("{} failed with {}", call, code));
}

inline void check(bool succeeded, const char* call) {
    if (!succeeded) {
        fail(call, static_cast<DWORD>(::WSAGetLastError()));
    }
}

class WinsockUse {
public:
    WinsockUse() {
        WSADATA data;
        const int code = ::WSAStartup(MAKEWORD(2, 2), &data);
        if (code != 0) {
            fail("WSAStartup", static_cast<DWORD>(code));
        }
    }
    ~WinsockUse() { ::WSACleanup(); }
    WinsockUse(const WinsockUse&) = delete;
    WinsockUse& operator=(const WinsockUse&) = delete;
};

class Socket {
public:
    explicit Socket(SOCKET socket, const char* call) : socket_(socket) {
        check(socket != INVALID_SOCKET, call);
    }
    Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~Socket() {
        if (socket_ != INVALID_SOCKET) {
            ::closesocket(socket_);
        }
    }

    [[nodiscard]] SOCKET get() const noexcept { return socket_; }
    [[nodiscard]] SOCKET release() noexcept { return std::exchange(socket_, INVALID_SOCKET); }

private:
    SOCKET socket_;
};

[[nodiscard]] inline sockaddr_in loopback_address(unsigned short port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port);
    return address;
}

/// Binds a socket to a free port of loopback and returns its address.
[[nodiscard]] inline sockaddr_in bind_to_loopback(const Socket& socket) {
    sockaddr_in address = loopback_address(0);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    int size = sizeof(address);
    check(::bind(socket.get(), name, size) == 0, "bind");
    check(::getsockname(socket.get(), name, &size) == 0, "getsockname");
    return address;
}

inline void connect(const Socket& socket, const sockaddr_in& address) {
    check(
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
        "connect");
}

[[nodiscard]] inline Socket open_stream() {
    return Socket(::socket(AF_INET, SOCK_STREAM, 0), "socket");
}

inline void set_non_blocking(const Socket& socket) {
    u_long on = 1;
    check(::ioctlsocket(socket.get(), static_cast<long>(FIONBIO), &on) == 0, "ioctlsocket");
}

/// A datagram socket connected to itself, which wakes a thread from WSAPoll.
[[nodiscard]] inline Socket udp_socket_to_itself() {
    Socket bell(::socket(AF_INET, SOCK_DGRAM, 0), "socket");
    connect(bell, bind_to_loopback(bell));
    return bell;
}

/// A socket that listens on a free port of loopback.
class Listener {
public:
    Listener() : socket_(open_stream()), address_(bind_to_loopback(socket_)) {
        check(::listen(socket_.get(), SOMAXCONN) == 0, "listen");
    }

    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }
    [[nodiscard]] SOCKET get() const noexcept { return socket_.get(); }
    [[nodiscard]] const sockaddr_in& address() const noexcept { return address_; }

private:
    Socket socket_;
    sockaddr_in address_;
};

/// The next connection of a non-blocking listener; none if none waits.
[[nodiscard]] inline std::optional<Socket> accept_next(const Listener& listener) {
    const SOCKET accepted = ::accept(listener.get(), nullptr, nullptr);
    if (accepted == INVALID_SOCKET && ::WSAGetLastError() == WSAEWOULDBLOCK) {
        return std::nullopt;
    }
    return Socket(accepted, "accept");
}

/// `count` connections. The local ends are what is polled; the peers send.
class Connections {
public:
    explicit Connections(std::size_t count) {
        const Listener listener;
        for (std::size_t i = 0; i < count; ++i) {
            peers_.push_back(open_stream());
            connect(peers_.back(), listener.address());
            owned_.emplace_back(::accept(listener.get(), nullptr, nullptr), "accept");
            set_non_blocking(owned_.back());
            locals_.push_back(owned_.back().get());
        }
    }

    [[nodiscard]] std::span<const SOCKET> locals() const noexcept { return locals_; }

    /// Releases the local ends; only the peers are left.
    [[nodiscard]] std::vector<SOCKET> release_locals() {
        for (Socket& socket : owned_) {
            (void)socket.release();
        }
        owned_.clear();
        return std::exchange(locals_, {});
    }

    [[nodiscard]] SOCKET peer(std::size_t index) const noexcept { return peers_[index].get(); }

    /// The peers of these local ends send one byte each. Returns when all have arrived.
    void send_to(std::span<const std::size_t> indices) const {
        std::vector<WSAPOLLFD> entries;
        for (const std::size_t index : indices) {
            check(::send(peers_[index].get(), "x", 1, 0) == 1, "send");
            entries.push_back({locals_[index], POLLRDNORM, 0});
        }
        while (!entries.empty()) {
            check(::WSAPoll(entries.data(), static_cast<ULONG>(entries.size()),
                            static_cast<INT>(patience_milliseconds)) > 0,
                  "WSAPoll");
            std::erase_if(entries, [](const WSAPOLLFD& entry) { return entry.revents != 0; });
        }
    }

private:
    std::vector<Socket> peers_;
    std::vector<Socket> owned_;
    std::vector<SOCKET> locals_;
};

/// The base socket of a layered one, which is what AFD takes.
[[nodiscard]] inline SOCKET base_of(SOCKET socket) {
    constexpr DWORD base_handle = 0x48000022;  // SIO_BASE_HANDLE
    SOCKET base = INVALID_SOCKET;
    DWORD size = 0;
    check(::WSAIoctl(socket, base_handle, nullptr, 0, &base, sizeof(base), &size, nullptr,
                     nullptr) == 0,
          "WSAIoctl");
    return base;
}

/// Takes the one byte that was reported.
inline void receive_byte(SOCKET socket) {
    char byte = 0;
    check(::recv(socket, &byte, 1, 0) == 1, "recv");
}

}  // namespace wakepoll::bench
