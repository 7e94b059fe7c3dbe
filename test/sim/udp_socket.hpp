// A UDP socket of the model: a queue of datagrams, and the peer it is connected to, if any. A
// connected socket receives from its peer only.
//
// Like the network, it drops what does not fit, and a receive drops what does not fit its buffer. A
// datagram to a closed port is answered by the peer's system, and the next receive fails
// (Traits::reports_unreachable). The doorbell is one of these, connected to itself.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "sockets.hpp"

namespace wakepoll::sim {

class UdpSocket final : public Socket {
public:
    static constexpr std::size_t queue_limit = 64;

    UdpSocket() noexcept : Socket(sys::SocketKind::datagram) {}

    /// Connects the socket to `peer`, which may be itself.
    void connect_to(const std::shared_ptr<UdpSocket>& peer) noexcept {
        peer_ = peer;
        connected_ = true;
    }

    [[nodiscard]] std::shared_ptr<UdpSocket> peer() const noexcept { return peer_.lock(); }

    [[nodiscard]] std::int16_t readiness(std::int16_t asked, const Traits& traits,
                                         std::chrono::nanoseconds now) const noexcept override;
    [[nodiscard]] std::uint32_t afd_readiness(const Traits& traits,
                                              std::chrono::nanoseconds now) const noexcept override;
    void note_answer() const noexcept override;
    [[nodiscard]] bool is_exceptional(const Traits&,
                                      std::chrono::nanoseconds) const noexcept override {
        return false;
    }
    [[nodiscard]] bool is_connected() const noexcept override { return false; }
    [[nodiscard]] bool is_listening() const noexcept override { return false; }
    [[nodiscard]] bool is_bound() const noexcept override {
        return Socket::is_bound() || connected_;
    }
    [[nodiscard]] std::uint32_t refusal(OperationKind kind, const Traits& traits) const override;
    [[nodiscard]] bool can_end(const Operation& operation) const override;
    [[nodiscard]] Outcome end(Operation& operation, const Traits& traits) override;
    [[nodiscard]] Moved send(std::span<const std::uint8_t> bytes, const Traits& traits) override;
    [[nodiscard]] Moved receive(std::span<std::uint8_t> bytes, const Traits& traits) override;

protected:
    void last_handle_closed(const Traits&) override {
        queue_.clear();
        changed();
    }

private:
    /// True if there is a datagram that no pending receive is about to take.
    [[nodiscard]] bool is_readable() const noexcept {
        return queue_.size() + unreachable_ > in_flight(OperationKind::read);
    }

    struct Datagram {
        Address from;
        std::vector<std::uint8_t> bytes;
    };

    void deliver(const std::shared_ptr<UdpSocket>& to, std::span<const std::uint8_t> bytes,
                 const Traits& traits);

    std::weak_ptr<UdpSocket> peer_;
    bool connected_ = false;  ///< Stays true when the peer is gone.
    /// Answers to datagrams to unused ports, each of which a receive reports.
    std::size_t unreachable_ = 0;
    std::deque<Datagram> queue_;
};

}  // namespace wakepoll::sim
