// The functions of sys/overlapped_io.hpp about how a file was opened and what it posts, over the
// simulated kernel.
#include <memory>
#include <type_traits>

#include "../behaviours.hpp"
#include "../status.hpp"
#include "../syscall.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Syscall;

namespace {

/// Sets a mode that cannot be undone on a file that is opened for overlapped use.
template <class Set>
std::error_code set_on_file(Call name, Handle handle, Set set_it) noexcept {
    Syscall call(name, handle.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    if (object == nullptr || !object->is_file()) {
        return call.fail(sim::code::invalid_handle);
    }
    if (!object->is_overlapped()) {
        note(sim::Behaviour::skip_on_synchronous);
        return call.fail(sim::code::invalid_parameter);
    }
    set_it(*object);
    return {};
}

/// The result of `answer` for the file.
template <class Answer>
auto ask_file(Call name, Handle file, Answer answer) noexcept
    -> Result<std::invoke_result_t<Answer, const sim::Object&>> {
    Syscall call(name, file.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(file);
    if (object == nullptr || !object->is_file()) {
        return call.fail(sim::code::invalid_handle);
    }
    if (const std::uint32_t hang = call.wait_for_reads(*object)) {
        return call.fail(hang);
    }
    return answer(*object);
}

}  // namespace

std::error_code skip_packets_on_success(Handle handle) noexcept {
    return set_on_file(Call::skip_packets, handle,
                       [](sim::Object& object) { object.skip_packets(); });
}

Result<bool> skips_packets(Handle handle) noexcept {
    return ask_file(Call::skips_packets, handle,
                    [](const sim::Object& object) { return object.skips_packets(); });
}

std::error_code mark(Handle handle) noexcept {
    return set_on_file(Call::mark, handle, [](sim::Object& object) { object.mark(); });
}

Result<FileModes> modes_of(Handle handle) noexcept {
    return ask_file(Call::is_marked, handle, [](const sim::Object& object) {
        return FileModes{.is_marked = object.is_marked(), .skips_packets = object.skips_packets()};
    });
}

Result<bool> is_overlapped(Handle file) noexcept {
    return ask_file(Call::is_overlapped, file,
                    [](const sim::Object& object) { return object.is_overlapped(); });
}

}  // namespace wakepoll::sys
