// One AFD request for one socket, by Windows' own calls, as wepoll makes it: 32 sockets per device
// handle, and a packet for every answer, including immediate ones.
#pragma once

#include <cstddef>

#include "support/loopback_sockets.hpp"

// After <windows.h>, which is included above.
#include <winternl.h>

namespace wakepoll::bench {

inline constexpr std::size_t sockets_per_device = 32;

namespace afd_event {
inline constexpr ULONG receive_urgent = 0x2;
/// Receive, disconnect, abort, local close, accept, connect failed: what wepoll requests for
/// EPOLLIN.
inline constexpr ULONG readable = 0x1 | 0x8 | 0x10 | 0x20 | 0x80 | 0x100;
}  // namespace afd_event

struct AfdRequest {
    /// The input of the request, which the answer overwrites.
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

    /// Submits the request; none may be in flight.
    void poll(ULONG events);
    /// Its packet still comes.
    void cancel();
    /// True if an event was reported; call after its packet has come.
    [[nodiscard]] bool is_ready() const noexcept { return info.count != 0 && info.events != 0; }

    /// The request that a packet belongs to: the context is its status block.
    [[nodiscard]] static AfdRequest& ended_by(const OVERLAPPED_ENTRY& packet) noexcept;
};

/// Opens a device handle whose packets come to this port.
[[nodiscard]] HANDLE open_afd_device(HANDLE port);

}  // namespace wakepoll::bench
