// sys/afd_device.hpp over the simulated kernel.
#include "sys/afd_device.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "../afd_device.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll::sys {
namespace {

using sim::AfdFile;
using sim::Call;
using sim::Kernel;
using sim::Syscall;

/// The sockets of a request; empty if one is not a socket, or not one that AFD knows.
std::vector<sim::AfdMember> find_members(Syscall& call, const AfdRequest& request) {
    std::vector<sim::AfdMember> members;
    members.reserve(request.count);
    for (std::size_t i = 0; i != request.count; ++i) {
        const AfdItem& item = request.items()[i];
        const Handle handle(item.socket);
        auto socket = call->handles.find_as<sim::Socket>(handle);
        if (socket == nullptr || !socket->is_afds() ||
            (Kernel::current().options().layered_sockets && !call->handles.is_base(handle))) {
            return {};
        }
        members.push_back({std::move(socket), item.socket, item.events});
    }
    return members;
}

/// WSAIoctl for a socket of a lower layer; `tells` if there is one and it is reported.
Result<Handle> ask_below(Call name, Handle socket, bool tells) {
    Syscall call(name, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (call->winsock_sessions == 0) {
        return call.fail(sim::code::not_initialised);
    }
    if (call->handles.find_as<sim::Socket>(socket) == nullptr) {
        return call.fail(sim::code::not_a_socket);
    }
    if (!tells) {
        return call.fail(sim::code::not_supported);
    }
    const bool layered = Kernel::current().options().layered_sockets;
    return Handle(call.answer((layered ? call->handles.base_of(socket) : socket).value()));
}

}  // namespace

Result<AfdDevice> AfdDevice::open() noexcept {
    Syscall call(Call::afd_open);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (!Kernel::current().options().afd_opens) {
        return call.fail(sim::code::file_not_found);
    }
    const Handle handle = call->handles.open(std::make_shared<AfdFile>(call->afd));
    return AfdDevice(Handle(call.answer(handle.value())));
}

Result<bool> AfdDevice::poll(AfdRequest& request, AfdStatus& status, void* context) const noexcept {
    Syscall call(Call::afd_poll, handle_.value(), request.count);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto device = call->handles.find_as<AfdFile>(handle_);
    if (device == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    const bool known_timeout = request.timeout == AfdRequest::forever || request.timeout == 0;
    if (request.count == 0 || !known_timeout || request.exclusive != 0) {
        return call.fail(sim::code::invalid_parameter);
    }
    std::vector<sim::AfdMember> members = find_members(call, request);
    if (members.empty()) {
        return call.fail(sim::code::invalid_handle);
    }
    return call.answer(call->afd.submit(device, std::move(members), request, status,
                                        context != nullptr ? context : &status, call.now()));
}

std::error_code AfdDevice::cancel(AfdStatus& status) const noexcept {
    Syscall call(Call::afd_cancel, handle_.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto device = call->handles.find_as<AfdFile>(handle_);
    if (device == nullptr) {
        return call.fail(sim::code::invalid_handle);
    }
    if (!call->afd.cancel(*device, status, call.now())) {
        return call.fail(sim::code::not_found);
    }
    return {};
}

void AfdDevice::close() noexcept {
    if (!is_open()) {
        return;
    }
    Syscall call(Call::afd_close, handle_.value());
    call->handles.close_handle(handle_, call->traits);
    handle_ = {};
}

Result<Handle> base_socket(Handle socket) noexcept {
    const sim::Options& options = Kernel::current().options();
    return ask_below(Call::base_socket, socket,
                     !options.layered_sockets || !options.layered_refuses_base);
}

Result<Handle> next_socket(Handle socket) noexcept {
    return ask_below(Call::next_socket, socket, Kernel::current().traits().tells_next_socket);
}

}  // namespace wakepoll::sys
