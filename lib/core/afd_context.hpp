// What a request to AFD carries, and its packet brings back: which request it was.
//
// A number rather than an address, so that a packet which nothing waits for any more (of a request
// that was answered at once, should a Windows not skip it, or one that a stranger posts) is told
// from that of the request in flight: the tag is another for each request of a cell. The number of
// the cell takes the lower 17 bits, the tag 15 bits above, which fits into a pointer of 32 bits.
#pragma once

#include <cstdint>

namespace wakepoll::core {

class AfdContext {
public:
    /// `cell` is at most 65,536; of the tag the lower 15 bits count.
    constexpr AfdContext(std::uint32_t cell, std::uint16_t tag) noexcept
        : value_((std::uintptr_t{tag} & tag_mask) << cell_bits | (cell + 1)) {}
    /// From a packet.
    explicit AfdContext(const void* pointer) noexcept
        : value_(reinterpret_cast<std::uintptr_t>(pointer)) {}

    [[nodiscard]] void* pointer() const noexcept { return reinterpret_cast<void*>(value_); }

    /// Which cell it is of; far too large a number where it is of none.
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
