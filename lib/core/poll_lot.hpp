// Lots: quiet sockets that share a request, and the memory that it is in.
//
// Most sockets of a large server are idle. Parked alone, each of them takes a request, which is a
// call to begin with and a piece of the kernel's memory for as long as it stays; up to 16 of one
// block of slots therefore share one. When one of a lot becomes ready all of it wake up, which
// costs a call for each, but 16 sockets are asked nearly as fast as one.
//
// A slot has a cell of memory for a request of its own. A lot uses the cells of neighbours that are
// in it, so the memory is there whoever is parked with whom: two cells have room for 4 sockets, six
// for 16. A cell in use is *busy* until the packet of its request has come, which may be after the
// end of the registration; nobody waits for the answer then.
//
// Plain data of core/poll_group, which is the one that changes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"

namespace wakepoll::core {

/// What is kept for a slot.
struct PollMember {
    enum class Place : std::uint8_t { absent, fresh, asked, covered, parked, in_lot };

    std::uint8_t events : 7 = 0;  ///< Asked for, while in flight; answered, while awake. `packed`.
    std::uint8_t busy : 1 = 0;    ///< Its cell is the kernel's.
    std::uint8_t place : 3 = 0;   ///< A `Place`.
    std::uint8_t credit : 2 = 0;
    std::uint8_t unwanted : 1 = 0;  ///< Busy, and the request was an earlier registration's.
    std::uint8_t woken : 1 = 0;     ///< With its lot.
    std::uint8_t restless : 1 = 0;  ///< It has woken its lot before.

    /// The device's nine bits without the two that are never used here: ACCEPT and CONNECT_FAIL
    /// take their places.
    [[nodiscard]] static constexpr std::uint16_t packed(std::uint32_t events) noexcept {
        return static_cast<std::uint16_t>((events & 0x1FU) | ((events & 0x180U) >> 2U));
    }
    [[nodiscard]] static constexpr std::uint32_t unpacked(std::uint32_t events) noexcept {
        return (events & 0x1FU) | ((events & 0x60U) << 2U);
    }
};

/// The slots of a block share at most one lot.
inline constexpr std::uint32_t block_slots = 16;

[[nodiscard]] constexpr std::uint32_t block_of(Slot slot) noexcept {
    return static_cast<std::uint32_t>(slot) / block_slots;
}

/// What is kept for a block.
struct PollLot {
    std::uint8_t first = 0;      ///< The first of its cells, counted from the block's beginning.
    std::uint8_t cells : 5 = 0;  ///< 0: no lot is in flight.
    std::uint8_t cancelling : 1 = 0;

    /// How many there are for this many slots.
    [[nodiscard]] static constexpr std::size_t needed_for(std::size_t slots) noexcept {
        return (slots + block_slots - 1) / block_slots;
    }
};

static_assert(sizeof(PollMember) == 2 && sizeof(PollLot) == 2);

/// For how many sockets consecutive cells have room.
[[nodiscard]] constexpr std::uint32_t room_in(std::uint32_t cells) noexcept {
    return cells * 3 - 2;
}

/// Who is to be asked in one request apart from the group, and in whose cells.
struct PollRequest {
    Slot cell = no_slot;
    std::uint32_t cells = 1;
    std::uint32_t count = 0;
    std::array<Slot, block_slots> slots{};
};

}  // namespace wakepoll::core
