// sys/timer.hpp over the simulated kernel.
#include "sys/timer.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ratio>

#include "../status.hpp"
#include "../syscall.hpp"
#include "../waitable_timer.hpp"

namespace wakepoll::sys {
namespace {

using sim::Call;
using sim::Reset;
using sim::Syscall;
using sim::WaitableTimer;

/// The kernel's unit for timers.
using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

// So that the time still fits in nanoseconds when it is rounded up.
constexpr std::chrono::nanoseconds longest = std::chrono::nanoseconds::max() - Ticks(1);

}  // namespace

Result<Timer> Timer::create() noexcept {
    Syscall call(Call::timer_create);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const Handle handle = call->handles.open(std::make_shared<WaitableTimer>(Reset::manual));
    return Timer(Handle(call.answer(handle.value())));
}

std::error_code Timer::set(std::chrono::nanoseconds delay) const noexcept {
    const Ticks ticks = std::max(std::chrono::ceil<Ticks>(std::min(delay, longest)), Ticks(1));
    Syscall call(Call::timer_set, handle_.value(), static_cast<std::uint64_t>(ticks.count()));
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto timer = call->handles.find_as<WaitableTimer>(handle_);
    if (timer == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    call.set_timer(timer, ticks);
    return {};
}

std::error_code Timer::cancel() const noexcept {
    Syscall call(Call::timer_cancel, handle_.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto timer = call->handles.find_as<WaitableTimer>(handle_);
    if (timer == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    timer->cancel();
    return {};
}

void Timer::close() noexcept {
    if (!is_open()) {
        return;
    }
    Syscall call(Call::timer_close, handle_.value());
    call->handles.close_handle(handle_, call->traits);
    handle_ = {};
}

}  // namespace wakepoll::sys
