// sys/waitable.hpp over the simulated kernel.
#include "sys/waitable.hpp"

#include <memory>
#include <utility>

#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Syscall;

std::error_code ThreadPoolWait::arm(Handle object, Callback callback, void* context) noexcept {
    disarm();
    Syscall call(Call::wait_arm, object.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Object> found = call->handles.find(object);
    if (found == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    registration_ = call.arm(std::move(found), callback, context);
    return {};
}

void ThreadPoolWait::disarm() noexcept {
    if (registration_ == nullptr) {
        return;
    }
    Syscall call(Call::wait_disarm);
    call.disarm(static_cast<sim::Wait*>(registration_.exchange(nullptr)));
}

}  // namespace wakepoll::sys
