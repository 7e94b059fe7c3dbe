// The functions of sys/overlapped_io.hpp that make connections, over the simulated kernel.
//
// AcceptEx, GetAcceptExSockaddrs and ConnectEx take two calls each on Windows, where WSAIoctl
// fetches them, and one here.
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "../network.hpp"
#include "../tcp_socket.hpp"
#include "../udp_socket.hpp"
#include "overlapped_calls.hpp"

namespace wakepoll::sys {
namespace {

using namespace overlapped;
using sim::Address;
using sim::TcpSocket;

}  // namespace

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
        found->connect_refused(refused_at);
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
