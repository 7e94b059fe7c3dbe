// See syscall.hpp.
#include "syscall.hpp"

#include <utility>

#include "behaviours.hpp"
#include "inside.hpp"
#include "port_thread.hpp"
#include "status.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sim {

ModelLock::ModelLock(Kernel& kernel) : kernel_(kernel), lock_(kernel.mutex_) {
    kernel_.tell_time();
}

ModelLock::~ModelLock() { kernel_.settle(); }

Syscall::Syscall(Call call, std::uintptr_t subject, std::uint64_t argument)
    : kernel_(Kernel::current()), lock_(kernel_.mutex_) {
    record_.call = call;
    record_.subject = subject;
    record_.argument = argument;
    record_.by_actor = Acting::now();
    kernel_.model_.log.count(call);
    kernel_.clock_ += kernel_.options_.call_cost;
    kernel_.tell_time();
    kernel_.let_actors_act(lock_);
    kernel_.tell_time();
    fault_ = kernel_.model_.faults.take(call, kernel_.model_.random);
    record_.by_fault = fault_ != 0;
}

Syscall::~Syscall() {
    record_.time = kernel_.clock_now();
    kernel_.model_.log.record(record_);
    kernel_.settle();
    kernel_.let_actors_act(lock_);
    kernel_.settle();
}

std::error_code Syscall::fail(std::uint32_t code) noexcept {
    record_.code = code;
    return win32_error(code);
}

std::uint32_t Syscall::block(std::uint32_t milliseconds, const std::function<bool()>& ready,
                             bool alertable) {
    return kernel_.block(lock_, milliseconds, ready, alertable) == Kernel::Blocked::hung
               ? code::interrupted
               : 0;
}

std::uint32_t Syscall::wait_for_reads(const Object& file) {
    if (!kernel_.model_.traits.calls_wait_for_reads) {
        return 0;
    }
    note_if(kernel_.model_.waits.is_read(file), Behaviour::call_waits_for_read);
    return block(kernel_infinite, [&] { return !kernel_.model_.waits.is_read(file); });
}

Wait* Syscall::arm(std::shared_ptr<Object> object, Wait::For what, Wait::Callback callback,
                   void* context) {
    Wait* const wait = kernel_.model_.waits.add(std::move(object), what, callback, context);
    kernel_.arm_wait_thread();
    return wait;
}

void Syscall::disarm(Wait* wait) {
    const BlockedThread blocked;
    // A callback that was due could have run at the entry of this call.
    kernel_.changed_.wait(lock_, [&] { return wait->stage != Wait::Stage::running; });
    kernel_.model_.waits.remove(wait);
}

void Syscall::set_timer(const std::shared_ptr<WaitableTimer>& timer,
                        std::chrono::nanoseconds delay) {
    Model& model = kernel_.model_;
    timer->set(due_moment(now(), delay, kernel_.options_.early_waits, model.traits, model.random));
    model.timers.watch(timer);
}

}  // namespace wakepoll::sim
