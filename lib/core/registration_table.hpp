// The fixed table of registrations: find by handle, insert and erase, each O(1).
//
// Slots are handed out from a free list and found through an index (open addressing, linear
// probing, at most two thirds full, no tombstones). Every slot counts its tenants: a packet or an
// event that was meant for an earlier tenant is recognised by its generation and dropped.
//
// Used by the owner of a poller, on its thread. It allocates nothing: the memory is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slot.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::core {

/// What is known of a handle. It has a slot while it is registered for readiness or is known to
/// belong to the poller's port, or both.
struct Registration {
    Handle handle;
    std::uint64_t user_data = 0;
    IoInterest interest = IoInterest::none;
    std::uint32_t generation = 0;  ///< Raised whenever the slot is given up.
    HandleType type = HandleType::unknown;
    IoModel model = IoModel::poll;
    bool active : 1 = false;
    bool registered : 1 = false;  ///< For readiness.
    bool associated : 1 = false;  ///< With the poller's port.
    bool stream : 1 = false;      ///< A stream socket; else a datagram socket.
    bool skips : 1 = false;       ///< What succeeds at once posts no packet.
    /// The next free slot, of one that is free; the index of the pool's entry, of an overlapped
    /// pipe that is registered; the number of the base socket, of a socket that is registered and
    /// watched by AFD; otherwise how many operations are in flight.
    std::uint32_t link = 0;
};

class RegistrationTable {
public:
    /// How many index cells a table of this capacity needs.
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

    /// Begins or ends the registration for readiness of an active slot.
    void set_registered(Slot slot, bool registered) noexcept;

    /// Ends the registration for readiness of a slot that stays: what was meant for it is as late
    /// as for a slot that was given up.
    void end_registration(Slot slot) noexcept;

    /// Gives up an active slot.
    void erase(Slot slot) noexcept;

    [[nodiscard]] Registration& operator[](Slot slot) noexcept { return slots_[index_of(slot)]; }
    [[nodiscard]] const Registration& operator[](Slot slot) const noexcept {
        return slots_[index_of(slot)];
    }

    /// Slots that are taken.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// Those of them that are registered for readiness.
    [[nodiscard]] std::uint32_t registered() const noexcept { return registered_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

private:
    [[nodiscard]] std::size_t home(Handle handle) const noexcept;
    [[nodiscard]] std::size_t after(std::size_t cell) const noexcept {
        return cell + 1 == index_size_ ? 0 : cell + 1;
    }
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
        return to >= from ? to - from : to + index_size_ - from;
    }
    /// The cell that holds the handle, or the empty cell where it would go.
    [[nodiscard]] std::size_t cell_of(Handle handle) const noexcept;

    Registration* slots_;
    std::uint32_t* index_;
    std::size_t index_size_;
    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::uint32_t registered_ = 0;
    std::uint32_t first_free_ = 0;
};

}  // namespace wakepoll::core
