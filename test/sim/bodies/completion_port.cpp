// sys/completion_port.hpp over the simulated kernel.
#include "sys/completion_port.hpp"

#include <memory>

#include "../behaviours.hpp"
#include "../port.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Port;
using sim::Syscall;

Result<CompletionPort> CompletionPort::create(std::uint32_t concurrency) noexcept {
    Syscall call(Call::port_create);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const Handle handle = call->handles.open(std::make_shared<Port>(concurrency));
    return CompletionPort(Handle(call.answer(handle.value())));
}

std::error_code CompletionPort::associate(Handle handle, std::uintptr_t key) const noexcept {
    Syscall call(Call::port_associate, handle.value(), key);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<Port> port = call->handles.find_as<Port>(handle_);
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    if (port == nullptr || object == nullptr || !object->is_file()) {
        return call.fail(sim::code::invalid_handle);
    }
    if (const std::uint32_t hang = call.wait_for_reads(*object)) {
        return call.fail(hang);
    }
    if (!object->is_overlapped() || object->port() != nullptr) {
        return call.fail(sim::code::invalid_parameter);
    }
    object->associate(port, key);
    return {};
}

std::error_code CompletionPort::post(std::uintptr_t key, void* overlapped,
                                     std::uint32_t bytes) const noexcept {
    Syscall call(Call::port_post, handle_.value(), key);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<Port> port = call->handles.find_as<Port>(handle_);
    if (port == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    if (!port->post({.key = key, .overlapped = overlapped, .internal = 0, .bytes = bytes},
                    call->packet_pool)) {
        return call.fail(sim::code::no_system_resources);
    }
    return {};
}

Result<std::size_t> CompletionPort::dequeue(std::span<Packet> packets,
                                            std::uint32_t milliseconds) const noexcept {
    Syscall call(Call::port_dequeue, handle_.value(), milliseconds);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (packets.empty()) {
        return call.fail(sim::code::invalid_parameter);
    }
    const std::shared_ptr<Port> port = call->handles.find_as<Port>(handle_);
    if (port == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    port->join();
    const bool closing_ends_it = call->traits.closed_port_ends_wait;
    const auto is_over = [&] {
        return port->may_take(call->traits) || (closing_ends_it && !port->has_handles());
    };
    std::uint32_t hang = 0;
    if (!is_over()) {
        const Port::Taker taker(*port, call->traits);
        hang = call.block(milliseconds, is_over);
    }
    if (hang != 0) {
        return call.fail(hang);
    }
    if (port->may_take(call->traits)) {
        return call.answer(port->take(packets, call->traits));
    }
    if (closing_ends_it && !port->has_handles()) {
        note(sim::Behaviour::dequeue_of_closed_port);
        return call.fail(sim::code::abandoned_wait);
    }
    return call.answer(std::size_t{0});
}

void CompletionPort::protect(bool from_close) const noexcept {
    Syscall call(Call::port_protect, handle_.value(), from_close ? 1 : 0);
    call->handles.protect(handle_, from_close);
}

void CompletionPort::close() noexcept {
    if (!handle_) {
        return;
    }
    Syscall call(Call::port_close, handle_.value());
    call->handles.close_handle(handle_, call->traits);
    handle_ = Handle{};
}

std::uint32_t win32_code_of_status(std::uint32_t status) noexcept {
    struct Row {
        std::uint32_t status;
        std::uint32_t code;
    };
    // The results of RtlNtStatusToDosError for the statuses of operations.
    constexpr Row rows[] = {
        {0x00000000, 0},     // SUCCESS
        {0x00000102, 258},   // TIMEOUT: WAIT_TIMEOUT
        {0x00000103, 997},   // PENDING: ERROR_IO_PENDING
        {0x80000005, 234},   // BUFFER_OVERFLOW: ERROR_MORE_DATA
        {0x8000000A, 676},   // HANDLES_CLOSED: ERROR_HANDLES_CLOSED
        {0xC0000008, 6},     // INVALID_HANDLE
        {0xC000000D, 87},    // INVALID_PARAMETER
        {0xC0000011, 38},    // END_OF_FILE: ERROR_HANDLE_EOF
        {0xC0000017, 8},     // NO_MEMORY: ERROR_NOT_ENOUGH_MEMORY
        {0xC0000022, 5},     // ACCESS_DENIED
        {0xC000009A, 1450},  // INSUFFICIENT_RESOURCES: ERROR_NO_SYSTEM_RESOURCES
        {0xC00000B0, 233},   // PIPE_DISCONNECTED: ERROR_PIPE_NOT_CONNECTED
        {0xC00000B1, 232},   // PIPE_CLOSING: ERROR_NO_DATA
        {0xC00000B5, 121},   // IO_TIMEOUT: ERROR_SEM_TIMEOUT
        {0xC0000120, 995},   // CANCELLED: ERROR_OPERATION_ABORTED
        {0xC000014B, 109},   // PIPE_BROKEN: ERROR_BROKEN_PIPE
        {0xC000020C, 64},    // CONNECTION_DISCONNECTED: ERROR_NETNAME_DELETED
        {0xC000020D, 64},    // CONNECTION_RESET: ERROR_NETNAME_DELETED
        {0xC0000225, 1168},  // NOT_FOUND
        {0xC0000236, 1225},  // CONNECTION_REFUSED
        {0xC000023C, 1231},  // NETWORK_UNREACHABLE
        {0xC000023D, 1232},  // HOST_UNREACHABLE
        {0xC000023F, 1234},  // PORT_UNREACHABLE
        {0xC0000241, 1236},  // CONNECTION_ABORTED
    };
    constexpr std::uint32_t no_message = 317;  // ERROR_MR_MID_NOT_FOUND
    for (const Row& row : rows) {
        if (row.status == status) {
            return row.code;
        }
    }
    return no_message;
}

}  // namespace wakepoll::sys
