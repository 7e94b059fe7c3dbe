// A TCP socket of the model: listener, connecting, or one end of a connection.
//
// The wire is not modelled: sent data is in the peer's bounded receive buffer at once, so a send
// finds no room exactly when that buffer is full. A connect to a listener succeeds at once and
// waits in its backlog; without a listener it is refused after the personality's delay. Bytes that
// a pending overlapped receive is about to take are not readable any more. Operations are started
// through `Operations`; what they do is in tcp_operations.cpp.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>

#include "sockets.hpp"

namespace wakepoll::sim {

class TcpSocket final : public Socket, public std::enable_shared_from_this<TcpSocket> {
public:
    static constexpr std::size_t buffer_size = 64 * 1024;
    static constexpr std::size_t backlog_limit = 200;

    TcpSocket() noexcept : Socket(sys::SocketKind::stream) {}

    void listen() noexcept;
    /// Connects two sockets.
    static void join(const std::shared_ptr<TcpSocket>& a, const std::shared_ptr<TcpSocket>& b);
    /// Connects to a listener; refused where its backlog is full.
    void connect_to(TcpSocket& listener, std::chrono::nanoseconds refused_at);
    /// Connects to a port without a listener.
    void connect_refused(std::chrono::nanoseconds refused_at);
    /// Takes the next connection of the backlog; null if there is none.
    [[nodiscard]] std::shared_ptr<TcpSocket> accept();

    /// Sends one out-of-band byte. Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t send_urgent(const Traits& traits);
    /// Receives one, in order. Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t receive_urgent();
    /// SO_OOBINLINE, for later bytes.
    void keep_urgent_inline() noexcept { urgent_inline_ = true; }
    /// shutdown(SD_SEND). Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t shutdown_send();
    /// shutdown(SD_RECEIVE). Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t shutdown_receive();
    /// SO_LINGER with time zero: closing resets the connection.
    void linger_zero() noexcept { linger_zero_ = true; }

    /// Connects to an unreachable address; the connect ends with this NTSTATUS.
    void connect_to_nowhere(std::uint32_t status) noexcept;
    /// When the pending connect fails; nothing if it succeeds.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> fails_at() const noexcept {
        return state_ == State::connecting ? refused_at_ : std::nullopt;
    }

    /// True if an accept can use it: it is fresh, unbound, and no other accept has it.
    [[nodiscard]] bool can_become_accepted() const noexcept {
        return state_ == State::fresh && !is_bound() && !in_accept_;
    }
    /// SO_UPDATE_ACCEPT_CONTEXT. Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t update_accept_context(const TcpSocket& listener) noexcept;
    /// SO_UPDATE_CONNECT_CONTEXT. Winsock's error, 0 for success.
    [[nodiscard]] std::uint32_t update_connect_context() noexcept;

    [[nodiscard]] std::uint32_t refusal(OperationKind kind, const Traits& traits) const override;
    void begin(Operation& operation) override;
    bool go_on(Operation& operation) override;
    [[nodiscard]] bool can_end(const Operation& operation) const override;
    [[nodiscard]] Outcome end(Operation& operation, const Traits& traits) override;
    void abandon(Operation& operation, const Traits& traits) override;
    [[nodiscard]] std::uint32_t closed_status(const Operation& operation,
                                              const Traits& traits) const noexcept override {
        return operation.kind == OperationKind::read ? traits.closed_connection_status
                                                     : traits.closed_status;
    }
    [[nodiscard]] bool always_pends(OperationKind kind,
                                    const Traits& traits) const noexcept override {
        return kind == OperationKind::connect && traits.connects_pend;
    }
    /// Accepts that wait for first data end in the order of its arrival.
    [[nodiscard]] bool in_turn(const Operation& operation) const noexcept override {
        return operation.kind != OperationKind::accept;
    }
    [[nodiscard]] bool is_bound() const noexcept override {
        return Socket::is_bound() || state_ == State::connected || state_ == State::connecting;
    }

