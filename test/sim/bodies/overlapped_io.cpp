// The transfers of sys/overlapped_io.hpp, and their cancel, over the simulated kernel.
#include "sys/overlapped_io.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "../behaviours.hpp"
#include "../network.hpp"
#include "../udp_socket.hpp"
#include "overlapped_calls.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {
namespace overlapped {
namespace {

using sim::Outcome;

/// The outcome of a blocking call on a synchronous handle; or the code of a hang.
std::uint32_t wait_for_outcome(Syscall& call, const IoObject& object,
                               const NativeOverlapped& overlapped,
                               const std::optional<Outcome>& outcome) {
    const std::uint32_t hang =
        call.block(kernel_infinite, [&outcome] { return outcome.has_value(); });
    if (hang != 0) {
        call->operations.cancel(object, &overlapped, call.now());
    }
    return hang;
}

}  // namespace

std::uint32_t find_file(Syscall& call, Handle file, std::shared_ptr<IoObject>& found) {
    const std::shared_ptr<sim::Object> object = call->handles.find(file);
    if (object == nullptr || !object->is_file()) {
        return sim::code::invalid_handle;
    }
    found = std::dynamic_pointer_cast<IoObject>(object);
    return found != nullptr ? 0 : sim::code::invalid_function;
}

std::error_code refuse(Syscall& call, NativeOverlapped& overlapped, std::uint32_t code) {
    if (call->traits.refused_looks_pending) {
        overlapped.internal = sim::status::pending;
        note(sim::Behaviour::refused_looks_pending);
    }
    return call.fail(code);
}

Result<Started> start(Syscall& call, Operation operation) {
    const bool of_socket = operation.object->kind() == sim::Kind::socket;
    const std::optional<Outcome> outcome = call->operations.start(std::move(operation), call.now());
    if (outcome && sim::status::is_error(outcome->status)) {
        return call.fail(sim::code_of_status(outcome->status, of_socket));
    }
    if (!outcome || outcome->status != sim::status::success) {
        return Started{};  // A warning posts a packet, too.
    }
    return Started{true, static_cast<std::uint32_t>(call.answer(outcome->bytes))};
}

Result<Started> begin(Syscall& call, Operation operation) {
    const std::shared_ptr<IoObject> object = operation.object;
    NativeOverlapped& overlapped = *operation.overlapped;
    const std::uint32_t refusal = object->refusal(operation.kind, call->traits);
    if (refusal != 0) {
        return refuse(call, overlapped, refusal);
    }
    // Calls on a synchronous handle wait for each other.
    const std::uint32_t taken =
        call.block(kernel_infinite, [&] { return !call->waits.is_read(*object); });
    if (taken != 0) {
        return call.fail(taken);
    }
    std::optional<Outcome> later;
    operation.waiter = object->is_overlapped() ? nullptr : &later;
    std::optional<Outcome> outcome = call->operations.start(std::move(operation), call.now());
    if (!outcome && !object->is_overlapped()) {
        const std::uint32_t hang = wait_for_outcome(call, *object, overlapped, later);
        if (hang != 0) {
            return call.fail(hang);
        }
        outcome = later;
    }
    if (!outcome) {
        return Started{};
    }
    if (sim::status::is_error(outcome->status)) {
        const bool of_socket = object->kind() == sim::Kind::socket;
        return call.fail(sim::code_of_status(outcome->status, of_socket));
    }
    if (outcome->status != sim::status::success && object->is_overlapped()) {
        return Started{.cut = object->kind() == sim::Kind::socket};  // A warning: the call fails.
    }
    return Started{true, static_cast<std::uint32_t>(call.answer(outcome->bytes))};
}

}  // namespace overlapped

namespace {

using namespace overlapped;
using sim::Address;

Result<Started> transfer(Call name, OperationKind kind, Handle socket,
                         std::span<const IoBuffer> buffers, NativeOverlapped& overlapped) {
    Syscall call(name, socket.value(), buffers.size());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Socket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    return begin(call, {.kind = kind,
                        .object = found,
                        .overlapped = &overlapped,
                        .buffers = {buffers.begin(), buffers.end()}});
}

Result<Started> transfer(Call name, OperationKind kind, Handle file, IoBuffer buffer,
                         NativeOverlapped& overlapped) {
    Syscall call(name, file.value(), buffer.size);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<IoObject> found;
    if (const std::uint32_t code = find_file(call, file, found)) {
        return call.fail(code);
    }
    return begin(call,
                 {.kind = kind, .object = found, .overlapped = &overlapped, .buffers = {buffer}});
}

}  // namespace

Result<Started> receive(Handle socket, std::span<const IoBuffer> buffers,
                        NativeOverlapped& overlapped) noexcept {
    return transfer(Call::receive, OperationKind::read, socket, buffers, overlapped);
}

Result<Started> send(Handle socket, std::span<const IoBuffer> buffers,
                     NativeOverlapped& overlapped) noexcept {
    return transfer(Call::send, OperationKind::write, socket, buffers, overlapped);
}

Result<Started> receive_from(Handle socket, IoBuffer buffer, std::byte* address, std::int32_t& size,
                             NativeOverlapped& overlapped) noexcept {
    Syscall call(Call::receive_from, socket.value(), buffer.size);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Socket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    if (size < static_cast<std::int32_t>(Address::size)) {
        return call.fail(sim::code::fault);
    }
    return begin(call, {.kind = OperationKind::read,
                        .object = found,
                        .overlapped = &overlapped,
                        .buffers = {buffer},
                        .sender = address,
                        .sender_size = &size});
}

Result<Started> send_to(Handle socket, IoBuffer buffer, std::span<const std::byte> address,
                        NativeOverlapped& overlapped) noexcept {
    Syscall call(Call::send_to, socket.value(), buffer.size);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::UdpSocket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    if (address.size() < Address::size) {
        return call.fail(sim::code::fault);
    }
    const std::optional<Address> target = Address::from(address);
    if (!target) {
        return call.fail(sim::code::family_not_supported);
    }
    if (target->host == 0 || target->port == 0) {
        return call.fail(sim::code::address_not_available);
    }
    if (!found->is_bound()) {
        call->network.bind(found);
    }
    return start(call, {.kind = OperationKind::write,
                        .object = found,
                        .overlapped = &overlapped,
                        .buffers = {buffer},
                        .has_target = true,
                        .target = target->on_loopback() ? call->network.receiver_at(target->port)
                                                        : nullptr});
}

Result<Started> read(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    return transfer(Call::read, OperationKind::read, file, buffer, overlapped);
}

Result<Started> write(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    return transfer(Call::write, OperationKind::write, file, buffer, overlapped);
}

std::error_code cancel(Handle handle, NativeOverlapped& overlapped) noexcept {
    Syscall call(Call::cancel, handle.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const std::shared_ptr<sim::Object> object = call->handles.find(handle);
    if (object == nullptr || !object->is_file()) {
        return call.fail(sim::code::invalid_handle);
    }
    if (!call->operations.cancel(*object, &overlapped, call.now())) {
        return call.fail(sim::code::not_found);
    }
    return {};
}

}  // namespace wakepoll::sys
