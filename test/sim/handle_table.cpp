// See handle_table.hpp.
#include "handle_table.hpp"

#include <utility>

namespace wakepoll::sim {
namespace {

// The handle of slot 0 is 4, since 0 is no handle.
constexpr std::uintptr_t stride = 4;

Handle handle_of(std::size_t slot) { return Handle((std::uintptr_t{slot} + 1) * stride); }

}  // namespace

Handle HandleTable::open(std::shared_ptr<Object> object) {
    std::size_t index = slots_.size();
    if (free_.empty()) {
        slots_.emplace_back();
    } else {
        index = free_.top();
        free_.pop();
    }
    object->handle_opened();
    slots_[index] = {std::move(object), false};
    ++open_;
    return handle_of(index);
}

const HandleTable::Slot* HandleTable::slot_of(Handle handle) const noexcept {
    const std::uintptr_t value = handle.value();
    if (value == 0 || value % stride != 0 || value / stride > slots_.size()) {
        return nullptr;
    }
    return &slots_[value / stride - 1];
}

std::shared_ptr<Object> HandleTable::find(Handle handle) const {
    const Slot* slot = slot_of(handle);
    return slot != nullptr ? slot->object : nullptr;
}

bool HandleTable::close_handle(Handle handle, const Traits& traits) {
    Slot* const slot = slot_of(handle);
    if (slot == nullptr || slot->object == nullptr) {
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
        close_handle(handle_of(index), traits);
    }
}

bool HandleTable::is_orphaned(Handle handle) const noexcept {
    const Slot* slot = slot_of(handle);
    return slot != nullptr && slot->orphaned;
}

void HandleTable::close(Slot& slot, bool orphaned, const Traits& traits) {
    const std::shared_ptr<Object> object = std::exchange(slot.object, nullptr);
    slot.orphaned = orphaned;
    free_.push(static_cast<std::size_t>(&slot - slots_.data()));
    --open_;
    object->handle_closed(traits);
}

}  // namespace wakepoll::sim
