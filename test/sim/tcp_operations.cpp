// What overlapped operations do on a TCP socket of the model; see operations.hpp.
//
// A send ends when all of it is in the peer's buffer. An accept takes a connection from the backlog
// as soon as there is one and ends then; if its buffer has room for first data, it ends when data
// or the end of the stream arrives. The outcome of a connect is fixed at its start, and takes
// effect later.
#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "behaviours.hpp"
#include "status.hpp"
#include "sys/overlapped_io.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {
namespace {

constexpr std::size_t two_addresses = 2 * std::size_t{sys::accept_address_room};

/// The room for first data in an accept's buffer.
std::size_t data_room(const Operation& accept) { return accept.size() - two_addresses; }

}  // namespace

std::uint32_t TcpSocket::refusal(OperationKind kind, const Traits& traits) const {
    switch (kind) {
        case OperationKind::read:
            if (state_ != State::connected) {
                return code::not_connected;
            }
            if (is_aborted(traits)) {
                note(Behaviour::receive_after_late_send);
                return code::connection_aborted;
            }
            if (receive_shut_) {
                note(Behaviour::receive_after_own_shutdown);
                return code::shut_down;
            }
            return reset_ && !traits.end_of_stream_after_reset ? code::connection_reset : 0;
        case OperationKind::write:
            if (state_ != State::connected) {
                return code::not_connected;
            }
            if (fin_sent_) {
                return code::shut_down;
            }
            return reset_ ? code::connection_reset : 0;
        case OperationKind::accept:
            return state_ == State::listening ? 0 : code::invalid_argument;
        case OperationKind::connect:
            if (state_ == State::connected) {
                return code::is_connected;
            }
            if (state_ == State::connecting) {
                note_if(traits.connecting_code == code::invalid_argument,
                        Behaviour::connect_under_way);
                return traits.connecting_code;
            }
            return state_ == State::listening || !is_bound() ? code::invalid_argument : 0;
    }
    return code::invalid_argument;
}

void TcpSocket::begin(Operation& operation) {
    switch (operation.kind) {
        case OperationKind::read:
            operation.after_reset = reset_;
            break;
        case OperationKind::accept:
            operation.accepted->in_accept_ = true;
            break;
        case OperationKind::connect:
            operation.due = fails_at();
            break;
        case OperationKind::write:
            break;
    }
}

bool TcpSocket::go_on(Operation& operation) {
    if (operation.kind == OperationKind::accept) {
        if (operation.connection != nullptr || backlog_.empty()) {
            return false;
        }
        operation.connection = accept();
        return true;
    }
    if (operation.kind == OperationKind::write && peer_ != nullptr && peer_->room() != 0 &&
        operation.done != operation.size()) {
        operation.done += peer_->arrived(operation.rest());
        return true;
    }
    return false;
}

bool TcpSocket::can_end(const Operation& operation) const {
    switch (operation.kind) {
        case OperationKind::read:
            return has_news();
        case OperationKind::write:
            return reset_ || peer_ == nullptr || operation.done == operation.size();
        case OperationKind::accept:
            return !operation.accepted->has_handles() ||
                   (operation.connection != nullptr &&
                    (data_room(operation) == 0 || operation.connection->has_news()));
        case OperationKind::connect:
            break;
    }
    return true;
}

Outcome TcpSocket::end(Operation& operation, const Traits& traits) {
    switch (operation.kind) {
        case OperationKind::read:
            return end_read(operation, traits);
        case OperationKind::write:
            return end_write(operation);
        case OperationKind::accept:
            return end_accept(operation, traits);
        case OperationKind::connect:
            break;
    }
    return end_connect();
}

Outcome TcpSocket::end_read(Operation& operation, const Traits& traits) {
    if (is_aborted(traits)) {
        note(Behaviour::receive_after_late_send);
        return {status::connection_aborted, 0};
    }
    if (reset_) {
        return {operation.after_reset ? status::success : status::connection_reset, 0};
    }
    std::vector<std::uint8_t> bytes(operation.size());
    bytes.resize(take_from_inbox(bytes));
    operation.scatter(bytes);
    return {status::success, bytes.size()};
}

