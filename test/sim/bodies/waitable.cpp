// sys/waitable.hpp over the simulated kernel.
//
// The read by a thread of the pool is one step here: arm_on_pipe is QueueUserWorkItem, and a
// failure of the read is reported by the callback.
#include "sys/waitable.hpp"

#include <memory>

#include "../behaviours.hpp"
#include "../status.hpp"
#include "../syscall.hpp"
#include "../waitables.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Syscall;
using sim::Wait;

namespace {

// The pseudo-handles of this process and this thread, which have not ended.
bool is_pseudo_handle(Handle handle) {
    return handle == Handle(~std::uintptr_t{0}) || handle == Handle(~std::uintptr_t{1});
}

void run_wait(void* wait) noexcept { static_cast<const ThreadPoolWait*>(wait)->run(); }

}  // namespace

std::error_code ThreadPoolWait::arm(Handle object, Callback callback, void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    Syscall call(Call::wait_arm, object.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Object> found = call->handles.find(object);
    if (found == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    target_ = call->handles.open_for_wait(found);
    reads_ = false;
    registration_ = call.arm(std::move(found), Wait::For::signal, &run_wait, this);
    return {};
}

std::error_code ThreadPoolWait::arm_on_pipe(Handle pipe, Callback callback,
                                            void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    Syscall call(Call::pipe_wait_arm, pipe.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    target_ = pipe;
    reads_ = true;
    registration_ = call.arm(call->handles.find(pipe), Wait::For::read, &run_wait, this);
    return {};
}

void ThreadPoolWait::disarm() noexcept {
    if (registration_ == nullptr) {
        return;
    }
    Syscall call(Call::wait_disarm);
    call.disarm(static_cast<Wait*>(registration_.exchange(nullptr)));
    if (!reads_) {
        call->handles.close_handle(target_, call->traits);
    }
}

Result<bool> take_signal(Handle object) noexcept {
    Syscall call(Call::take_signal, object.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (is_pseudo_handle(object)) {
        return call.answer(false);
    }
    const std::shared_ptr<sim::Object> found = call->handles.find(object);
    if (found == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    const bool signalled = found->signalled();
    note_if(!signalled && found->kind() == sim::Kind::named_pipe, sim::Behaviour::unsignalled_pipe);
    if (signalled) {
        found->take_signal();
    }
    return call.answer(signalled);
}

Result<bool> is_auto_reset(Handle event) noexcept {
    Syscall call(Call::is_auto_reset, event.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto found = call->handles.find_as<sim::Event>(event);
    if (found == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    return call.answer(found->is_auto_reset());
}

}  // namespace wakepoll::sys
