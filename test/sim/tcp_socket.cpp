// See tcp_socket.hpp. What WSAPoll reports of each state is in tcp_readiness.cpp, what AFD reports
// in tcp_afd.cpp.
#include "tcp_socket.hpp"

#include <algorithm>
#include <utility>

#include "behaviours.hpp"
#include "status.hpp"

namespace wakepoll::sim {

void TcpSocket::join(const std::shared_ptr<TcpSocket>& a, const std::shared_ptr<TcpSocket>& b) {
    a->state_ = b->state_ = State::connected;
    a->peer_ = b;
    b->peer_ = a;
    a->changed();
    b->changed();
}

void TcpSocket::listen() noexcept {
    note_if(refused_at_.has_value(), Behaviour::listen_after_refusal);
    state_ = State::listening;
}

void TcpSocket::connect_to(TcpSocket& listener, std::chrono::nanoseconds refused_at) {
    if (!listener.is_listening() || listener.closed_ || listener.backlog_.size() >= backlog_limit) {
        connect_refused(refused_at);
        return;
    }
    note_if(refused_at_.has_value(), Behaviour::connect_after_refusal);
    listener.backlog_.push_back(std::make_shared<TcpSocket>());
    join(shared_from_this(), listener.backlog_.back());
    listener.backlog_.back()->bind_to(listener.address().port);
    listener.backlog_.back()->remote_port_ = address().port;
    listener.changed();
}

void TcpSocket::connect_refused(std::chrono::nanoseconds refused_at) {
    note_if(refused_at_.has_value(), Behaviour::connect_after_refusal);
    state_ = State::connecting;
    failure_ = status::connection_refused;
    refused_at_ = refused_at;
    changed();
}

void TcpSocket::connect_to_nowhere(std::uint32_t status) noexcept {
    state_ = State::connecting;
    failure_ = status;
}

std::shared_ptr<TcpSocket> TcpSocket::accept() {
    if (backlog_.empty()) {
        return nullptr;
    }
    std::shared_ptr<TcpSocket> accepted = std::move(backlog_.front());
    backlog_.pop_front();
    return accepted;
}

Moved TcpSocket::send(std::span<const std::uint8_t> bytes, const Traits& traits) {
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
        late_send_answered();
        return {bytes.size(), 0};
    }
    if (in_flight(OperationKind::write) != 0) {
        return {0, code::would_block};
    }
    if (traits.sends_take_all && peer_->room() != 0) {
        note_if(bytes.size() > peer_->room(), Behaviour::send_takes_all);
        peer_->append(bytes);
        return {bytes.size(), 0};
    }
    const std::size_t sent = peer_->arrived(bytes);
    return sent == 0 && !bytes.empty() ? Moved{0, code::would_block} : Moved{sent, 0};
}

Moved TcpSocket::receive(std::span<std::uint8_t> bytes, const Traits& traits) {
    if (state_ != State::connected) {
        return {0, code::not_connected};
    }
    if (is_aborted(traits)) {
        note(Behaviour::receive_after_late_send);
        return {0, code::connection_aborted};
    }
    if (reset_) {
        return {0, traits.end_of_stream_after_reset ? 0 : code::connection_reset};
    }
    if (receive_shut_) {
        note(Behaviour::receive_after_own_shutdown);
        return {0, code::shut_down};
    }
    if (in_flight(OperationKind::read) != 0) {
        return {0, code::would_block};
    }
    if (inbox_.empty()) {
        return {0, fin_received_ ? 0 : code::would_block};
    }
    return {take_from_inbox(bytes), 0};
}

std::uint32_t TcpSocket::send_urgent(const Traits& traits) {
    if (state_ != State::connected || peer_ == nullptr) {
        return code::not_connected;
    }
    if (fin_sent_) {
        return code::shut_down;
    }
    if (!peer_->urgent_inline_) {
        peer_->urgent_ = traits.keeps_urgent_bytes ? peer_->urgent_ + 1 : 1;
        peer_->changed();
        return 0;
    }
    const std::uint8_t byte = '!';
    return peer_->arrived({&byte, 1}) == 1 ? 0 : code::would_block;
}

std::uint32_t TcpSocket::receive_urgent() {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    if (urgent_inline_) {
        return code::invalid_argument;
    }
    if (urgent_ == 0) {
        return code::would_block;
    }
    --urgent_;
    note_if(urgent_ != 0, Behaviour::several_urgent_bytes);
    changed();
    return 0;
}

std::uint32_t TcpSocket::shutdown_receive() {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    receive_shut_ = true;
    changed();
    return 0;
}

std::uint32_t TcpSocket::shutdown_send() {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    if (context_missing_) {
        return code::not_connected;
    }
    if (!std::exchange(fin_sent_, true)) {
        fin_late_ = true;
        changed();
        send_late_fin(in_flight(OperationKind::write));
    }
    return 0;
}

void TcpSocket::last_handle_closed(const Traits& traits) {
    closed_ = true;
    changed();
    for (const std::shared_ptr<TcpSocket>& waiting : std::exchange(backlog_, {})) {
        waiting->abort(traits);
    }
    disconnect();
}

void TcpSocket::abort(const Traits& traits) {
    linger_zero_ = true;
    last_handle_closed(traits);
}

void TcpSocket::disconnect() {
    const std::shared_ptr<TcpSocket> peer = std::exchange(peer_, nullptr);
    if (peer == nullptr) {
        return;
    }
    // Once both ends have sent a FIN, no connection is left to reset. Closing with unread data is a
    // reset, too: the peer must learn that it was not read.
    const bool over = fin_sent_ && fin_received_ && !fin_late_;
    if (!over && (linger_zero_ || !inbox_.empty())) {
        peer->reset_arrived();
    } else if (!fin_sent_ || fin_late_) {
        peer->fin_arrived();
    }
    peer->peer_ = nullptr;
    peer->changed();
}

std::size_t TcpSocket::take_from_inbox(std::span<std::uint8_t> bytes) {
    const auto size = static_cast<std::ptrdiff_t>(std::min(bytes.size(), inbox_.size()));
    std::copy_n(inbox_.begin(), size, bytes.begin());
    inbox_.erase(inbox_.begin(), inbox_.begin() + size);
    changed();  // Once drained, it may have the peer's FIN to report.
    if (peer_ != nullptr) {
        peer_->changed();
    }
    return static_cast<std::size_t>(size);
}

std::size_t TcpSocket::arrived(std::span<const std::uint8_t> bytes) {
    const std::size_t taken = std::min(room(), bytes.size());
    append(bytes.first(taken));
    return taken;
}

void TcpSocket::append(std::span<const std::uint8_t> bytes) {
    inbox_.insert(inbox_.end(), bytes.begin(), bytes.end());
    changed();
}

void TcpSocket::fin_arrived() {
    fin_received_ = true;
    changed();
}

void TcpSocket::send_late_fin(std::size_t sends_pending) {
    if (!fin_late_ || sends_pending != 0) {
        return;
    }
    fin_late_ = false;
    if (peer_ != nullptr) {
        peer_->fin_arrived();
    }
}

void TcpSocket::late_send_answered() {
    // The peer has closed its end and answers further data with a reset: this send succeeds, the
    // next one fails.
    sent_late_ = true;
    reset_arrived();
}

void TcpSocket::reset_arrived() {
    reset_ = true;
    inbox_.clear();
    urgent_ = 0;
    peer_ = nullptr;
    changed();
}

}  // namespace wakepoll::sim
