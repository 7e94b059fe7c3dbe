// sys/pipe.hpp over the simulated kernel.
#include "sys/pipe.hpp"

#include <memory>

#include "../pipe.hpp"
#include "../status.hpp"
#include "../syscall.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::PipeEnd;
using sim::Syscall;

Result<std::uint32_t> readable_bytes(Handle pipe) noexcept {
    Syscall call(Call::readable_bytes, pipe.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(pipe);
    if (object == nullptr || !object->is_file()) {
        return call.fail(sim::code::invalid_handle);
    }
    const auto end = std::dynamic_pointer_cast<PipeEnd>(object);
    if (end == nullptr) {
        return call.fail(sim::code::invalid_function);
    }
    // The calls on a synchronous handle wait for each other.
    const std::uint32_t hang =
        call.block(kernel_infinite, [&] { return !call->waits.is_read(*end); });
    if (hang != 0) {
        return call.fail(hang);
    }
    std::size_t bytes = 0;
    if (const std::uint32_t code = end->peek(bytes)) {
        return call.fail(code);
    }
    return static_cast<std::uint32_t>(call.answer(bytes));
}

bool carries_messages(Handle pipe) noexcept {
    Syscall call(Call::carries_messages, pipe.value());
    const auto end = call->handles.find_as<PipeEnd>(pipe);
    return call.answer(end != nullptr && end->carries_messages());
}

bool reads_wait(Handle pipe) noexcept {
    Syscall call(Call::reads_wait, pipe.value());
    const auto end = call->handles.find_as<PipeEnd>(pipe);
    return call.answer(end == nullptr || !end->never_waits());
}

}  // namespace wakepoll::sys
