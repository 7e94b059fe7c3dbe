// One AFD request for one socket, by Windows' own calls, as wepoll makes it: 32 sockets to a handle
// of the device, every answer by a packet, also one that is given at once.
#pragma once

#include <cstddef>

#include "support/loopback_sockets.hpp"

// Behind <windows.h>, which the above includes.
#include <winternl.h>

namespace wakepoll::bench {

inline constexpr std::size_t sockets_per_device = 32;

namespace afd_event {
inline constexpr ULONG receive_urgent = 0x2;
/// Receive, disconnect, abort, local close, accept, connect failed: what wepoll asks for EPOLLIN.
inline constexpr ULONG readable = 0x1 | 0x8 | 0x10 | 0x20 | 0x80 | 0x100;
}  // namespace afd_event

struct AfdRequest {
    /// What the device is given, and overwrites with its answer.
    struct Info {
        LARGE_INTEGER timeout;
        ULONG count;
        ULONG exclusive;
        HANDLE socket;
        ULONG events;
        NTSTATUS status;
    };
    static_assert(sizeof(Info) == 32);

    SOCKET socket = INVALID_SOCKET;
    HANDLE device = nullptr;
    Info info = {};
    IO_STATUS_BLOCK status = {};
    bool in_flight = false;

    /// Makes the request, which has no other in flight.
    void poll(ULONG events);
    /// Its packet comes all the same.
    void cancel();
    /// Some event was reported; to be asked when its packet has come.
    [[nodiscard]] bool is_ready() const noexcept { return info.count != 0 && info.events != 0; }

    /// The request that this packet ends: its context is its own status block.
    [[nodiscard]] static AfdRequest& ended_by(const OVERLAPPED_ENTRY& packet) noexcept;
};

/// A handle of the device whose packets come to this port.
[[nodiscard]] HANDLE open_afd_device(HANDLE port);

}  // namespace wakepoll::bench
