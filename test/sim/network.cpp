// See network.hpp.
#include "network.hpp"

#include "sockets.hpp"
#include "udp_socket.hpp"

namespace wakepoll::sim {
namespace {

constexpr unsigned internet = 2;  // AF_INET

constexpr std::byte byte_of(std::uint32_t value, unsigned shift) noexcept {
    return static_cast<std::byte>((value >> shift) & 0xFFU);
}

constexpr std::uint32_t number(std::byte byte) noexcept {
    return std::to_integer<std::uint32_t>(byte);
}

}  // namespace

std::array<std::byte, Address::size> Address::bytes() const noexcept {
    // The family in host byte order, port and address in network byte order.
    return {byte_of(internet, 0), byte_of(internet, 8), byte_of(port, 8), byte_of(port, 0),
            byte_of(host, 24),    byte_of(host, 16),    byte_of(host, 8), byte_of(host, 0)};
}

std::optional<Address> Address::from(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < size || (number(bytes[0]) | (number(bytes[1]) << 8U)) != internet) {
        return std::nullopt;
    }
    const std::uint32_t port = (number(bytes[2]) << 8U) | number(bytes[3]);
    const std::uint32_t host = (number(bytes[4]) << 24U) | (number(bytes[5]) << 16U) |
                               (number(bytes[6]) << 8U) | number(bytes[7]);
    return Address{host, static_cast<std::uint16_t>(port)};
}

void Network::bind(const std::shared_ptr<Socket>& socket) {
    socket->bind_to(free_port());
    if (const auto receiver = std::dynamic_pointer_cast<UdpSocket>(socket)) {
        receivers_[receiver->address().port] = receiver;
    }
}

std::shared_ptr<UdpSocket> Network::receiver_at(std::uint16_t port) const {
    const auto found = receivers_.find(port);
    return found != receivers_.end() ? found->second.lock() : nullptr;
}

std::shared_ptr<TcpSocket> Network::listener_at(std::uint16_t port) const {
    const auto found = listeners_.find(port);
    return found != listeners_.end() ? found->second.lock() : nullptr;
}

}  // namespace wakepoll::sim
