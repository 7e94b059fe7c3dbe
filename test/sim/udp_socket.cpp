// See udp_socket.hpp.
#include "udp_socket.hpp"

#include <algorithm>

#include "status.hpp"
#include "sys/socket_poll.hpp"

namespace wakepoll::sim {

namespace bits = sys::poll_bits;

std::int16_t UdpSocket::readiness(std::int16_t asked, const Traits&,
                                  std::chrono::nanoseconds) const noexcept {
    // Writable always, bound or not.
    const int state = bits::wrnorm | (queue_.empty() ? 0 : bits::rdnorm);
    return static_cast<std::int16_t>(state & asked);
}

Moved UdpSocket::send(std::span<const std::uint8_t> bytes) {
    const std::shared_ptr<UdpSocket> peer = peer_.lock();
    if (peer == nullptr) {
        return {0, code::not_connected};
    }
    if (peer->has_handles() && peer->queue_.size() < queue_limit) {
        peer->queue_.emplace_back(bytes.begin(), bytes.end());
    }
    return {bytes.size(), 0};
}

Moved UdpSocket::receive(std::span<std::uint8_t> bytes, const Traits&) {
    if (queue_.empty()) {
        return {0, code::would_block};
    }
    const std::vector<std::uint8_t> datagram = std::move(queue_.front());
    queue_.pop_front();
    const std::size_t size = std::min(bytes.size(), datagram.size());
    std::copy_n(datagram.begin(), size, bytes.begin());
    return {size, 0};
}

}  // namespace wakepoll::sim
