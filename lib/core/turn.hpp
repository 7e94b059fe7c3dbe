// Whose turn it is: sockets, other handles, operations that completed at once, or packets.
//
// A wait with little room must not let one source starve another. They take turns, and a turn is as
// long as one round: it ends when as many were visited as the source had when it began, or when the
// source has nothing more in this wait. A turn that the caller's span cuts short is continued by
// the next wait. So with k ready and room for m, each is reported within ceil(k/m) waits.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace wakepoll::core {

class Turn {
public:
    enum class Source : std::uint8_t { sockets, handles, completed, packets };
    static constexpr std::size_t sources = 4;

    /// How long a turn each source would begin now, by `Source`.
    using Sizes = std::array<std::size_t, sources>;

    [[nodiscard]] Source source() const noexcept { return source_; }

    /// How much of the turn is left: at most as much as the source has now.
    [[nodiscard]] std::size_t left(const Sizes& sizes) noexcept {
        left_ = std::min(left_, sizes[static_cast<std::size_t>(source_)]);
        return left_;
    }

    /// `used` of what `left` said are spent; `exhausted` where the source has no more in this wait.
    /// Ends the turn then, or when nothing of it is left; the next source that has something begins
    /// its own, of which `sizes` are what they are by now.
    void spend(std::size_t used, bool exhausted, const Sizes& sizes) noexcept {
        left_ = exhausted ? 0 : left_ - std::min(used, left_);
        for (std::size_t tries = 0; left_ == 0 && tries < sources; ++tries) {
            const std::size_t next = (static_cast<std::size_t>(source_) + 1) % sources;
            source_ = static_cast<Source>(next);
            left_ = sizes[next];
        }
    }

private:
    Source source_ = Source::sockets;
    std::size_t left_ = 0;
};

}  // namespace wakepoll::core
