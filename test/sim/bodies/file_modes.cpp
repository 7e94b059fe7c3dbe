// The part of sys/overlapped_io.hpp that is about how a file was opened and what it posts, over the
// simulated kernel.
#include <memory>

#include "../status.hpp"
#include "../syscall.hpp"
#include "sys/overlapped_io.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Syscall;

std::error_code skip_packets_on_success(Handle handle) noexcept {
    Syscall call(Call::skip_packets, handle.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    if (object == nullptr || !object->is_file()) {
        return call.fail(sim::code::invalid_handle);
    }
    if (!object->is_overlapped()) {
        return call.fail(sim::code::invalid_parameter);
    }
    object->skip_packets();
    return {};
}

Result<bool> is_overlapped(Handle file) noexcept {
    Syscall call(Call::is_overlapped, file.value());
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
    return call.answer(object->is_overlapped());
}

}  // namespace wakepoll::sys
