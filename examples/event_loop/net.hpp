// Non-blocking TCP on 127.0.0.1, the same on Winsock and on BSD sockets.
//
// net.cpp contains all differences between the two (how a socket is closed, which number means
// "would block", how an error is read, how a write to a dead peer is kept from raising a signal). A
// `Socket` owns what it refers to; each function is one or a few system calls, never blocks, and
// may be called from any thread, though not for one socket at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "event_loop.hpp"
#include "wakepoll/error.hpp"

namespace example::net {

/// Starts Winsock; create one before using anything else here, and keep it.
class Network {
public:
    /// Throws std::system_error if the system's sockets are not available.
    Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network();
};

/// An owned socket. Remove it from its loop before closing it.
class Socket {
public:
    Socket() noexcept = default;
    explicit Socket(SocketNumber number) noexcept : number_(number) {}
    Socket(Socket&& other) noexcept : number_(std::exchange(other.number_, none)) {}
    Socket& operator=(Socket&& other) noexcept {
        if (this != &other) {
            close();
            number_ = std::exchange(other.number_, none);
        }
        return *this;
    }
    ~Socket() { close(); }

    void close() noexcept;
    [[nodiscard]] SocketNumber number() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ != none; }

private:
    static constexpr SocketNumber none = ~SocketNumber{0};
    SocketNumber number_ = none;
};

/// The result of one receive or send: exactly one of the four.
struct Transfer {
    std::size_t bytes = 0;
    bool would_block = false;
    bool ended = false;  ///< Receiving only: the peer will send no more.
    std::error_code error;
};

/// A listening socket; port 0 lets the system choose. With `buffer_bytes` above 0, every accepted
/// connection gets send and receive buffers of that size.
[[nodiscard]] wakepoll::Result<Socket> listen_on_loopback(std::uint16_t port, int buffer_bytes = 0);

/// The port that a socket is bound to.
[[nodiscard]] wakepoll::Result<std::uint16_t> local_port(const Socket& socket);

/// Accepts the next connection, non-blocking. If there is none, an error for which
/// `is_would_block` holds.
[[nodiscard]] wakepoll::Result<Socket> accept_from(const Socket& listener);

/// Starts a connection: it is writable once established; then call `connect_error`.
[[nodiscard]] wakepoll::Result<Socket> connect_to_loopback(std::uint16_t port,
                                                           int buffer_bytes = 0);

/// The result of a connection attempt; success if it is established.
[[nodiscard]] std::error_code connect_error(const Socket& socket);

[[nodiscard]] Transfer receive(const Socket& socket, std::span<char> buffer);
[[nodiscard]] Transfer send(const Socket& socket, std::span<const char> data);

/// Sends FIN: no more will be sent; receiving continues.
[[nodiscard]] std::error_code shut_down_sending(const Socket& socket);

/// Makes the next close a reset (RST) instead of an orderly end.
[[nodiscard]] std::error_code reset_when_closed(const Socket& socket);

[[nodiscard]] bool is_would_block(const std::error_code& error);

/// Like "connection refused (111)", for people.
[[nodiscard]] std::string describe(const std::error_code& error);

}  // namespace example::net
