// See waits.hpp.
#include "waits.hpp"

#include <algorithm>
#include <utility>

namespace wakepoll::sim {

bool Wait::is_due() const noexcept {
    if (what == For::signal) {
        return object->signalled();
    }
    // Such a read fails at once on anything but a synchronous file, and on a closed one.
    return object == nullptr || !object->has_handles() || !object->is_file() ||
           object->is_overlapped() || object->never_waits() || object->has_something_to_read();
}

Wait* WaitList::add(std::shared_ptr<Object> object, Wait::For what, Wait::Callback callback,
                    void* context) {
    waits_.push_back({std::move(object), what, callback, context, Wait::Stage::armed});
    return &waits_.back();
}

void WaitList::remove(const Wait* wait) {
    waits_.remove_if([&](const Wait& candidate) { return &candidate == wait; });
}

bool WaitList::trigger() {
    bool any = false;
    for (Wait& wait : waits_) {
        if (wait.stage != Wait::Stage::armed || !wait.is_due()) {
            continue;
        }
        wait.stage = Wait::Stage::triggered;
        any = true;
        if (wait.what == Wait::For::signal) {
            wait.object->take_signal();
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

bool WaitList::is_read(const Object& pipe) const noexcept {
    return std::any_of(waits_.begin(), waits_.end(), [&](const Wait& wait) {
        return wait.what == Wait::For::read && wait.object.get() == &pipe &&
               wait.stage == Wait::Stage::armed;
    });
}

}  // namespace wakepoll::sim
