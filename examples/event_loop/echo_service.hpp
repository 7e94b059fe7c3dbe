// An echo server on the event loop: every byte that a connection sends comes back to it, in order.
//
// A usual level-triggered server: it accepts until none waits, reads until there is nothing left
// (or the connection had its share of this turn), and sets write interest only while something
// waits to be sent. A peer that does not read its answers is not read from once `pending_limit`
// bytes wait for it. A peer that has finished sending gets the rest of its answers, then FIN. A
// reset ends only its own connection.
//
// Everything happens on the loop's thread. The service must be closed, or destroyed, before its
// loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "event_loop.hpp"
#include "net.hpp"

namespace example {

struct EchoOptions {
    std::uint16_t port = 0;  ///< 0: the system chooses; see `EchoService::port`.
    /// Reading stops while this many bytes wait to be sent.
    std::size_t pending_limit = 64 * 1024;
    /// Send and receive buffers of each connection; 0 leaves them to the system.
    int buffer_bytes = 0;
};

struct EchoStats {
    std::uint64_t accepted = 0;
    std::uint64_t completed = 0;  ///< The peer finished, was answered in full, and was closed.
    std::uint64_t reset = 0;      ///< Ended by an error, so not answered in full.
    std::uint64_t refused = 0;    ///< Accepted and closed: the loop has no room for it.
    std::uint64_t lines = 0;      ///< Newlines sent back: one per message of the load client.
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t partial_sends = 0;     ///< Sends that the system took only a part of, or nothing.
    std::uint64_t reading_stopped = 0;   ///< Times a connection's backlog stopped reading from it.
    std::uint64_t accepting_paused = 0;  ///< Times the system had no room for another socket.

    [[nodiscard]] std::uint64_t closed() const { return completed + reset + refused; }
};

class EchoService {
public:
    /// Calls `on_closed` after each connection has ended.
    EchoService(EventLoop& loop, EchoOptions options, std::function<void()> on_closed = {});
    EchoService(const EchoService&) = delete;
    EchoService& operator=(const EchoService&) = delete;
    ~EchoService();

    /// Starts to listen and to accept.
    [[nodiscard]] std::error_code open();

    /// Closes the listener and every connection.
    void close();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::size_t open_connections() const { return connections_.size(); }
    [[nodiscard]] const EchoStats& stats() const { return stats_; }

private:
    struct Connection {
        net::Socket socket;
        std::vector<char> pending;  // unsent data starts at `sent`
        std::size_t sent = 0;
        std::uint32_t interest = 0;
        bool peer_finished = false;

        [[nodiscard]] std::size_t backlog() const { return pending.size() - sent; }
    };
    enum class Outcome { goes_on, completed, failed };

    void accept_all();
    void pause_accepting();
    void serve(SocketNumber number, std::uint32_t events);
    [[nodiscard]] Outcome transfer(Connection& connection, std::uint32_t events);
    [[nodiscard]] bool receive_into(Connection& connection);
    [[nodiscard]] bool send_pending(Connection& connection);
    [[nodiscard]] bool update_interest(Connection& connection);
    void close_connection(SocketNumber number, Outcome outcome);

    EventLoop& loop_;
    EchoOptions options_;
    std::function<void()> on_closed_;
    net::Socket listener_;
    std::uint16_t port_ = 0;
    TimerId accept_timer_ = TimerId::none;
    std::unordered_map<SocketNumber, std::unique_ptr<Connection>> connections_;
    EchoStats stats_;
};

}  // namespace example
