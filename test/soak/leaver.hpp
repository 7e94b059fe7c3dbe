// A client that leaves abruptly.
//
// It connects, talks for a while (every byte that comes back is compared), and then resets its
// connection, or closes it with an answer pending, or while the server cannot send its answers. The
// orderly way, a half-close and waiting for the rest, is LoadClient's.
//
// Everything happens on the loop's thread; a leaver is used for one connection after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "event_loop.hpp"
#include "message_stream.hpp"
#include "net.hpp"

namespace soak {

class Leaver {
public:
    /// Calls `left` after each connection; it may start the next.
    Leaver(example::EventLoop& loop, std::uint16_t port, std::uint32_t seed,
           std::function<void(Leaver&)> left)
        : loop_(loop), port_(port), seed_(seed), random_(seed), left_(std::move(left)) {}

    void begin();

    /// Bytes compared and found equal, of all connections.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    enum class Manner : std::uint8_t {
        resets,             ///< After its last answer.
        closes,             ///< After its last answer.
        resets_at_once,     ///< As soon as it is connected.
        closes_unanswered,  ///< With an answer pending.
        resets_unread,      ///< With more answers unread than the buffers hold.
    };
    static constexpr std::uint32_t manners = 5;

    void on_events(std::uint32_t events);
    void send();
    void receive();
    void go_on();
    void leave();
    [[nodiscard]] bool answered() const { return sent_ == message_.size() && back_ == sent_; }

    example::EventLoop& loop_;
    std::uint16_t port_;
    std::uint32_t seed_;
    std::uint32_t connections_ = 0;
    std::mt19937 random_;
    std::function<void(Leaver&)> left_;
    std::uint64_t bytes_ = 0;

    // Of one connection.
    Manner manner_ = Manner::resets;
    example::net::Socket socket_;
    bool connected_ = false;
    example::MessageStream messages_{{}, 0};
    std::vector<char> message_;
    std::size_t sent_ = 0;
    std::size_t back_ = 0;
};

}  // namespace soak
