// sys/doorbell.hpp over the simulated kernel: a UDP socket that is its own peer.
//
// Its creation takes nine calls on Windows and one here, which succeeds or fails as a whole.
#include "sys/doorbell.hpp"

#include <array>
#include <memory>

#include "../status.hpp"
#include "../syscall.hpp"
#include "../udp_socket.hpp"

namespace wakepoll::sys {

using sim::Call;
using sim::Syscall;
using sim::UdpSocket;

Result<Doorbell> Doorbell::create() noexcept {
    Syscall call(Call::doorbell_create);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (call->winsock_sessions == 0) {
        return call.fail(sim::code::not_initialised);
    }
    switch (sim::Kernel::current().options().loopback) {
        case sim::Loopback::none:
            return call.fail(sim::code::address_not_available);
        case sim::Loopback::drops: {
            const std::uint32_t hang = call.block(longest_way, [] { return false; });
            return call.fail(hang != 0 ? hang : sim::code::network_down);
        }
        case sim::Loopback::works:
            break;
    }
    const auto socket = std::make_shared<UdpSocket>();
    socket->connect_to(socket);
    return Doorbell(call.answer(call->handles.open(socket).value()));
}

std::error_code Doorbell::ring() const noexcept {
    Syscall call(Call::doorbell_ring, socket_);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    // If the number belongs to another socket by now, that one sends, as on Windows.
    const auto socket = call->handles.find_as<sim::Socket>(Handle(socket_));
    if (socket == nullptr) {
        return call.fail(sim::code::not_a_socket);
    }
    const std::uint8_t byte = 0;
    const sim::Moved sent = socket->send({&byte, 1}, call->traits);
    if (sent.code != 0 && sent.code != sim::code::would_block) {
        return call.fail(sent.code);
    }
    return {};
}

std::error_code Doorbell::drain() const noexcept {
    Syscall call(Call::doorbell_drain, socket_);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto socket = call->handles.find_as<sim::Socket>(Handle(socket_));
    if (socket == nullptr) {
        return call.fail(sim::code::not_a_socket);
    }
    std::array<std::uint8_t, 1> byte = {};
    const sim::Moved received = socket->receive(byte, call->traits);
    if (received.code != 0 && received.code != sim::code::would_block) {
        return call.fail(received.code);
    }
    return {};
}

void Doorbell::close() noexcept {
    if (!is_open()) {
        return;
    }
    Syscall call(Call::doorbell_close, socket_);
    call->handles.close_socket(Handle(socket_), call->traits);
    socket_ = closed;
}

}  // namespace wakepoll::sys
