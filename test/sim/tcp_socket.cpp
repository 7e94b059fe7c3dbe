// See tcp_socket.hpp. What WSAPoll says of each state is in tcp_readiness.cpp.
#include "tcp_socket.hpp"

#include <algorithm>
#include <utility>

#include "port.hpp"
#include "status.hpp"

namespace wakepoll::sim {

void TcpSocket::join(const std::shared_ptr<TcpSocket>& a, const std::shared_ptr<TcpSocket>& b) {
    a->state_ = b->state_ = State::connected;
    a->peer_ = b;
    b->peer_ = a;
}

void TcpSocket::connect_to(TcpSocket& listener, std::chrono::nanoseconds refused_at) {
    if (!listener.is_listening() || listener.closed_ || listener.backlog_.size() >= backlog_limit) {
        connect_to_nobody(refused_at);
        return;
    }
    listener.backlog_.push_back(std::make_shared<TcpSocket>());
    join(shared_from_this(), listener.backlog_.back());
}

void TcpSocket::connect_to_nobody(std::chrono::nanoseconds refused_at) noexcept {
    state_ = State::connecting;
    refused_at_ = refused_at;
}

std::shared_ptr<TcpSocket> TcpSocket::accept() {
    if (backlog_.empty()) {
        return nullptr;
    }
    std::shared_ptr<TcpSocket> accepted = std::move(backlog_.front());
    backlog_.pop_front();
    return accepted;
}

Moved TcpSocket::send(std::span<const std::uint8_t> bytes) {
    if (state_ != State::connected) {
        return {0, code::not_connected};
    }
    if (fin_sent_) {
        return {0, code::shut_down};
    }
    if (reset_) {
        return {0, code::connection_reset};
    }
    if (peer_ == nullptr) {
        // The peer closed its end and answers what still comes with a reset: this send succeeds,
        // the next one fails.
        reset_arrived();
        return {bytes.size(), 0};
    }
    const std::size_t sent = peer_->arrived(bytes);
    return sent == 0 && !bytes.empty() ? Moved{0, code::would_block} : Moved{sent, 0};
}

Moved TcpSocket::receive(std::span<std::uint8_t> bytes, const Traits& traits) {
    if (state_ != State::connected) {
        return {0, code::not_connected};
    }
    if (reset_) {
        return {0, traits.end_of_stream_after_reset ? 0 : code::connection_reset};
    }
    if (inbox_.empty()) {
        return {0, fin_received_ ? 0 : code::would_block};
    }
    return {take_from_inbox(bytes), 0};
}

std::uint32_t TcpSocket::send_urgent() {
    if (state_ != State::connected || peer_ == nullptr) {
        return code::not_connected;
    }
    if (fin_sent_) {
        return code::shut_down;
    }
    if (!peer_->urgent_inline_) {
        peer_->urgent_ = true;
        return 0;
    }
    const std::uint8_t byte = '!';
    return peer_->arrived({&byte, 1}) == 1 ? 0 : code::would_block;
}

std::uint32_t TcpSocket::shutdown_send() {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    if (!std::exchange(fin_sent_, true) && peer_ != nullptr) {
        peer_->fin_arrived();
    }
    return 0;
}

std::uint32_t TcpSocket::start_receive(NativeOverlapped& overlapped, std::span<std::uint8_t> buffer,
                                       const Traits& traits) {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    if (reset_ && !traits.end_of_stream_after_reset) {
        return code::connection_reset;
    }
    overlapped.internal = status::pending;
    overlapped.internal_high = 0;
    receives_.push_back({&overlapped, buffer});
    feed_receives();
    return 0;
}

bool TcpSocket::cancel_receive(const NativeOverlapped* overlapped) {
    const auto found = std::find_if(
        receives_.begin(), receives_.end(),
        [&](const PendingReceive& receive) { return receive.overlapped == overlapped; });
    if (found == receives_.end()) {
        return false;
    }
    const PendingReceive receive = *found;
    receives_.erase(found);
    complete(receive, status::cancelled, 0);
    return true;
}

void TcpSocket::last_handle_closed(const Traits& traits) {
    closed_ = true;
    end_receives(traits.closed_receive_status);
    for (const std::shared_ptr<TcpSocket>& waiting : std::exchange(backlog_, {})) {
        waiting->linger_zero();
        waiting->last_handle_closed(traits);
    }
    const std::shared_ptr<TcpSocket> peer = std::exchange(peer_, nullptr);
    if (peer == nullptr) {
        return;
    }
    // Closing over unread data is a reset too: the peer must learn that it was not read.
    if (linger_zero_ || !inbox_.empty()) {
        peer->reset_arrived();
    } else if (!fin_sent_) {
        peer->fin_arrived();
    }
    peer->peer_ = nullptr;
}

std::size_t TcpSocket::take_from_inbox(std::span<std::uint8_t> bytes) {
    const auto size = static_cast<std::ptrdiff_t>(std::min(bytes.size(), inbox_.size()));
    std::copy_n(inbox_.begin(), size, bytes.begin());
    inbox_.erase(inbox_.begin(), inbox_.begin() + size);
    return static_cast<std::size_t>(size);
}

std::size_t TcpSocket::arrived(std::span<const std::uint8_t> bytes) {
    std::size_t taken = 0;
    do {
        const std::size_t size = std::min(room(), bytes.size() - taken);
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(taken);
        inbox_.insert(inbox_.end(), from, from + static_cast<std::ptrdiff_t>(size));
        taken += size;
        feed_receives();
    } while (taken < bytes.size() && room() != 0);
    return taken;
}

void TcpSocket::fin_arrived() {
    fin_received_ = true;
    feed_receives();
}

void TcpSocket::reset_arrived() {
    reset_ = true;
    inbox_.clear();
    urgent_ = false;
    peer_ = nullptr;
    end_receives(status::connection_reset);
}

void TcpSocket::feed_receives() {
    while (!receives_.empty() && (!inbox_.empty() || fin_received_ || reset_)) {
        const PendingReceive receive = receives_.front();
        receives_.pop_front();
        complete(receive, status::success, take_from_inbox(receive.buffer));
    }
}

void TcpSocket::end_receives(std::uint32_t status) {
    for (const PendingReceive& receive : std::exchange(receives_, {})) {
        complete(receive, status, 0);
    }
}

void TcpSocket::complete(const PendingReceive& receive, std::uint32_t status, std::size_t bytes) {
    receive.overlapped->internal = status;
    receive.overlapped->internal_high = bytes;
    // A set low bit of hEvent asks for no packet.
    const auto event = reinterpret_cast<std::uintptr_t>(receive.overlapped->event);
    if (port() != nullptr && port()->has_handles() && (event & 1U) == 0) {
        port()->complete({.key = key(),
                          .overlapped = receive.overlapped,
                          .internal = status,
                          .bytes = static_cast<std::uint32_t>(bytes)});
    }
}

}  // namespace wakepoll::sim
