// sys: a socket that one thread rings and another polls.
//
// A thread blocked in WSAPoll does not see the completion port, so the poll set carries one extra
// entry: a non-blocking UDP socket, bound to a free port of 127.0.0.1 and connected to itself, so
// that only its own datagrams reach it. Any thread may call `ring` while the doorbell is open.
//
// Filter drivers (firewalls, virus scanners) can drop loopback datagrams silently, and a doorbell
// without them loses wakes. So `create` rings a new one and waits for the datagram.
#pragma once

#include <cstdint>
#include <system_error>
#include <utility>

#include "wakepoll/error.hpp"

namespace wakepoll::sys {

class Doorbell {
public:
    /// socket, ioctlsocket(FIONBIO), setsockopt(SO_EXCLUSIVEADDRUSE), bind, getsockname, connect;
    /// then send, WSAPoll for at most `longest_way`, recv. Where one fails, what was opened is
    /// closed again. WSAENETDOWN (10050) if the datagram does not arrive.
    [[nodiscard]] static Result<Doorbell> create() noexcept;

    /// The limit for a datagram's arrival: without filters it takes microseconds.
    static constexpr std::uint32_t longest_way = 250;  // milliseconds

    Doorbell() noexcept = default;
    Doorbell(Doorbell&& other) noexcept : socket_(std::exchange(other.socket_, closed)) {}
    Doorbell& operator=(Doorbell&& other) noexcept {
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~Doorbell() { close(); }

    /// send of one byte. A full buffer (WSAEWOULDBLOCK) counts as success: it is ringing already.
    [[nodiscard]] std::error_code ring() const noexcept;

    /// recv of one datagram. Success if there is none.
    [[nodiscard]] std::error_code drain() const noexcept;

    /// closesocket. No-op if it is not open.
    void close() noexcept;

    /// Forgets the socket without closing it: another part of the program has closed it.
    void abandon() noexcept { socket_ = closed; }

    [[nodiscard]] bool is_open() const noexcept { return socket_ != closed; }
    [[nodiscard]] std::uintptr_t socket() const noexcept { return socket_; }

private:
    static constexpr std::uintptr_t closed = ~std::uintptr_t{0};

    explicit Doorbell(std::uintptr_t socket) noexcept : socket_(socket) {}

    std::uintptr_t socket_ = closed;
};

}  // namespace wakepoll::sys
