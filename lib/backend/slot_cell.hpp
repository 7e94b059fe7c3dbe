// The memory that a slot has beyond its registration, for one of two things.
//
// A registered socket may have a request of its own in flight at the device behind Winsock; any
// other handle has a wait of the system's thread pool. No slot needs both, so they share a cell,
// which is most of what a registration costs. A request may outlive its registration: until its
// packet has come the cell is the kernel's, and the slot is good for sockets only.
//
// A poller that never uses the device has cells for a wait alone.
#pragma once

#include <cstddef>
#include <new>

#include "core/slot.hpp"
#include "sys/afd_device.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::backend {

/// A request that asks about one socket.
struct AfdCell {
    sys::AfdStatus status;
    sys::AfdRequest request;
    sys::AfdItem item;
};

static_assert(offsetof(AfdCell, item) == offsetof(AfdCell, request) + sizeof(sys::AfdRequest),
              "the item follows the head without a gap");

/// What a cell that begins a request has room for, with those behind it that are the request's.
[[nodiscard]] constexpr std::size_t items_in(std::size_t cells) noexcept {
    return (cells * sizeof(AfdCell) - offsetof(AfdCell, item)) / sizeof(sys::AfdItem);
}

/// Raw memory for either.
struct SlotCell {
    alignas(AfdCell) alignas(sys::ThreadPoolWait) std::byte
        memory[sizeof(AfdCell) > sizeof(sys::ThreadPoolWait) ? sizeof(AfdCell)
                                                             : sizeof(sys::ThreadPoolWait)];
};

/// Raw memory for a wait.
struct WaitCell {
    alignas(sys::ThreadPoolWait) std::byte memory[sizeof(sys::ThreadPoolWait)];
};

/// A cell for every slot.
class SlotCells {
public:
    SlotCells() noexcept = default;
    explicit SlotCells(SlotCell* cells) noexcept
        : first_(reinterpret_cast<std::byte*>(cells)), size_(sizeof(SlotCell)) {}
    explicit SlotCells(WaitCell* cells) noexcept
        : first_(reinterpret_cast<std::byte*>(cells)), size_(sizeof(WaitCell)) {}

    [[nodiscard]] void* at(core::Slot slot) const noexcept {
        return first_ + core::index_of(slot) * size_;
    }

    /// The slot of a cell that an address is in; a number that is no slot's where it is in none.
    [[nodiscard]] core::Slot slot_of(const void* address) const noexcept {
        const auto distance =
            reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(first_);
        const std::uintptr_t index = distance / size_;
        return index < index_of(core::no_slot) ? core::Slot{static_cast<std::uint32_t>(index)}
                                               : core::no_slot;
    }

private:
    std::byte* first_ = nullptr;
    std::size_t size_ = 1;
};

}  // namespace wakepoll::backend
