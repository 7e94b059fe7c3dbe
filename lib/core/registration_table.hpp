// The fixed table of registrations: find by handle, insert and erase, each O(1).
//
// Slots are handed out from a free list and found through an index (open addressing, linear
// probing, at most half full, no tombstones). Every slot counts its tenants: a packet or an event
// that was meant for an earlier tenant is recognised by its generation and dropped.
//
// Used by the owner of a poller, on its thread. It allocates nothing: the memory is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::core {

struct Registration {
    Handle handle;
    std::uint64_t user_data = 0;
    IoInterest interest = IoInterest::none;
    std::uint32_t generation = 0;  ///< Raised whenever the slot is given up.
    HandleType type = HandleType::unknown;
    IoModel model = IoModel::poll;
    bool active = false;
    bool stream = false;  ///< A stream socket; else a datagram socket.
    std::uint32_t next_free = 0;
};

class RegistrationTable {
public:
    /// How many index cells a table of this capacity needs: a power of two.
    [[nodiscard]] static std::size_t index_size(std::uint32_t capacity) noexcept;

    /// Takes `capacity` registrations and `index_size(capacity)` cells, which outlive the table.
    RegistrationTable(Registration* slots, std::uint32_t* index, std::uint32_t capacity) noexcept;

    RegistrationTable(const RegistrationTable&) = delete;
    RegistrationTable& operator=(const RegistrationTable&) = delete;

    /// The slot of a registered handle, or `no_slot`.
    [[nodiscard]] Slot find(Handle handle) const noexcept;

    /// A slot for a handle that is not in the table, with all but handle and generation at their
    /// defaults; `no_slot` where the table is full.
    [[nodiscard]] Slot insert(Handle handle) noexcept;

    /// Gives up an active slot.
    void erase(Slot slot) noexcept;

    [[nodiscard]] Registration& operator[](Slot slot) noexcept { return slots_[index_of(slot)]; }
    [[nodiscard]] const Registration& operator[](Slot slot) const noexcept {
        return slots_[index_of(slot)];
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

private:
    [[nodiscard]] std::size_t home(Handle handle) const noexcept;
    /// The cell that holds the handle, or the empty cell where it would go.
    [[nodiscard]] std::size_t cell_of(Handle handle) const noexcept;

    Registration* slots_;
    std::uint32_t* index_;
    std::size_t index_mask_;
    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::uint32_t first_free_ = 0;
};

}  // namespace wakepoll::core
