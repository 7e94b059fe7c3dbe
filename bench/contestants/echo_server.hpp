// A server that sends back what it receives, as the echo scenario drives it.
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

    /// Where it listens, from its creation on.
    [[nodiscard]] virtual sockaddr_in address() const = 0;

    /// Accepts connections, and returns when so many have been closed by their peers. It goes on
    /// listening meanwhile, as a server does.
    virtual void serve(std::size_t connections) = 0;

    /// Ends `serve` early, where connections are missing because something has failed. Any thread.
    virtual void stop() = 0;
};

/// How many events a server takes from one wait at most, of those who must say: room for all
/// connections, so that nobody asks twice about what was ready once.
inline constexpr std::size_t echo_events_per_wait = 1024;

/// The most that is received by one call.
inline constexpr std::size_t echo_buffer_size = 1024;

inline void send_at_once(SOCKET socket) {
    constexpr DWORD on = 1;
    check(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on),
                       sizeof(on)) == 0,
          "setsockopt");
}

/// What those who go by readiness do with a connection.
class EchoConnection {
public:
    enum class Wants : std::uint8_t {
        input,  ///< To be told when there is something to receive.
        room,   ///< To be told when the rest can be sent.
        end,    ///< Nothing any more: the peer has gone.
    };

    explicit EchoConnection(Socket socket) : socket_(std::move(socket)) {
        set_non_blocking(socket_);
        send_at_once(socket_.get());
    }

    [[nodiscard]] SOCKET socket() const noexcept { return socket_.get(); }

    /// Receives once, where nothing is left to be sent, and sends what there is room for.
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

/// A poller with the backend that it chooses, register_handle, recv and send.
[[nodiscard]] std::unique_ptr<EchoServer> make_readiness_echo();

/// A poller, submit_accept, submit_read and submit_write. Room for so many connections.
[[nodiscard]] std::unique_ptr<EchoServer> make_completion_echo(std::size_t connections);

/// One WSAPoll of all sockets, recv and send.
[[nodiscard]] std::unique_ptr<EchoServer> make_wsapoll_echo();

/// Asio's own echo server; null where Asio was not found.
[[nodiscard]] std::unique_ptr<EchoServer> make_asio_echo();

}  // namespace wakepoll::bench
