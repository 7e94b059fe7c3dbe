// Handles the echo server's events; see echo_service.hpp for the rules.
#include "echo_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "wakepoll/events.hpp"

namespace example {

namespace mask = wakepoll::mask;
using wakepoll::any;

namespace {

constexpr std::size_t chunk = 32 * 1024;
// One connection's share of a turn. Readiness is level-triggered, so what is left is reported again
// after the others had their turn.
constexpr int chunks_per_turn = 4;
constexpr auto accept_pause = std::chrono::milliseconds(50);

}  // namespace

EchoService::EchoService(EventLoop& loop, EchoOptions options, std::function<void()> on_closed)
    : loop_(loop), options_(options), on_closed_(std::move(on_closed)) {}

EchoService::~EchoService() { close(); }

std::error_code EchoService::open() {
    wakepoll::Result<net::Socket> listener =
        net::listen_on_loopback(options_.port, options_.buffer_bytes);
    if (!listener) {
        return listener.error();
    }
    const wakepoll::Result<std::uint16_t> port = net::local_port(*listener);
    if (!port) {
        return port.error();
    }
    const std::error_code error =
        loop_.add_socket(listener->number(), mask::in, [this](std::uint32_t) { accept_all(); });
    if (error) {
        return error;
    }
    listener_ = std::move(*listener);
    port_ = *port;
    return {};
}

void EchoService::close() {
    if (accept_timer_ != TimerId::none) {
        loop_.cancel_timer(std::exchange(accept_timer_, TimerId::none));
    }
    if (listener_) {
        loop_.remove_socket(listener_.number());
        listener_.close();
    }
    for (const auto& [number, connection] : connections_) {
        loop_.remove_socket(number);
    }
    connections_.clear();
}

void EchoService::accept_all() {
    for (;;) {
        wakepoll::Result<net::Socket> accepted = net::accept_from(listener_);
        if (!accepted) {
            if (net::is_would_block(accepted.error())) {
                return;
            }
            // The peer gave up while it was queued; the next one may be fine.
            if (accepted.error() == std::errc::connection_aborted ||
                accepted.error() == std::errc::connection_reset) {
                continue;
            }
            pause_accepting();
            return;
        }
        ++stats_.accepted;
        auto connection = std::make_unique<Connection>();
        connection->socket = std::move(*accepted);
        connection->interest = mask::in | mask::rdhup;
        const SocketNumber number = connection->socket.number();
        const std::error_code error =
            loop_.add_socket(number, connection->interest,
                             [this, number](std::uint32_t events) { serve(number, events); });
        if (error) {
            ++stats_.refused;
            connection.reset();
            if (on_closed_) {
                on_closed_();
            }
            continue;
        }
        connections_.emplace(number, std::move(connection));
    }
}

// Usually called if there is no room for another socket. The queue keeps the listener readable,
// so without a pause a server that cannot accept would spin on failing accepts.
void EchoService::pause_accepting() {
    ++stats_.accepting_paused;
    if (loop_.modify_socket(listener_.number(), mask::none)) {
        return;
    }
    accept_timer_ = loop_.add_timer(accept_pause, [this] {
        accept_timer_ = TimerId::none;
        (void)loop_.modify_socket(listener_.number(), mask::in);
    });
}

void EchoService::serve(SocketNumber number, std::uint32_t events) {
    Connection& connection = *connections_.at(number);
    Outcome outcome = transfer(connection, events);
    if (outcome == Outcome::goes_on && !update_interest(connection)) {
        outcome = Outcome::failed;
    }
    if (outcome != Outcome::goes_on) {
        close_connection(number, outcome);
    }
}

EchoService::Outcome EchoService::transfer(Connection& connection, std::uint32_t events) {
    // After a reset the peer takes no answer. (Receiving would report that on most systems, but
    // some report an orderly end.)
    if (any(events & mask::err) || !send_pending(connection)) {
        return Outcome::failed;
    }
    if (any(events & (mask::in | mask::rdhup | mask::hup)) && !receive_into(connection)) {
        return Outcome::failed;
    }
    if (!connection.peer_finished || connection.backlog() > 0) {
        return Outcome::goes_on;
    }
    return net::shut_down_sending(connection.socket) ? Outcome::failed : Outcome::completed;
}

bool EchoService::receive_into(Connection& connection) {
    std::array<char, chunk> buffer;
    for (int turn = 0; turn < chunks_per_turn; ++turn) {
        if (connection.peer_finished || connection.backlog() >= options_.pending_limit) {
            return true;
        }
        const net::Transfer received = net::receive(connection.socket, buffer);
        if (received.error) {
            return false;
        }
        if (received.would_block) {
            return true;
        }
        connection.peer_finished = received.ended;
        stats_.bytes_received += received.bytes;
        connection.pending.insert(connection.pending.end(), buffer.data(),
                                  buffer.data() + received.bytes);
        if (!send_pending(connection)) {
            return false;
        }
        // A short read took all there was. The next wait reports what has come since, which costs
        // less than another read that finds nothing.
        if (received.bytes < buffer.size()) {
            return true;
        }
    }
    return true;
}

bool EchoService::send_pending(Connection& connection) {
    while (connection.backlog() > 0) {
        const std::span<const char> waiting =
            std::span(connection.pending).subspan(connection.sent);
        const net::Transfer sent = net::send(connection.socket, waiting);
        if (sent.error) {
            return false;
        }
        stats_.bytes_sent += sent.bytes;
        stats_.lines += static_cast<std::uint64_t>(std::count(
            waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(sent.bytes), '\n'));
        connection.sent += sent.bytes;
        if (sent.bytes < waiting.size()) {
            ++stats_.partial_sends;
            if (sent.would_block) {
                break;
            }
        }
    }
    // Moving the rest to the front costs as much as the rest is long; done when at least half is
    // gone, it costs no more than the bytes that were sent.
    if (connection.sent * 2 >= connection.pending.size()) {
        connection.pending.erase(
            connection.pending.begin(),
            connection.pending.begin() + static_cast<std::ptrdiff_t>(connection.sent));
        connection.sent = 0;
    }
    return true;
}

// Interest in `rdhup` goes together with interest in `in`: a half-close persists, so while nothing
// is read it would be reported in every wait.
bool EchoService::update_interest(Connection& connection) {
    const bool full = connection.backlog() >= options_.pending_limit;
    const bool reads = !connection.peer_finished && !full;
    const std::uint32_t wanted = (reads ? mask::in | mask::rdhup : mask::none) |
                                 (connection.backlog() > 0 ? mask::out : mask::none);
    if (wanted == connection.interest) {
        return true;
    }
    if (full && any(connection.interest & mask::in)) {
        ++stats_.reading_stopped;
    }
    if (loop_.modify_socket(connection.socket.number(), wanted)) {
        return false;
    }
    connection.interest = wanted;
    return true;
}

void EchoService::close_connection(SocketNumber number, Outcome outcome) {
    loop_.remove_socket(number);
    connections_.erase(number);
    ++(outcome == Outcome::completed ? stats_.completed : stats_.reset);
    if (on_closed_) {
        on_closed_();
    }
}

}  // namespace example
