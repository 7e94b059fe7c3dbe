#include "core/registration_table.hpp"

#include <cassert>

namespace wakepoll::core {
namespace {

// An index cell holds a slot number plus one, so that zero is "empty".
constexpr std::uint32_t empty_cell = 0;

[[nodiscard]] constexpr std::uint32_t cell_for(std::uint32_t slot) noexcept { return slot + 1; }
[[nodiscard]] constexpr std::uint32_t slot_in(std::uint32_t cell) noexcept { return cell - 1; }

}  // namespace

std::size_t RegistrationTable::index_size(std::uint32_t capacity) noexcept {
    return std::size_t{capacity} + capacity / 2 + 1;
}

RegistrationTable::RegistrationTable(Registration* slots, std::uint32_t* index,
                                     std::uint32_t capacity) noexcept
    : slots_(slots), index_(index), index_size_(index_size(capacity)), capacity_(capacity) {}

std::size_t RegistrationTable::home(Handle handle) const noexcept {
    // Handle values are multiples of four. The multiplication (by 2^64 over the golden ratio)
    // spreads the rest over the upper bits, which select the part of the index.
    const std::uint64_t spread = (std::uint64_t{handle.value()} >> 2U) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(((spread >> 32U) * index_size_) >> 32U);
}

std::size_t RegistrationTable::cell_of(Handle handle) const noexcept {
    std::size_t cell = home(handle);
    while (index_[cell] != empty_cell && slots_[slot_in(index_[cell])].handle != handle) {
        cell = after(cell);
    }
    return cell;
}

Slot RegistrationTable::find(Handle handle) const noexcept {
    const std::uint32_t cell = index_[cell_of(handle)];
    return cell == empty_cell ? no_slot : Slot{slot_in(cell)};
}

Slot RegistrationTable::insert(Handle handle) noexcept {
    assert(find(handle) == no_slot);
    if (size_ == capacity_) {
        return no_slot;
    }
    std::uint32_t slot = used_;
    if (first_free_ != 0) {
        slot = first_free_ - 1;
        first_free_ = slots_[slot].next_free;
    } else {
        ++used_;
    }
    Registration& registration = slots_[slot];
    registration = Registration{.handle = handle, .generation = registration.generation};
    registration.active = true;
    index_[cell_of(handle)] = cell_for(slot);
    ++size_;
    return Slot{slot};
}

void RegistrationTable::set_registered(Slot slot, bool registered) noexcept {
    Registration& registration = (*this)[slot];
    assert(registration.active);
    registered_ += static_cast<std::uint32_t>(registered) -
                   static_cast<std::uint32_t>(registration.registered);
    registration.registered = registered;
}

void RegistrationTable::begin_registration(Slot slot) noexcept { set_registered(slot, true); }

void RegistrationTable::end_registration(Slot slot) noexcept {
    set_registered(slot, false);
    Registration& registration = (*this)[slot];
    registration.interest = IoInterest::none;
    registration.type = HandleType::unknown;
    registration.base = 0;
    registration.hung_up = false;
    registration.asked = false;
    registration.listens = false;
    registration.outdated = false;
    ++registration.generation;
    release(slot);
}

void RegistrationTable::note_made(Handle made) noexcept {
    const Slot slot = find(made);
    if (slot != no_slot && (*this)[slot].registered) {
        (*this)[slot].outdated = true;
    }
}

void RegistrationTable::release(Slot slot) noexcept {
    const Registration& registration = (*this)[slot];
    if (!registration.registered && !registration.associated && !registration.polled &&
        registration.operations == 0) {
        erase(slot);
    }
}

void RegistrationTable::renew(Slot slot) noexcept {
    Registration& registration = (*this)[slot];
    assert(registration.active && !registration.registered);
    registration = Registration{.handle = registration.handle,
                                .generation = registration.generation + 1,
                                .active = true,
                                .polled = registration.polled};
}

void RegistrationTable::erase(Slot slot) noexcept {
    Registration& registration = (*this)[slot];
    assert(registration.active);
    set_registered(slot, false);

    // Close the gap in the probe sequence: pull back every later entry that may move there.
    std::size_t gap = cell_of(registration.handle);
    for (std::size_t next = after(gap); index_[next] != empty_cell; next = after(next)) {
        const std::size_t wanted = home(slots_[slot_in(index_[next])].handle);
        const std::size_t distance_from_home = distance(wanted, next);
        const std::size_t distance_from_gap = distance(gap, next);
        if (distance_from_home >= distance_from_gap) {
            index_[gap] = index_[next];
            gap = next;
        }
    }
    index_[gap] = empty_cell;

    registration.active = false;
    registration.handle = Handle{};
    ++registration.generation;
    registration.next_free = first_free_;
    first_free_ = static_cast<std::uint32_t>(slot) + 1;
    --size_;
}

}  // namespace wakepoll::core
