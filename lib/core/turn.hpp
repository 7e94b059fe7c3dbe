// Whose turn it is: sockets, other handles, operations that completed at once, or packets.
//
// If a wait has little room, no source may starve another. They take turns, and a turn is one
// round: it ends when as many were visited as the source had when it began, or when the source has
// nothing more in this wait. A turn that the caller's span cuts short continues in the next wait.
// So with k ready and room for m, each is reported within ceil(k/m) waits.
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

    /// How long a turn of each source would be now, by `Source`.
    using Sizes = std::array<std::size_t, sources>;

    [[nodiscard]] Source source() const noexcept { return source_; }

    /// What is left of the turn: at most what the source has now.
    [[nodiscard]] std::size_t left(const Sizes& sizes) noexcept {
        left_ = std::min(left_, sizes[static_cast<std::size_t>(source_)]);
        return left_;
    }

    /// Spends `used` of what `left` returned; `exhausted` if the source has no more in this
    /// wait. If the turn ends, the next source that has something begins its own, with the
    /// current `sizes`.
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
