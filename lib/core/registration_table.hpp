// The fixed table of registrations: find by handle, insert and erase, each O(1).
//
// Slots come from a free list and are found through an index (open addressing, linear probing, at
// most two thirds full, no tombstones). Every slot counts its registrations: a packet or an event
// that was meant for an earlier one is recognised by its generation and dropped.
//
// The caller provides zeroed memory; slots that were never used are not touched. Not thread-safe:
// used under the poller's lock. Allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/port_owners.hpp"
#include "core/slot.hpp"
#include "wakepoll/events.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::core {

/// What is known of a handle. It has a slot while it is registered for readiness, is known to
/// belong to the poller's port, has operations in flight, or is covered by a poll in flight.
struct Registration {
    Handle handle;
    std::uint64_t user_data = 0;
    IoInterest interest = IoInterest::none;
    std::uint32_t generation = 0;  ///< Raised whenever a registration ends.
    HandleType type = HandleType::unknown;
    IoModel model = IoModel::poll;
    bool active : 1 = false;
    bool registered : 1 = false;   ///< For readiness.
    bool associated : 1 = false;   ///< With the poller's port.
    bool stream : 1 = false;       ///< A stream socket; else a datagram socket.
    bool skips : 1 = false;        ///< A call that succeeds at once posts no packet.
    bool marked : 1 = false;       ///< The object carries the poller's mark, which tells it from a
                                   ///< later object with the same number.
    bool polled : 1 = false;       ///< A request to AFD that covers it is in flight.
    bool hung_up : 1 = false;      ///< Both directions of its connection are shut.
    bool asked : 1 = false;        ///< `hung_up` need not be queried until it is modified.
    bool outdated : 1 = false;     ///< The handle was closed (a socket perhaps before the last
                                   ///< modify); the number is another's, or none's.
    bool listens : 1 = false;      ///< Its connect was refused, and it listens since.
    bool attached : 1 = false;     ///< Its user guarantees that the number is the same handle's.
    std::uint32_t operations = 0;  ///< In flight.
    std::uint32_t base = 0;        ///< Of a registered socket: its base handle, which AFD takes.
    std::uint32_t entry = 0;       ///< Of a registered overlapped pipe: its pool entry.
    std::uint32_t next_free = 0;   ///< Of a free slot: the next one plus one.
};

class RegistrationTable {
public:
    /// The number of index cells that a table of this capacity needs.
    [[nodiscard]] static std::size_t index_size(std::uint32_t capacity) noexcept;

    /// Uses `capacity` registrations and `index_size(capacity)` cells, which must outlive the
    /// table.
    RegistrationTable(Registration* slots, std::uint32_t* index, std::uint32_t capacity) noexcept;

    RegistrationTable(const RegistrationTable&) = delete;
    RegistrationTable& operator=(const RegistrationTable&) = delete;

    /// The slot of a handle, or `no_slot`.
    [[nodiscard]] Slot find(Handle handle) const noexcept;

    /// Takes a slot for a handle that is not in the table, with all but handle and generation at
    /// their defaults; `no_slot` if the table is full.
    [[nodiscard]] Slot insert(Handle handle) noexcept;

    /// The current use of the slot, which ends with its registration, or when the number is found
    /// to be another object's.
    [[nodiscard]] SlotUse use_of(Slot slot) const noexcept {
        return {slot, (*this)[slot].generation};
    }
    /// True if that use has not ended.
    [[nodiscard]] bool goes_on(SlotUse use) const noexcept {
        const Registration& registration = (*this)[use.slot];
        return registration.active && registration.generation == use.generation;
    }

    /// Registers an active slot for readiness.
    void begin_registration(Slot slot) noexcept;

    /// Ends the registration: what was meant for it is stale from now on. Frees the slot if
    /// nothing else uses it.
    void end_registration(Slot slot) noexcept;

    /// The poller has made this handle itself, so its number was free: what is registered with it
    /// was closed.
    void note_made(Handle made) noexcept;

    /// Frees an active slot that nothing uses: no registration, no operation, no poll, and not
    /// known to belong to the port.
    void release(Slot slot) noexcept;

    /// The number of an active, unregistered slot now belongs to another object: resets everything
    /// but a poll in flight.
    void renew(Slot slot) noexcept;

    /// Frees an active slot whatever uses it.
    void erase(Slot slot) noexcept;

    [[nodiscard]] Registration& operator[](Slot slot) noexcept { return slots_[index_of(slot)]; }
    [[nodiscard]] const Registration& operator[](Slot slot) const noexcept {
        return slots_[index_of(slot)];
    }

    /// Who associates what is in this table.
    [[nodiscard]] PortOwner owner() const noexcept { return owner_; }

    /// The number of slots in use.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// How many of them are registered for readiness.
    [[nodiscard]] std::uint32_t registered() const noexcept { return registered_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
    /// Slots below this number were in use at some time, the others never.
    [[nodiscard]] std::uint32_t used() const noexcept { return used_; }

private:
    void set_registered(Slot slot, bool registered) noexcept;
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
    PortOwner owner_ = PortOwners::make();
    std::uint32_t size_ = 0;
    std::uint32_t registered_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t first_free_ = 0;  ///< Plus one; 0 if all used slots are taken.
};

}  // namespace wakepoll::core
