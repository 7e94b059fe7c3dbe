// See waits.hpp.
#include "waits.hpp"

#include <algorithm>
#include <utility>

namespace wakepoll::sim {

Wait* WaitList::add(std::shared_ptr<Object> object, Wait::Callback callback, void* context) {
    waits_.push_back({std::move(object), callback, context, Wait::Stage::armed});
    return &waits_.back();
}

void WaitList::remove(const Wait* wait) {
    waits_.remove_if([&](const Wait& candidate) { return &candidate == wait; });
}

bool WaitList::trigger() {
    bool any = false;
    for (Wait& wait : waits_) {
        if (wait.stage == Wait::Stage::armed && wait.object->signalled()) {
            wait.stage = Wait::Stage::triggered;
            any = true;
        }
    }
    return any;
}

Wait* WaitList::triggered() noexcept {
    const auto found = std::find_if(waits_.begin(), waits_.end(), [](const Wait& wait) {
        return wait.stage == Wait::Stage::triggered;
    });
    return found != waits_.end() ? &*found : nullptr;
}

}  // namespace wakepoll::sim
