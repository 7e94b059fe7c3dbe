// sys/overlapped_io.hpp over the simulated kernel.
//
// AcceptEx, GetAcceptExSockaddrs and ConnectEx take two calls each on Windows, where WSAIoctl
// fetches them, and one here.
#include "sys/overlapped_io.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "../behaviours.hpp"
#include "../network.hpp"
#include "../operations.hpp"
#include "../status.hpp"
#include "../syscall.hpp"
#include "../tcp_socket.hpp"
#include "../udp_socket.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {
namespace {

using sim::Address;
using sim::Call;
using sim::IoObject;
using sim::Operation;
using sim::OperationKind;
using sim::Outcome;
using sim::Syscall;
using sim::TcpSocket;

/// The socket, or why there is none.
template <class T>
std::uint32_t find_socket(Syscall& call, Handle socket, std::shared_ptr<T>& found) {
    if (call->winsock_sessions == 0) {
        return sim::code::not_initialised;
    }
    found = call->handles.find_as<T>(socket);
    if (found != nullptr) {
        return 0;
    }
    return call->handles.find_as<sim::Socket>(socket) != nullptr ? sim::code::invalid_argument
                                                                 : sim::code::not_a_socket;
}

/// The object of a file handle that can be read and written, or why there is none.
std::uint32_t find_file(Syscall& call, Handle file, std::shared_ptr<IoObject>& found) {
    const std::shared_ptr<sim::Object> object = call->handles.find(file);
    if (object == nullptr || !object->is_file()) {
        return sim::code::invalid_handle;
    }
    found = std::dynamic_pointer_cast<IoObject>(object);
    return found != nullptr ? 0 : sim::code::invalid_function;
}

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

/// Fails the call, and leaves its OVERLAPPED as Windows does.
std::error_code refuse(Syscall& call, NativeOverlapped& overlapped, std::uint32_t code) {
    if (call->traits.refused_looks_pending) {
        overlapped.internal = sim::status::pending;
        note(sim::Behaviour::refused_looks_pending);
    }
    return call.fail(code);
}

/// Starts an operation that its object has accepted, on an overlapped handle.
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

/// Starts the operation, unless its object refuses it.
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
        return Started{};  // A warning: the call fails and posts a packet.
    }
    return Started{true, static_cast<std::uint32_t>(call.answer(outcome->bytes))};
}

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

