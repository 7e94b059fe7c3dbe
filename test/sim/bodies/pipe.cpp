// sys/pipe.hpp over the simulated kernel.
#include "sys/pipe.hpp"

#include <memory>

#include "../pipe.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

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
    if (const std::uint32_t hang = call.wait_for_reads(*end)) {
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
    return call.answer(end != nullptr && call.wait_for_reads(*end) == 0 && end->carries_messages());
}

bool reads_wait(Handle pipe) noexcept {
    Syscall call(Call::reads_wait, pipe.value());
    const auto end = call->handles.find_as<PipeEnd>(pipe);
    return call.answer(end == nullptr || call.wait_for_reads(*end) != 0 || !end->never_waits());
}

}  // namespace wakepoll::sys
