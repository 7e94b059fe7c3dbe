// AFD requests by Windows' own calls: of one socket, as wepoll makes it (32 sockets per device
// handle, and a packet for every answer, including immediate ones), and of many.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "support/loopback_sockets.hpp"
#include "support/owned_handle.hpp"

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

/// Of one socket: what to report in the input of a request, what was found in its output.
struct AfdEntry {
    HANDLE socket;
    ULONG events;
    NTSTATUS status;
};

/// The beginning of a request's input, which the answer overwrites; the entries follow.
struct AfdHeader {
    LARGE_INTEGER timeout;
    ULONG count;
    ULONG exclusive;
};

struct AfdRequest {
    struct Info {
        AfdHeader header;
        AfdEntry entry;
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
    void cancel() noexcept;
    /// True if an event was reported; call after its packet has come.
    [[nodiscard]] bool is_ready() const noexcept {
        return info.header.count != 0 && info.entry.events != 0;
    }

    /// The request that a packet belongs to: the context is its status block.
    [[nodiscard]] static AfdRequest& ended_by(const OVERLAPPED_ENTRY& packet) noexcept;
};

/// Submits a request of the header and the entries behind it, `size` bytes; the packet's context is
/// the status block. True if it was answered at once.
bool submit_afd_poll(HANDLE device, IO_STATUS_BLOCK& status, AfdHeader& request, std::size_t size);
/// Its packet still comes, unless it was answered at once.
void cancel_afd_poll(HANDLE device, IO_STATUS_BLOCK& status) noexcept;

/// Opens a device handle whose packets come to this port.
[[nodiscard]] HANDLE open_afd_device(HANDLE port, UCHAR modes = FILE_SKIP_SET_EVENT_ON_HANDLE);

/// A port, and device handles of 32 sockets each.
class AfdDevices {
public:
    AfdDevices() = default;
    ~AfdDevices() { close(); }
    AfdDevices(const AfdDevices&) = delete;
    AfdDevices& operator=(const AfdDevices&) = delete;

    [[nodiscard]] const RawPort& port() const noexcept { return port_; }

    /// The device handle of one more socket.
    [[nodiscard]] HANDLE next();

    /// Closes them. Nothing may be in flight: the kernel would still write to the requests.
    void close() noexcept;

private:
    RawPort port_;
    std::vector<HANDLE> devices_;
    std::size_t sockets_ = 0;
};

/// Cancels those that are in flight, and waits for their packets.
template <class Requests>
void end_requests(const RawPort& port, Requests& requests) {
    std::size_t left = 0;
    for (AfdRequest& request : requests) {
        if (request.in_flight) {
            request.cancel();
            ++left;
        }
    }
    std::array<OVERLAPPED_ENTRY, 64> room = {};
    while (left > 0) {
        for (const OVERLAPPED_ENTRY& packet : port.dequeue(room)) {
            if (packet.lpOverlapped != nullptr) {
                (void)AfdRequest::ended_by(packet);
                --left;
            }
        }
    }
}

}  // namespace wakepoll::bench
