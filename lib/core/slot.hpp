// The number of a registration's slot: an index that cannot be mistaken for a position or a count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wakepoll::core {

enum class Slot : std::uint32_t {};

inline constexpr Slot no_slot{0xFFFFFFFF};

[[nodiscard]] constexpr std::size_t index_of(Slot slot) noexcept {
    return static_cast<std::size_t>(slot);
}

}  // namespace wakepoll::core
