// See handle_table.hpp.
#include "handle_table.hpp"

#include <utility>

#include "behaviours.hpp"

namespace wakepoll::sim {
namespace {

// The handle of slot 0 is 4, since 0 is no handle.
constexpr std::uintptr_t stride = 4;

Handle handle_of(std::size_t slot) { return Handle((std::uintptr_t{slot} + 1) * stride); }

}  // namespace

std::size_t HandleTable::take_slot() {
    if (free_.empty()) {
        slots_.emplace_back();
        return slots_.size() - 1;
    }
    const std::size_t index = free_.top();
    free_.pop();
    return index;
}

Handle HandleTable::open(std::shared_ptr<Object> object) {
    const std::size_t index = take_slot();
    object->handle_opened();
    slots_[index] = {.object = std::move(object)};
    ++open_;
    return handle_of(index);
}

Handle HandleTable::open_for_wait(std::shared_ptr<Object> object) {
    const std::size_t index = take_slot();
    slots_[index] = {.object = std::move(object), .is_for_wait = true};
    return handle_of(index);
}

Handle HandleTable::base_of(Handle socket) {
    const Slot& slot = *slot_of(socket);
    if (slot.is_base) {
        return socket;
    }
    if (!slot.base) {
        std::shared_ptr<Object> object = slot.object;
        object->handle_opened();
        const std::size_t index = take_slot();
        slots_[index] = {.object = std::move(object), .is_base = true};
        slot_of(socket)->base = handle_of(index);
    }
    return slot_of(socket)->base;
}

bool HandleTable::is_base(Handle handle) const noexcept {
    const Slot* slot = slot_of(handle);
    return slot != nullptr && slot->is_base;
}

const HandleTable::Slot* HandleTable::slot_of(Handle handle) const noexcept {
    const std::uintptr_t number = handle.value() / stride;  // The two low bits do not count [K9].
    note_if(handle.value() % stride != 0 && number <= slots_.size(), Behaviour::low_bits);
    return number == 0 || number > slots_.size() ? nullptr : &slots_[number - 1];
}

std::shared_ptr<Object> HandleTable::find(Handle handle) const {
    const Slot* slot = slot_of(handle);
    return slot != nullptr ? slot->object : nullptr;
}

void HandleTable::protect(Handle handle, bool from_close) {
    Slot* const slot = slot_of(handle);
    if (slot != nullptr && slot->object != nullptr) {
        slot->is_protected = from_close;
    }
}

bool HandleTable::is_protected(Handle handle) const noexcept {
    const Slot* const slot = slot_of(handle);
    return slot != nullptr && slot->is_protected;
}

bool HandleTable::close_handle(Handle handle, const Traits& traits) {
    Slot* const slot = slot_of(handle);
    if (slot == nullptr || slot->object == nullptr || slot->is_protected) {
        return false;
    }
    close(*slot, slot->object->kind() == Kind::socket, traits);
    return true;
}

bool HandleTable::close_socket(Handle handle, const Traits& traits) {
    Slot* const slot = slot_of(handle);
    if (slot != nullptr && slot->orphaned) {
        slot->orphaned = false;
        return true;
    }
    if (slot == nullptr || slot->object == nullptr || slot->object->kind() != Kind::socket) {
        return false;
    }
    close(*slot, false, traits);
    return true;
}

void HandleTable::close_all(const Traits& traits) {
    for (std::size_t index = 0; index != slots_.size(); ++index) {
        slots_[index].is_protected = false;
        close_handle(handle_of(index), traits);
    }
}

bool HandleTable::is_orphaned(Handle handle) const noexcept {
    const Slot* slot = slot_of(handle);
    return slot != nullptr && slot->orphaned;
}

void HandleTable::close(Slot& slot, bool orphaned, const Traits& traits) {
    const Slot closed = std::exchange(slot, {.orphaned = orphaned});
    free_.push(static_cast<std::size_t>(&slot - slots_.data()));
    open_ -= closed.is_base || closed.is_for_wait ? 0 : 1;
    // If a base was closed by itself, its number may be in use again.
    Slot* const base = slot_of(closed.base);
    if (base != nullptr && base->is_base && base->object == closed.object) {
        close(*base, false, traits);
    }
    if (!closed.is_for_wait) {
        closed.object->handle_closed(traits);
    }
}

}  // namespace wakepoll::sim
