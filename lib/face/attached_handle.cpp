#include "wakepoll/attached_handle.hpp"

#include "poller/poller.hpp"

namespace wakepoll {

AttachedHandle& AttachedHandle::operator=(AttachedHandle&& other) noexcept {
    AttachedHandle taken(std::move(other));
    std::swap(holder_, taken.holder_);
    return *this;
}

AttachedHandle::~AttachedHandle() { detach(); }

void AttachedHandle::detach() noexcept {
    const SlotHolder ended = std::exchange(holder_, {});
    if (ended.poller() != nullptr) {
        ended.poller()->detach(ended.use());
    }
}

}  // namespace wakepoll
