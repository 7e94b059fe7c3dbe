// Sends back what it receives; driven by the echo scenario.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

class EchoServer {
public:
    virtual ~EchoServer() = default;

    /// Where it listens; valid from construction.
    [[nodiscard]] virtual sockaddr_in address() const = 0;

    /// Accepts connections, and returns when `connections` have been closed by their peers. Keeps
    /// listening throughout, as a server does.
    virtual void serve(std::size_t connections) = 0;

    /// Ends `serve` early, if connections are missing because something has failed. Any thread.
    virtual void stop() = 0;
};

/// The maximum number of events per wait, if a server has to choose: room for all connections,
/// so that all that is ready is reported at once.
inline constexpr std::size_t echo_events_per_wait = 1024;

/// The maximum that one call receives.
inline constexpr std::size_t echo_buffer_size = 1024;

inline void send_at_once(SOCKET socket) {
    constexpr DWORD on = 1;
    check(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on),
                       sizeof(on)) == 0,
          "setsockopt");
}

/// A connection of a readiness-based server.
class EchoConnection {
public:
    enum class Wants : std::uint8_t {
        input,  ///< A report when there is something to receive.
        room,   ///< A report when the rest can be sent.
        end,    ///< Nothing more: the peer has gone.
    };

    explicit EchoConnection(Socket socket) : socket_(std::move(socket)) {
        set_non_blocking(socket_);
        send_at_once(socket_.get());
    }

    [[nodiscard]] SOCKET socket() const noexcept { return socket_.get(); }

    /// Receives once, if nothing is left to send, and sends what there is room for.
    [[nodiscard]] Wants go_on() {
        if (unsent_.empty()) {
            const int received =
                ::recv(socket_.get(), buffer_.data(), static_cast<int>(buffer_.size()), 0);
            if (received <= 0) {
                return after_failure(received, Wants::input);
            }
            unsent_ = std::span(buffer_).first(static_cast<std::size_t>(received));
        }
        const int sent = ::send(socket_.get(), unsent_.data(), static_cast<int>(unsent_.size()), 0);
        if (sent < 0) {
            return after_failure(sent, Wants::room);
        }
        unsent_ = unsent_.subspan(static_cast<std::size_t>(sent));
        return unsent_.empty() ? Wants::input : Wants::room;
    }

private:
    static Wants after_failure(int result, Wants if_it_would_block) {
        const bool would_block = result < 0 && ::WSAGetLastError() == WSAEWOULDBLOCK;
        return would_block ? if_it_would_block : Wants::end;
    }

    Socket socket_;
    std::array<char, echo_buffer_size> buffer_ = {};
    std::span<const char> unsent_;
};

/// A poller with its default backend, register_handle, recv and send.
[[nodiscard]] std::unique_ptr<EchoServer> make_readiness_echo();

/// A poller, submit_accept, and submit_read and submit_write on attached sockets. Room for this
/// many connections.
[[nodiscard]] std::unique_ptr<EchoServer> make_completion_echo(std::size_t connections);

/// WSARecv, WSASend and GetQueuedCompletionStatusEx.
[[nodiscard]] std::unique_ptr<EchoServer> make_raw_completion_echo();

/// One WSAPoll of all sockets, recv and send.
[[nodiscard]] std::unique_ptr<EchoServer> make_wsapoll_echo();

/// One AFD request for each socket, recv and send.
[[nodiscard]] std::unique_ptr<EchoServer> make_afd_echo();

/// Asio's echo server; null if Asio was not found.
[[nodiscard]] std::unique_ptr<EchoServer> make_asio_echo();

}  // namespace wakepoll::bench
