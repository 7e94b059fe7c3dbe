// sys/socket_poll.hpp over the simulated kernel: WSAPoll's rules for the array as a whole. What it
// reports of one socket is in tcp_readiness.cpp and udp_socket.cpp.
//
// A number that is no socket at entry gets NVAL and is not counted; it neither ends the wait nor
// fails the call, unless there is no socket at all. Windows checks the events from the first socket
// on [W3, W5, W6]. A number whose socket was closed with CloseHandle (see handle_table.hpp) fails
// the call whatever else is in the array. A socket that is closed while it is polled ends the wait
// with NVAL, and is counted. All of this was seen on Wine 8.
#include "sys/socket_poll.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "../behaviours.hpp"
#include "../sockets.hpp"
#include "../status.hpp"
#include "../syscall.hpp"

namespace wakepoll::sys {
namespace {

using sim::Call;
using sim::Socket;
using sim::Syscall;

constexpr int legal = poll_bits::rdnorm | poll_bits::rdband | poll_bits::wrnorm;

/// The sockets at entry; null if the number is no socket.
using Sockets = std::vector<std::shared_ptr<Socket>>;

/// Fills in all `revents`. True if anything ends the wait.
bool look(std::span<PollEntry> entries, const Sockets& sockets, const sim::Traits& traits,
          std::chrono::nanoseconds now) {
    bool ended = false;
    for (std::size_t i = 0; i != entries.size(); ++i) {
        PollEntry& entry = entries[i];
        if (sockets[i] == nullptr) {
            entry.revents = poll_bits::nval;
            continue;
        }
        entry.revents = sockets[i]->has_handles() ? sockets[i]->readiness(entry.events, traits, now)
                                                  : poll_bits::nval;
        ended = ended || entry.revents != 0;
    }
    return ended;
}

void clear(std::span<PollEntry> entries) {
    for (PollEntry& entry : entries) {
        entry.revents = 0;
    }
}

/// Counts what the call answers for a socket.
void note_answer(const PollEntry& entry, const Socket& socket) {
    socket.note_answer();
    note_if((entry.revents & poll_bits::err) != 0 && (entry.revents & poll_bits::wrnorm) != 0 &&
                socket.is_connected(),
            sim::Behaviour::reset_is_writable);
}

/// True if an entry, from the first socket on, asks for a bit that is not allowed.
bool asks_for_too_much(std::span<const PollEntry> entries, const Sockets& sockets) {
    const auto first =
        std::ranges::find_if(sockets, [](const auto& one) { return one != nullptr; });
    return std::ranges::any_of(entries.subspan(static_cast<std::size_t>(first - sockets.begin())),
                               [](const PollEntry& entry) { return (entry.events & ~legal) != 0; });
}

}  // namespace

Result<std::size_t> poll_sockets(std::span<PollEntry> entries,
                                 std::uint32_t milliseconds) noexcept {
    Syscall call(Call::poll_sockets, entries.size(), milliseconds);
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (call->winsock_sessions == 0) {
        return call.fail(sim::code::not_initialised);
    }
    if (entries.empty()) {
        return call.fail(sim::code::invalid_argument);
    }
    Sockets sockets;
    for (const PollEntry& entry : entries) {
        if (call->handles.is_orphaned(Handle(entry.socket))) {
            clear(entries);
            return call.fail(sim::code::not_a_socket);
        }
        sockets.push_back(call->handles.find_as<Socket>(Handle(entry.socket)));
    }
    if (std::ranges::all_of(sockets, [](const auto& socket) { return socket == nullptr; })) {
        look(entries, sockets, call->traits, call.now());
        return call.fail(sim::code::not_a_socket);
    }
    if (call->traits.refuses_illegal_events && asks_for_too_much(entries, sockets)) {
        note(sim::Behaviour::illegal_events);
        clear(entries);
        return call.fail(sim::code::invalid_argument);
    }
    const std::uint32_t hang = call.block(
        milliseconds, [&] { return look(entries, sockets, call->traits, call.now()); },
        call->traits.poll_runs_apcs);
    if (hang != 0) {
        clear(entries);
        return call.fail(hang);
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i != entries.size(); ++i) {
        if (sockets[i] != nullptr && entries[i].revents != 0) {
            note_answer(entries[i], *sockets[i]);
            ++count;
        }
    }
    return call.answer(count);
}

Result<std::uint64_t> failed_connects(std::span<const std::uintptr_t> sockets) noexcept {
    Syscall call(Call::failed_connects, sockets.size());
    if (call.fault() != 0) {
        return call.fail(call.fault());
    }
    if (call->winsock_sessions == 0) {
        return call.fail(sim::code::not_initialised);
    }
    if (sockets.empty() || sockets.size() > failed_connects_limit) {
        return call.fail(sim::code::invalid_argument);
    }
    std::uint64_t failed = 0;
    for (std::size_t i = 0; i != sockets.size(); ++i) {
        const auto socket = call->handles.find_as<Socket>(Handle(sockets[i]));
        if (socket == nullptr) {
            return call.fail(sim::code::not_a_socket);
        }
        const bool exceptional = socket->is_exceptional(call->traits, call.now());
        note_if(exceptional && socket->is_listening(),
                sim::Behaviour::refused_listener_is_exceptional);
        failed |= std::uint64_t{exceptional} << i;
    }
    return call.answer(failed);
}

}  // namespace wakepoll::sys