    [[nodiscard]] std::int16_t readiness(std::int16_t asked, const Traits& traits,
                                         std::chrono::nanoseconds now) const noexcept override;
    [[nodiscard]] std::uint32_t afd_readiness(const Traits& traits,
                                              std::chrono::nanoseconds now) const noexcept override;
    [[nodiscard]] std::optional<std::chrono::nanoseconds> changes_at() const noexcept override {
        return fails_at();
    }
    [[nodiscard]] std::uint32_t connect_failure() const noexcept override {
        return state_ == State::connecting || state_ == State::listening ? failure_ : 0;
    }
    void note_answer() const noexcept override;
    [[nodiscard]] bool is_exceptional(const Traits& traits,
                                      std::chrono::nanoseconds now) const noexcept override;
    [[nodiscard]] bool is_connected() const noexcept override { return state_ == State::connected; }
    [[nodiscard]] bool is_listening() const noexcept override { return state_ == State::listening; }
    [[nodiscard]] bool is_shut_both_ways() const noexcept override {
        return reset_ || (fin_received_ && fin_sent_ && !fin_late_);
    }
    [[nodiscard]] Moved send(std::span<const std::uint8_t> bytes, const Traits& traits) override;
    [[nodiscard]] Moved receive(std::span<std::uint8_t> bytes, const Traits& traits) override;

protected:
    void last_handle_closed(const Traits& traits) override;

private:
    enum class State : std::uint8_t { fresh, listening, connecting, connected };

    [[nodiscard]] bool is_refused(std::chrono::nanoseconds now) const noexcept;
    /// True if it listens after its connect was refused [W23].
    [[nodiscard]] bool was_refused(const Traits& traits,
                                   std::chrono::nanoseconds now) const noexcept;
    [[nodiscard]] std::size_t room() const noexcept {
        return buffer_size - std::min(buffer_size, inbox_.size());
    }
    std::size_t take_from_inbox(std::span<std::uint8_t> bytes);

    // What the peer does, as it arrives at this end.
    std::size_t arrived(std::span<const std::uint8_t> bytes);
    void append(std::span<const std::uint8_t> bytes);
    void fin_arrived();
    void reset_arrived();
    /// The answer to data that was sent to a peer that has closed.
    void late_send_answered();
    [[nodiscard]] bool is_aborted(const Traits& traits) const noexcept {
        return sent_late_ && traits.aborts_after_late_send;
    }

    /// True if there are bytes that no pending receive is about to take.
    [[nodiscard]] bool is_readable() const noexcept {
        return inbox_.size() > claimed() && !receive_shut_;
    }
    /// True if a receive would find data, the end or an error.
    [[nodiscard]] bool has_news() const noexcept {
        return !inbox_.empty() || fin_received_ || reset_;
    }
    [[nodiscard]] Outcome end_read(Operation& operation, const Traits& traits);
    [[nodiscard]] Outcome end_write(const Operation& operation);
    [[nodiscard]] Outcome end_accept(Operation& operation, const Traits& traits);
    [[nodiscard]] Outcome end_connect();
    /// Takes over the connection of `other`, which is empty afterwards.
    void adopt(TcpSocket& other);
    void disconnect();
    void abort(const Traits& traits);
    /// True if the end of the stream is reported: WSAPoll's HUP, AFD's DISCONNECT.
    [[nodiscard]] bool shows_fin(const Traits& traits) const noexcept {
        return fin_received_ && (inbox_.empty() || traits.hangup_before_drained || fin_sent_);
    }
    /// True if the socket is writable. After the peer has closed, a send succeeds and is answered
    /// by a reset.
    [[nodiscard]] bool shows_room(const Traits& traits) const noexcept {
        return peer_ == nullptr || peer_->room() != 0 ||
               (fin_sent_ && traits.writable_after_own_fin);
    }
    /// Sends a FIN that waited for sends, once none is pending.
    void send_late_fin(std::size_t sends_pending);

    State state_ = State::fresh;
    bool closed_ = false;
    bool fin_sent_ = false;
    bool fin_received_ = false;
    bool reset_ = false;
    bool sent_late_ = false;     ///< The reset answers a send to a peer that has closed.
    std::size_t urgent_ = 0;     ///< Out-of-band bytes not yet received.
    bool receive_shut_ = false;  ///< By SD_RECEIVE.
    bool urgent_inline_ = false;
    bool linger_zero_ = false;
    bool in_accept_ = false;
    bool fin_late_ = false;         ///< The FIN is sent when the pending sends have ended.
    bool context_missing_ = false;  ///< Until SO_UPDATE_..._CONTEXT.
    std::uint16_t remote_port_ = 0;
    std::uint32_t failure_ = 0;               ///< NTSTATUS of the failing connect.
    const TcpSocket* accepted_by_ = nullptr;  ///< Compared only.
    std::optional<std::chrono::nanoseconds> refused_at_;
    std::shared_ptr<TcpSocket> peer_;  ///< Released when either end is closed.
    std::deque<std::uint8_t> inbox_;
    std::deque<std::shared_ptr<TcpSocket>> backlog_;
};

}  // namespace wakepoll::sim
