// A TCP socket of the model: listener, connecting, or one end of a connection.
//
// The wire is not modelled: what one end sends is in the other's bounded receive buffer at once, so
// a send finds no room exactly when the peer's buffer is full. A connect to a listener succeeds at
// once and waits in its backlog; one that nobody answers is refused after the personality's delay.
// A pending overlapped receive takes bytes before the buffer does, so readiness stays silent.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "sockets.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::sim {

class TcpSocket final : public Socket, public std::enable_shared_from_this<TcpSocket> {
public:
    static constexpr std::size_t buffer_size = 64 * 1024;
    static constexpr std::size_t backlog_limit = 200;

    TcpSocket() noexcept : Socket(sys::SocketKind::stream) {}

    void listen() noexcept { state_ = State::listening; }
    /// Two ends of a connection from now on.
    static void join(const std::shared_ptr<TcpSocket>& a, const std::shared_ptr<TcpSocket>& b);
    /// Connects to a listener; refused where its backlog is full.
    void connect_to(TcpSocket& listener, std::chrono::nanoseconds refused_at);
    /// Connects to where nobody listens.
    void connect_to_nobody(std::chrono::nanoseconds refused_at) noexcept;
    /// The next connection of the backlog; null where there is none.
    [[nodiscard]] std::shared_ptr<TcpSocket> accept();

    /// One out-of-band byte. Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t send_urgent();
    /// SO_OOBINLINE, for the bytes to come.
    void keep_urgent_inline() noexcept { urgent_inline_ = true; }
    /// shutdown(SD_SEND). Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t shutdown_send();
    /// SO_LINGER with time zero: closing resets the connection.
    void linger_zero() noexcept { linger_zero_ = true; }

    /// WSARecv with an OVERLAPPED. Winsock's error where it failed at once (then nothing follows);
    /// 0 where it is pending or done, and a packet follows.
    [[nodiscard]] std::uint32_t start_receive(NativeOverlapped& overlapped,
                                              std::span<std::uint8_t> buffer, const Traits& traits);
    /// CancelIoEx. False where that receive is not pending.
    bool cancel_receive(const NativeOverlapped* overlapped);

    [[nodiscard]] std::int16_t readiness(std::int16_t asked, const Traits& traits,
                                         std::chrono::nanoseconds now) const noexcept override;
    [[nodiscard]] bool is_exceptional(std::chrono::nanoseconds now) const noexcept override;
    [[nodiscard]] bool is_connected() const noexcept override { return state_ == State::connected; }
    [[nodiscard]] bool is_listening() const noexcept override { return state_ == State::listening; }
    [[nodiscard]] Moved send(std::span<const std::uint8_t> bytes) override;
    [[nodiscard]] Moved receive(std::span<std::uint8_t> bytes, const Traits& traits) override;

protected:
    void last_handle_closed(const Traits& traits) override;

private:
    enum class State : std::uint8_t { fresh, listening, connecting, connected };

    struct PendingReceive {
        NativeOverlapped* overlapped;
        std::span<std::uint8_t> buffer;
    };

    [[nodiscard]] bool is_refused(std::chrono::nanoseconds now) const noexcept;
    [[nodiscard]] std::size_t room() const noexcept { return buffer_size - inbox_.size(); }
    std::size_t take_from_inbox(std::span<std::uint8_t> bytes);

    // The peer's doings as they arrive at this end.
    std::size_t arrived(std::span<const std::uint8_t> bytes);
    void fin_arrived();
    void reset_arrived();

    /// Ends pending receives for which there are bytes or the end of the stream.
    void feed_receives();
    void end_receives(std::uint32_t status);
    void complete(const PendingReceive& receive, std::uint32_t status, std::size_t bytes);

    State state_ = State::fresh;
    bool closed_ = false;
    bool fin_sent_ = false;
    bool fin_received_ = false;
    bool reset_ = false;
    bool urgent_ = false;
    bool urgent_inline_ = false;
    bool linger_zero_ = false;
    std::optional<std::chrono::nanoseconds> refused_at_;
    std::shared_ptr<TcpSocket> peer_;  ///< Let go of when either end is closed.
    std::deque<std::uint8_t> inbox_;
    std::deque<PendingReceive> receives_;
    std::deque<std::shared_ptr<TcpSocket>> backlog_;
};

}  // namespace wakepoll::sim
