// The context of an AFD request, which its packet returns: identifies the request.
//
// It is a number and not an address, so that a stale packet (of a request that was answered at
// once, should a Windows version not skip it, or one that another program posts) cannot be mistaken
// for the packet of the request in flight: each request of a cell gets a new tag. The cell number
// takes the lower 17 bits and the tag the 15 bits above, which fits a 32-bit pointer.
#pragma once

#include <cstdint>

namespace wakepoll::core {

class AfdContext {
public:
    /// `cell` is at most 65,536; only the lower 15 bits of `tag` are used.
    constexpr AfdContext(std::uint32_t cell, std::uint16_t tag) noexcept
        : value_((std::uintptr_t{tag} & tag_mask) << cell_bits | (cell + 1)) {}
    /// From a packet.
    explicit AfdContext(const void* pointer) noexcept
        : value_(reinterpret_cast<std::uintptr_t>(pointer)) {}

    [[nodiscard]] void* pointer() const noexcept { return reinterpret_cast<void*>(value_); }

    /// Returns the cell number; an out-of-range number if the packet belongs to no cell.
    [[nodiscard]] constexpr std::uint32_t cell() const noexcept {
        return std::uint64_t{value_} >> (cell_bits + tag_bits) == 0
                   ? static_cast<std::uint32_t>(value_ & cell_mask) - 1
                   : ~std::uint32_t{0};
    }
    [[nodiscard]] constexpr bool has_tag(std::uint16_t tag) const noexcept {
        return (value_ >> cell_bits) == (std::uintptr_t{tag} & tag_mask);
    }

private:
    static constexpr unsigned cell_bits = 17;
    static constexpr unsigned tag_bits = 15;
    static constexpr std::uintptr_t cell_mask = (std::uintptr_t{1} << cell_bits) - 1;
    static constexpr std::uintptr_t tag_mask = (std::uintptr_t{1} << tag_bits) - 1;

    std::uintptr_t value_;
};

}  // namespace wakepoll::core
