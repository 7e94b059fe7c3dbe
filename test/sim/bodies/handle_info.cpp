// sys/handle_info.hpp over the simulated kernel.
#include "sys/handle_info.hpp"

#include <memory>

#include "../object.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll::sys {
namespace {

using sim::Call;
using sim::Kind;
using sim::Syscall;

constexpr Handle current_process{~std::uintptr_t{0}};
constexpr Handle current_thread{~std::uintptr_t{1}};

/// A query whose only answer is success or failure.
template <class Test>
bool holds(Call name, Handle handle, Test test) {
    Syscall call(name, handle.value());
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    return call.answer(call.fault() == 0 && object != nullptr &&
                       call.wait_for_reads(*object) == 0 && test(*object));
}

}  // namespace

Result<FileType> file_type(Handle handle) noexcept {
    Syscall call(Call::file_type, handle.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    if (object == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    if (const std::uint32_t hang = call.wait_for_reads(*object)) {
        return call.fail(hang);
    }
    switch (object->kind()) {
        case Kind::disk_file:
        case Kind::directory:
            return call.answer(FileType::disk);
        case Kind::null_device:
        case Kind::console:
            return call.answer(FileType::character);
        case Kind::socket:
        case Kind::anonymous_pipe:
        case Kind::named_pipe:
        case Kind::afd_device:
            return call.answer(FileType::pipe);
        default:
            return call.fail(sim::code::invalid_handle);
    }
}

bool is_console(Handle handle) noexcept {
    return holds(Call::is_console, handle,
                 [](const sim::Object& object) { return object.kind() == Kind::console; });
}

bool is_pipe(Handle handle) noexcept {
    return holds(Call::is_pipe, handle, [](const sim::Object& object) {
        return object.kind() == Kind::anonymous_pipe || object.kind() == Kind::named_pipe;
    });
}

Result<HandleType> object_type(Handle handle) noexcept {
    Syscall call(Call::object_type, handle.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    // The two pseudo-handles are not in the table, but the kernel knows them.
    if (handle == current_process) {
        return call.answer(HandleType::process);
    }
    if (handle == current_thread) {
        return call.answer(HandleType::thread);
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    if (object == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    switch (object->kind()) {
        case Kind::event:
            return call.answer(HandleType::event);
        case Kind::process:
            return call.answer(HandleType::process);
        case Kind::thread:
            return call.answer(HandleType::thread);
        case Kind::semaphore:
            return call.answer(HandleType::semaphore);
        case Kind::timer:
            return call.answer(HandleType::timer);
        default:
            return call.answer(HandleType::unknown);
    }
}

bool is_protected(Handle handle) noexcept {
    Syscall call(Call::port_protect, handle.value());  // Only ports are protected here.
    return call.answer(call->handles.is_protected(handle));
}

}  // namespace wakepoll::sys
