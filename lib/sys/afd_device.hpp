// sys: the device behind Winsock, which reports ready sockets through the port.
//
// Undocumented, but wepoll, mio, libuv and the JDK rely on it; see doc/internals/windows-facts.md.
// A request covers any number of sockets. Where one of them is ready, it is answered at once and no
// packet comes; otherwise it stays in flight until one is, and is answered once, by a packet at the
// port that the device is associated with, whose OVERLAPPED is the request's context. The answer
// lists the sockets that are ready at that moment, not all that may become so later.
//
// One thin function per kernel call.
#pragma once

#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "core/afd_bits.hpp"
#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

namespace afd_bits = core::afd_bits;

/// One socket of a request, in the layout of AFD_POLL_HANDLE_INFO.
struct AfdItem {
    std::uintptr_t socket = 0;  ///< The base socket: one of a layered provider is refused.
    std::uint32_t events = 0;
    std::uint32_t status = 0;
};

/// The head of a request, in the layout of AFD_POLL_INFO; its items follow without a gap. The
/// kernel reads it when the request is submitted. The answer has the same form: `count` items that
/// are ready, in the order of the request, with their events.
struct AfdRequest {
    static constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

    std::int64_t timeout = forever;
    std::uint32_t count = 0;
    std::uint32_t exclusive = 0;

    [[nodiscard]] AfdItem* items() noexcept { return reinterpret_cast<AfdItem*>(this + 1); }
    [[nodiscard]] const AfdItem* items() const noexcept {
        return reinterpret_cast<const AfdItem*>(this + 1);
    }
};

/// The final status of a request, in the layout of IO_STATUS_BLOCK.
struct AfdStatus {
    std::uintptr_t status = 0;  ///< NTSTATUS, in the lower 32 bits.
    std::uintptr_t information = 0;
};

/// Owns a handle to the device. A handle is cheap; the cost of a cancel grows with the number of
/// requests in flight on its handle.
class AfdDevice {
public:
    /// NtCreateFile of \Device\Afd\wakepoll. Fails with ERROR_FILE_NOT_FOUND (2) or similar if
    /// the system has no such device.
    [[nodiscard]] static Result<AfdDevice> open() noexcept;

    AfdDevice() noexcept = default;
    AfdDevice(AfdDevice&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
    AfdDevice& operator=(AfdDevice&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~AfdDevice() { close(); }

    /// NtDeviceIoControlFile(IOCTL_AFD_POLL) with `request` as input and output. The packet's
    /// OVERLAPPED is `context`, which is never dereferenced; null stands for `status`. Returns true
    /// if the request was answered at once: `request` holds the answer, and no packet comes
    /// if `skip_packets_on_success` was called for the device. Returns false if it is in
    /// flight: `request` and `status` must stay in place until the packet has been dequeued.
    /// ERROR_INVALID_HANDLE (6) if any of the handles is not a socket; nothing was submitted
    /// then.
    [[nodiscard]] Result<bool> poll(AfdRequest& request, AfdStatus& status,
                                    void* context = nullptr) const noexcept;

    /// NtCancelIoFileEx of one request. ERROR_NOT_FOUND (1168) if it has been answered; its
    /// packet comes in either case.
    [[nodiscard]] std::error_code cancel(AfdStatus& status) const noexcept;

    /// CloseHandle. No-op if it is not open.
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(handle_); }
    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit AfdDevice(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

/// WSAIoctl(SIO_BASE_HANDLE): the socket of the base provider, which is the socket itself unless
/// another provider is layered above. A provider may refuse.
[[nodiscard]] Result<Handle> base_socket(Handle socket) noexcept;

/// WSAIoctl(SIO_BSP_HANDLE_POLL): the socket to poll in the provider below; the socket itself if
/// there is none below. Fails with WSAEOPNOTSUPP (10045) on Wine 8.
[[nodiscard]] Result<Handle> next_socket(Handle socket) noexcept;

}  // namespace wakepoll::sys
