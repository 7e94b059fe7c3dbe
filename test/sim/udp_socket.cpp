// See udp_socket.hpp.
#include "udp_socket.hpp"

#include <algorithm>
#include <utility>

#include "behaviours.hpp"
#include "status.hpp"
#include "sys/afd_device.hpp"
#include "sys/socket_poll.hpp"

namespace wakepoll::sim {

namespace bits = sys::poll_bits;

std::int16_t UdpSocket::readiness(std::int16_t asked, const Traits&,
                                  std::chrono::nanoseconds) const noexcept {
    // Always writable, bound or not. What a pending receive is about to take is not readable.
    const int state = bits::wrnorm | (is_readable() ? bits::rdnorm : 0);
    return static_cast<std::int16_t>(state & asked);
}

std::uint32_t UdpSocket::afd_readiness(const Traits&, std::chrono::nanoseconds) const noexcept {
    namespace afd = sys::afd_bits;
    return afd::send | (is_readable() ? afd::receive : 0U);
}

void UdpSocket::note_answer() const noexcept {
    note_if(queue_.empty() && is_readable(), Behaviour::unreachable_is_readable);
}

Moved UdpSocket::send(std::span<const std::uint8_t> bytes, const Traits& traits) {
    if (!connected_) {
        return {0, code::not_connected};
    }
    deliver(peer_.lock(), bytes, traits);
    return {bytes.size(), 0};
}

void UdpSocket::deliver(const std::shared_ptr<UdpSocket>& to, std::span<const std::uint8_t> bytes,
                        const Traits& traits) {
    if (to == nullptr || !to->has_handles()) {
        unreachable_ += traits.reports_unreachable ? 1 : 0;
        changed();
        return;
    }
    const bool is_heard = !to->connected_ || to->peer_.lock().get() == this;
    if (is_heard && to->queue_.size() < queue_limit) {
        to->queue_.push_back({address(), {bytes.begin(), bytes.end()}});
        to->changed();
    }
}

Moved UdpSocket::receive(std::span<std::uint8_t> bytes, const Traits& traits) {
    if (!is_bound()) {
        note_if(traits.unbound_receive_code == code::invalid_argument, Behaviour::unbound_receive);
        return {0, traits.unbound_receive_code};
    }
    if (unreachable_ != 0 && in_flight(OperationKind::read) == 0) {
        --unreachable_;
        note(Behaviour::unreachable_ends_receive);
        return {0, code::connection_reset};
    }
    if (queue_.empty() || in_flight(OperationKind::read) != 0) {
        return {0, code::would_block};
    }
    const std::vector<std::uint8_t> datagram = std::move(queue_.front().bytes);
    queue_.pop_front();
    const std::size_t size = std::min(bytes.size(), datagram.size());
    std::copy_n(datagram.begin(), size, bytes.begin());
    return {size, 0};
}

std::uint32_t UdpSocket::refusal(OperationKind kind, const Traits&) const {
    switch (kind) {
        case OperationKind::read:
            return is_bound() ? 0 : code::invalid_argument;
        case OperationKind::write:
            return connected_ ? 0 : code::not_connected;
        default:
            return code::invalid_argument;
    }
}

bool UdpSocket::can_end(const Operation& operation) const {
    return operation.kind == OperationKind::write || unreachable_ != 0 || !queue_.empty();
}

Outcome UdpSocket::end(Operation& operation, const Traits& traits) {
    if (operation.kind == OperationKind::write) {
        deliver(operation.has_target ? operation.target : peer_.lock(), operation.rest(), traits);
        return {status::success, operation.size()};
    }
    if (unreachable_ != 0) {
        --unreachable_;
        note(Behaviour::unreachable_ends_receive);
        return {status::port_unreachable, 0};
    }
    const auto [from, datagram] = std::move(queue_.front());
    queue_.pop_front();
    operation.scatter(datagram);
    if (operation.sender != nullptr) {
        const auto bytes = from.bytes();
        std::copy(bytes.begin(), bytes.end(), operation.sender);
        *operation.sender_size = static_cast<std::int32_t>(bytes.size());
    }
    const std::size_t room = operation.size();
    return datagram.size() > room ? Outcome{status::buffer_overflow, room}
                                  : Outcome{status::success, datagram.size()};
}

}  // namespace wakepoll::sim
