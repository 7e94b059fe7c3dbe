// Whose turn it is: sockets, other handles, operations that completed at once, or packets.
//
// A wait with little room must not let one source starve another. They take turns, and a turn is as
// long as one round: the sockets' and the handles' end when each of them has been visited once, the
// completed operations' when those have been reported that were there when it began, the packets'
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
#include <limits>

namespace wakepoll::core {

class Turn {
public:
    enum class Source : std::uint8_t { sockets, handles, completed, packets };

    /// How much each source has just now. What the port has is not known before it is asked.
    struct Sizes {
        std::size_t sockets = 0;
        std::size_t handles = 0;
        std::size_t completed = 0;
    };

    static constexpr std::size_t packets_per_turn = 64;

    [[nodiscard]] Source source() const noexcept { return source_; }

    /// How many the source may be asked for now. A turn is never longer than the source has
    /// members left to visit.
    [[nodiscard]] std::size_t left(const Sizes& sizes) noexcept {
        left_ = std::min(left_, size_of(source_, sizes));
        return source_ == Source::packets ? packets_per_turn : left_;
    }

    /// `used` of what `left` said are spent; `exhausted` where the source has no more. Ends the
    /// turn then, or when nothing of it is left; the next turn is that of the next source that has
    /// something, of which `sizes` are what they are by now. What was spent may have left its
    /// source already, so it is not taken off twice.
    void spend(std::size_t used, bool exhausted, const Sizes& sizes) noexcept {
        left_ -= std::min(used, left_);
        if (!exhausted && left_ > 0) {
            return;
        }
        do {
            source_ = static_cast<Source>((static_cast<unsigned>(source_) + 1) % sources);
            left_ = source_ == Source::packets ? packets_per_turn : size_of(source_, sizes);
        } while (left_ == 0);
    }

private:
    static constexpr unsigned sources = 4;

    [[nodiscard]] static std::size_t size_of(Source source, const Sizes& sizes) noexcept {
        switch (source) {
            case Source::sockets:
                return sizes.sockets;
            case Source::handles:
                return sizes.handles;
            case Source::completed:
                return sizes.completed;
            case Source::packets:
                break;
        }
        return std::numeric_limits<std::size_t>::max();
    }

    Source source_ = Source::packets;
    std::size_t left_ = packets_per_turn;
};

}  // namespace wakepoll::core