Result<Started> connect_pipe(Handle server, NativeOverlapped& overlapped) noexcept {
    Syscall call(Call::connect_pipe, server.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<IoObject> found;
    if (const std::uint32_t code = find_file(call, server, found)) {
        return call.fail(code);
    }
    const std::uint32_t refusal = found->refusal(OperationKind::connect, call->traits);
    if (refusal == sim::code::pipe_connected) {
        return Started{.at_once = true, .without_packet = true};
    }
    return begin(call,
                 {.kind = OperationKind::connect, .object = found, .overlapped = &overlapped});
}

Result<Started> read(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    return transfer(Call::read, OperationKind::read, file, buffer, overlapped);
}

Result<Started> write(Handle file, IoBuffer buffer, NativeOverlapped& overlapped) noexcept {
    return transfer(Call::write, OperationKind::write, file, buffer, overlapped);
}

Result<Handle> socket_like(Handle listener) noexcept {
    Syscall call(Call::socket_like, listener.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Socket> found;
    if (const std::uint32_t code = find_socket(call, listener, found)) {
        return call.fail(code);
    }
    std::shared_ptr<sim::Socket> made;
    if (found->socket_kind() == SocketKind::stream) {
        made = std::make_shared<TcpSocket>();
    } else {
        made = std::make_shared<sim::UdpSocket>();
    }
    return Handle(call.answer(call->handles.open(std::move(made)).value()));
}

Result<Started> accept(Handle listener, Handle accepted, std::span<std::byte> buffer,
                       NativeOverlapped& overlapped) noexcept {
    Syscall call(Call::accept, listener.value(), accepted.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<TcpSocket> from;
    std::shared_ptr<TcpSocket> into;
    if (const std::uint32_t code = find_socket(call, listener, from)) {
        return call.fail(code);
    }
    if (const std::uint32_t code = find_socket(call, accepted, into)) {
        return call.fail(code);
    }
    if (buffer.size() < 2 * std::size_t{accept_address_room} || !into->can_become_accepted()) {
        return refuse(call, overlapped, sim::code::invalid_argument);
    }
    const IoBuffer whole{static_cast<std::uint32_t>(buffer.size()), buffer.data()};
    return begin(call, {.kind = OperationKind::accept,
                        .object = std::move(from),
                        .overlapped = &overlapped,
                        .buffers = {whole},
                        .accepted = std::move(into)});
}

AcceptedAddresses accepted_addresses(Handle listener, std::span<const std::byte> buffer) noexcept {
    Syscall call(Call::accepted_addresses, listener.value());
    std::shared_ptr<TcpSocket> found;
    if (call.fault() != 0 || find_socket(call, listener, found) != 0 ||
        buffer.size() < 2 * std::size_t{accept_address_room}) {
        return {};
    }
    const auto room = buffer.last(2 * std::size_t{accept_address_room});
    return {room.first(Address::size), room.subspan(accept_address_room, Address::size)};
}

std::error_code update_accept_context(Handle accepted, Handle listener) noexcept {
    Syscall call(Call::update_accept_context, accepted.value(), listener.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<TcpSocket> from;
    std::shared_ptr<TcpSocket> into;
    if (const std::uint32_t code = find_socket(call, accepted, into)) {
        return call.fail(code);
    }
    if (const std::uint32_t code = find_socket(call, listener, from)) {
        return call.fail(code);
    }
    return call.fail(into->update_accept_context(*from));
}

std::error_code bind_any(Handle socket, std::span<const std::byte> address) noexcept {
    Syscall call(Call::bind_any, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Socket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    if (!Address::from(address)) {
        return call.fail(sim::code::family_not_supported);
    }
    if (found->is_bound()) {
        return call.fail(sim::code::invalid_argument);
    }
    call->network.bind(found);
    return {};
}

Result<Started> connect(Handle socket, std::span<const std::byte> address,
                        NativeOverlapped& overlapped) noexcept {
    Syscall call(Call::connect, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<TcpSocket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    if (const std::uint32_t code = found->refusal(OperationKind::connect, call->traits)) {
        return refuse(call, overlapped, code);
    }
    const std::optional<Address> target = Address::from(address);
    if (!target) {
        return call.fail(sim::code::family_not_supported);
    }
    if (target->host == 0 || target->port == 0) {
        return call.fail(sim::code::address_not_available);
    }
    const std::chrono::nanoseconds refused_at = call.now() + call->traits.refusal_delay;
    const std::shared_ptr<TcpSocket> listener = call->network.listener_at(target->port);
    if (!target->on_loopback()) {
        // Which of the two is reported depends on what notices it first.
        found->connect_to_nowhere(call->random.below(2) == 0 ? sim::status::network_unreachable
                                                             : sim::status::host_unreachable);
    } else if (listener != nullptr) {
        found->connect_to(*listener, refused_at);
    } else {
        found->connect_to_nobody(refused_at);
    }
    return start(call,
                 {.kind = OperationKind::connect, .object = found, .overlapped = &overlapped});
}

std::error_code update_connect_context(Handle socket) noexcept {
    Syscall call(Call::update_connect_context, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<TcpSocket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    return call.fail(found->update_connect_context());
}

void close_socket(Handle socket) noexcept {
    Syscall call(Call::close_socket, socket.value());
    call->handles.close_socket(socket, call->traits);
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

Result<bool> has_file_handles(Handle socket) noexcept {
    Syscall call(Call::has_file_handles, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    std::shared_ptr<sim::Socket> found;
    if (const std::uint32_t code = find_socket(call, socket, found)) {
        return call.fail(code);
    }
    return call.answer(!sim::Kernel::current().options().layered_sockets);
}

}  // namespace wakepoll::sys
