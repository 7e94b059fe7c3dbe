// The number of a registration's slot: an index that cannot be mistaken for a position or a count.
// Slots are used again; the generation distinguishes one use from the next.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wakepoll::core {

enum class Slot : std::uint32_t {};

inline constexpr Slot no_slot{0xFFFFFFFF};

struct SlotUse {
    Slot slot = no_slot;
    std::uint32_t generation = 0;

    [[nodiscard]] bool operator==(const SlotUse&) const = default;
};

[[nodiscard]] constexpr std::size_t index_of(Slot slot) noexcept {
    return static_cast<std::size_t>(slot);
}

}  // namespace wakepoll::core