Outcome TcpSocket::end_write(const Operation& operation) {
    if (reset_) {
        return {status::connection_reset, 0};
    }
    if (peer_ == nullptr) {
        late_send_answered();
    }
    send_late_fin(in_flight(OperationKind::write) - 1);
    return {status::success, operation.size()};
}

Outcome TcpSocket::end_accept(Operation& operation, const Traits& traits) {
    TcpSocket& accepted = *operation.accepted;
    accepted.in_accept_ = false;
    if (!accepted.has_handles()) {
        if (operation.connection == nullptr) {
            return {status::cancelled, 0};
        }
        operation.connection->abort(traits);
        note_if(operation.may_abort, Behaviour::closed_late_accept);
        return {operation.may_abort ? status::connection_aborted : status::cancelled, 0};
    }
    TcpSocket& connection = *operation.connection;
    if (connection.reset_) {
        return {status::connection_reset, 0};
    }
    accepted.adopt(connection);
    accepted.context_missing_ = true;
    accepted.accepted_by_ = this;
    // The received data; then the two addresses, at the end of the buffer.
    const std::size_t room = data_room(operation);
    std::vector<std::uint8_t> data(room);
    const std::size_t size = accepted.take_from_inbox(data);
    auto* const out = static_cast<std::byte*>(operation.buffers.front().data);
    std::copy_n(std::as_bytes(std::span(data)).begin(), size, out);
    const auto local = accepted.address().bytes();
    const auto remote = Address{.port = accepted.remote_port_}.bytes();
    std::copy(local.begin(), local.end(), out + room);
    std::copy(remote.begin(), remote.end(), out + room + sys::accept_address_room);
    return {status::success, size};
}

Outcome TcpSocket::end_connect() {
    if (state_ == State::connected) {
        context_missing_ = true;
        return {status::success, 0};
    }
    // The socket can connect again.
    state_ = State::fresh;
    refused_at_.reset();
    return {failure_, 0};
}

void TcpSocket::abandon(Operation& operation, const Traits& traits) {
    if (operation.kind == OperationKind::accept) {
        operation.accepted->in_accept_ = false;
        const std::shared_ptr<TcpSocket> connection = std::move(operation.connection);
        if (connection == nullptr) {
            return;
        }
        // A connection whose accept waits for no data can still be accepted by another call.
        if (data_room(operation) == 0 && !closed_) {
            backlog_.push_front(connection);
            changed();
        } else {
            connection->abort(traits);
        }
    } else if (operation.kind == OperationKind::connect && !closed_) {
        linger_zero_ = true;
        disconnect();
        linger_zero_ = false;
        state_ = State::fresh;
        refused_at_.reset();
    } else if (operation.kind == OperationKind::write) {
        send_late_fin(in_flight(OperationKind::write) - 1);
    }
}

void TcpSocket::adopt(TcpSocket& other) {
    state_ = State::connected;
    fin_received_ = other.fin_received_;
    urgent_ = other.urgent_;
    inbox_ = std::exchange(other.inbox_, {});
    bind_to(other.address().port);
    remote_port_ = other.remote_port_;
    peer_ = std::exchange(other.peer_, nullptr);
    if (peer_ != nullptr) {
        peer_->peer_ = shared_from_this();
        peer_->changed();
    }
    changed();
}

std::uint32_t TcpSocket::update_accept_context(const TcpSocket& listener) noexcept {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    if (accepted_by_ != &listener) {
        return code::invalid_argument;
    }
    context_missing_ = false;
    return 0;
}

std::uint32_t TcpSocket::update_connect_context() noexcept {
    if (state_ != State::connected) {
        return code::not_connected;
    }
    context_missing_ = false;
    return 0;
}

}  // namespace wakepoll::sim
