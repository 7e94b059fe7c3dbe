// Addresses of the model: port numbers on 127.0.0.1, and the sockets bound to them.
//
// An address is a sockaddr_in as on Windows. Port numbers are allocated in order and never reused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

namespace wakepoll::sim {

class Socket;
class TcpSocket;
class UdpSocket;

struct Address {
    static constexpr std::size_t size = 16;
    static constexpr std::uint32_t loopback = 0x7F000001;

    std::uint32_t host = loopback;
    std::uint16_t port = 0;

    [[nodiscard]] bool on_loopback() const noexcept { return host >> 24U == 127; }

    /// As a sockaddr_in.
    [[nodiscard]] std::array<std::byte, size> bytes() const noexcept;
    /// Empty if the bytes are no valid address.
    [[nodiscard]] static std::optional<Address> from(std::span<const std::byte> bytes) noexcept;
};

class Network {
public:
    /// A port number that no socket has.
    [[nodiscard]] std::uint16_t free_port() noexcept { return next_++; }

    /// Binds the socket to a new port.
    void bind(const std::shared_ptr<Socket>& socket);

    void listen(std::uint16_t port, const std::shared_ptr<TcpSocket>& listener) {
        listeners_[port] = listener;
    }
    /// The listener on this port; null if there is none.
    [[nodiscard]] std::shared_ptr<TcpSocket> listener_at(std::uint16_t port) const;
    /// The UDP socket on this port; null if there is none.
    [[nodiscard]] std::shared_ptr<UdpSocket> receiver_at(std::uint16_t port) const;

private:
    std::uint16_t next_ = 49152;
    std::map<std::uint16_t, std::weak_ptr<TcpSocket>> listeners_;
    std::map<std::uint16_t, std::weak_ptr<UdpSocket>> receivers_;
};

}  // namespace wakepoll::sim
