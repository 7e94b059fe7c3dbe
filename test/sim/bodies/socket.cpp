// sys/socket.hpp over the simulated kernel.
//
// Stricter than Windows in one way: the simulated world starts no Winsock session of its own, so
// code that forgets to start Winsock fails.
#include "sys/socket.hpp"

#include <memory>

#include "../behaviours.hpp"
#include "../sockets.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll::sys {
namespace {

using sim::Call;
using sim::Syscall;

/// One getsockopt: `question` answers for the socket.
template <class Question>
auto ask(Call name, Handle socket, Question question)
    -> Result<decltype(question(std::declval<const sim::Socket&>()))> {
    Syscall call(name, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (call->winsock_sessions == 0) {
        return call.fail(sim::code::not_initialised);
    }
    const auto found = call->handles.find_as<sim::Socket>(socket);
    if (found == nullptr) {
        return call.fail(sim::code::not_a_socket);
    }
    return call.answer(question(*found));
}

}  // namespace

Result<WinsockSession> WinsockSession::start() noexcept {
    Syscall call(Call::winsock_start);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    ++call->winsock_sessions;
    WinsockSession session;
    session.started_ = true;
    return session;
}

void WinsockSession::end() noexcept {
    if (!std::exchange(started_, false)) {
        return;
    }
    Syscall call(Call::winsock_end);
    --call->winsock_sessions;
}

Result<SocketKind> socket_kind(Handle socket) noexcept {
    return ask(Call::socket_kind, socket,
               [](const sim::Socket& found) { return found.socket_kind(); });
}

Result<bool> is_connected(Handle socket) noexcept {
    return ask(Call::is_connected, socket,
               [](const sim::Socket& found) { return found.is_connected(); });
}

Result<bool> is_listening(Handle socket) noexcept {
    return ask(Call::is_listening, socket,
               [](const sim::Socket& found) { return found.is_listening(); });
}

Result<bool> is_shut_both_ways(Handle socket) noexcept {
    Syscall call(Call::is_shut_both_ways, socket.value());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    const auto found = call->handles.find_as<sim::Socket>(socket);
    if (found == nullptr) {
        return call.fail(sim::code::not_a_socket);
    }
    if (!call->traits.tells_tcp_state || found->socket_kind() != SocketKind::stream) {
        return call.fail(sim::code::not_supported);
    }
    const bool shut = found->is_shut_both_ways();
    note_if(shut, sim::Behaviour::shut_both_ways);
    if (shut && call->traits.forgets_what_is_shut == sim::Seeded::yes) {
        note(sim::Behaviour::shut_is_not_connected);
        return call.fail(sim::code::not_connected);
    }
    return call.answer(shut);
}

}  // namespace wakepoll::sys
