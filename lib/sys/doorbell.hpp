// sys: a socket that one thread rings and another polls.
//
// A thread blocked in WSAPoll does not see the completion port, so the poll set carries one extra
// entry: a non-blocking UDP socket, bound to a free port of 127.0.0.1 and connected to itself, so
// that only its own datagrams reach it. `ring` may be called from any thread while the doorbell is
// open.
#pragma once

#include <cstdint>
#include <system_error>
#include <utility>

#include "wakepoll/error.hpp"

namespace wakepoll::sys {

class Doorbell {
public:
    /// socket, ioctlsocket(FIONBIO), bind, getsockname, connect. What was opened is closed again
    /// where one of them fails.
    [[nodiscard]] static Result<Doorbell> create() noexcept;

    Doorbell() noexcept = default;
    Doorbell(Doorbell&& other) noexcept : socket_(std::exchange(other.socket_, closed)) {}
    Doorbell& operator=(Doorbell&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~Doorbell() { close(); }

    /// send of one byte. A full buffer (WSAEWOULDBLOCK) is success: it is ringing already.
    [[nodiscard]] std::error_code ring() const noexcept;

    /// recv of one datagram; success too where there was none.
    [[nodiscard]] std::error_code drain() const noexcept;

    /// closesocket. Nothing where it is not open.
    void close() noexcept;

    /// Forgets the socket without closing it: somebody else has.
    void abandon() noexcept { socket_ = closed; }

    [[nodiscard]] bool is_open() const noexcept { return socket_ != closed; }
    [[nodiscard]] std::uintptr_t socket() const noexcept { return socket_; }

private:
    static constexpr std::uintptr_t closed = ~std::uintptr_t{0};

    explicit Doorbell(std::uintptr_t socket) noexcept : socket_(socket) {}

    std::uintptr_t socket_ = closed;
};

}  // namespace wakepoll::sys
