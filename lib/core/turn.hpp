// Whose turn it is: sockets or packets.
//
// A wait with little room must not let one source starve the other. The two take turns, and a turn
// is as long as one round: the sockets' ends when each of them has been visited once, the packets'
// when the port was seen empty or has given `packets_per_turn`. A turn that the caller's span cuts
// short is continued by the next wait. So with k ready (at most `packets_per_turn` of them packets)
// and room for m, each is reported within ceil(k/m) waits.
//
// The port is asked once a wait, and always for as much as there is room for: the last call of a
// turn may overdraw it. Held to what is left of its turn, it would give less than fits, and the
// wait would return half full while packets are queued.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace wakepoll::core {

class Turn {
public:
    enum class Source : std::uint8_t { sockets, packets };

    static constexpr std::size_t packets_per_turn = 64;

    [[nodiscard]] Source source() const noexcept { return source_; }

    /// How many the source may be asked for now. `sockets` is how many there are now.
    [[nodiscard]] std::size_t left(std::size_t sockets) const noexcept {
        return source_ == Source::sockets ? std::min(left_, sockets) : packets_per_turn;
    }

    /// `used` of the turn are spent; `exhausted` where the source has no more. Ends the turn then,
    /// or when nothing of it is left; `sockets` is how many there are now.
    void spend(std::size_t used, bool exhausted, std::size_t sockets) noexcept {
        left_ = std::min(left_, left(sockets));
        left_ -= std::min(used, left_);
        if (!exhausted && left_ > 0) {
            return;
        }
        if (source_ == Source::sockets) {
            source_ = Source::packets;
            left_ = packets_per_turn;
        } else {
            source_ = Source::sockets;
            left_ = sockets;
        }
    }

private:
    Source source_ = Source::packets;
    std::size_t left_ = packets_per_turn;
};

}  // namespace wakepoll::core
