#include "wakepoll/slot_holder.hpp"

#include <utility>

#include "poller/poller.hpp"

namespace wakepoll {

SlotHolder::SlotHolder(Poller& poller, Handle handle, core::SlotUse use) noexcept
    : poller_(&poller),
      handle_(handle.value()),
      slot_(static_cast<std::uint32_t>(use.slot)),
      generation_(use.generation) {
    poller.retain();
}

SlotHolder::SlotHolder(SlotHolder&& other) noexcept
    : poller_(std::exchange(other.poller_, nullptr)),
      handle_(std::exchange(other.handle_, Handle().value())),
      slot_(other.slot_),
      generation_(other.generation_) {}

SlotHolder& SlotHolder::operator=(SlotHolder&& other) noexcept {
    SlotHolder taken(std::move(other));
    std::swap(poller_, taken.poller_);
    std::swap(handle_, taken.handle_);
    std::swap(slot_, taken.slot_);
    std::swap(generation_, taken.generation_);
    return *this;
}

SlotHolder::~SlotHolder() {
    if (poller_ != nullptr) {
        poller_->release();
    }
}

core::SlotUse SlotHolder::use() const noexcept { return {core::Slot{slot_}, generation_}; }

}  // namespace wakepoll
