// The static poller: part of the DLL, and of the host itself. See guest.hpp.
// The order matters.
// clang-format off
#include <winsock2.h>
#include <windows.h>
// clang-format on

#include "guest.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wakepoll/os_poller.hpp"

namespace {

using namespace wakepoll;
namespace busy = wakepoll::test::busy;

std::optional<OsPoller> poller;
std::array<std::byte, 64> buffer;

/// Two datagram sockets would do as well; these are connected to themselves, so nothing leaves.
Handle socket_of_its_own() {
    const SOCKET made = ::WSASocketW(AF_INET, SOCK_DGRAM, 0, nullptr, 0, WSA_FLAG_OVERLAPPED);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    if (made == INVALID_SOCKET ||
        ::bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return {};
    }
    return Handle(made);
}

DWORD CALLBACK wait_without_end(void* /*unused*/) {
    std::array<NativeEvent, 8> events;
    while (!poller->wait(events, wait_forever).error) {
    }
    return 0;
}

bool add(Handle handle, std::uint64_t data) {
    return handle && poller->register_handle(handle, IoInterest::read, data);
}

/// Returns when the other thread is in a wait that blocks. (It must not call into a poller that is
/// gone, but may be in a call when the poller goes.)
bool begin_wait() {
    const std::uint64_t before = poller->stats().blocked;
    if (::CreateThread(nullptr, 0, &wait_without_end, nullptr, 0, nullptr) == nullptr) {
        return false;
    }
    while (poller->stats().blocked == before) {
        ::Sleep(1);
    }
    return true;
}

}  // namespace

extern "C" __declspec(dllexport) bool begin_guest(unsigned what) {
    Result<OsPoller> made = OsPoller::create({});
    if (!made) {
        return false;
    }
    poller.emplace(std::move(*made));
    bool good = true;
    if ((what & busy::pipe) != 0) {
        HANDLE ends[2] = {};
        good = ::CreatePipe(&ends[0], &ends[1], nullptr, 0) != FALSE && good;
        good = add(Handle(ends[0]), 1) && good;
    }
    if ((what & busy::event) != 0) {
        good = add(Handle(::CreateEventW(nullptr, TRUE, FALSE, nullptr)), 2) && good;
    }
    if ((what & busy::sockets) != 0) {
        for (std::uint64_t i = 0; i < 20; ++i) {
            good = add(socket_of_its_own(), 3 + i) && good;
        }
    }
    if ((what & busy::operation) != 0) {
        const Handle socket = socket_of_its_own();
        good = poller->submit_read(socket, buffer, 99).has_value() && good;
    }
    if (good && (what & busy::wait) != 0) {
        return begin_wait();
    }
    // What is registered is armed by a wait.
    std::array<NativeEvent, 8> events;
    return good && !poller->wait(events, std::chrono::milliseconds(1)).error;
}
