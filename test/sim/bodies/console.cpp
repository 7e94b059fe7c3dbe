// sys/console.hpp over the simulated kernel.
#include "sys/console.hpp"

#include <memory>

#include "../behaviours.hpp"
#include "../console.hpp"
#include "../status.hpp"
#include "../syscall.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Console;
using sim::Syscall;

Result<ConsoleRecord> next_console_record(Handle console) noexcept {
    Syscall call(Call::next_console_record, console.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto found = call->handles.find_as<Console>(console);
    if (found == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    return call.answer(found->next());
}

std::error_code discard_console_record(Handle console) noexcept {
    Syscall call(Call::discard_console_record, console.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto found = call->handles.find_as<Console>(console);
    if (found == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    // Without a record Windows would block, and here nothing could end that.
    if (call.block(kernel_infinite, [&] { return found->signalled(); }) != 0) {
        return call.fail(sim::code::interrupted);
    }
    note_if(found->next() == ConsoleRecord::key, sim::Behaviour::key_release);
    static_cast<void>(call.answer(found->take()));
    return {};
}

}  // namespace wakepoll::sys
