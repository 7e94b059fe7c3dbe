// sys: the device behind Winsock, asked which sockets are ready, with the answer at the port.
//
// Undocumented, but what wepoll, mio, libuv and the JDK stand on; doc/windows-facts.md has what is
// known of it. A request covers any number of sockets. It is answered at once where one of them is
// ready, and no packet comes then; otherwise it stays in flight until one is, and is answered once,
// by a packet at the port that the device is associated with, whose OVERLAPPED is the request's
// context. A request tells of those that are ready when it is answered, not of all that may
// become so.
//
// One thin function a kernel call.
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
/// kernel reads it when the request is submitted. The answer has the same form: `count` of those
/// that are ready, in the order of the request, with what they are ready for.
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

/// How a request in flight will have ended, in the layout of IO_STATUS_BLOCK.
struct AfdStatus {
    std::uintptr_t status = 0;  ///< NTSTATUS, in the lower 32 bits.
    std::uintptr_t information = 0;
};

/// Owns a handle to the device. A handle is cheap; the cost of a cancel grows with the number of
/// requests in flight on its handle.
class AfdDevice {
public:
    /// NtCreateFile of \Device\Afd\wakepoll. ERROR_FILE_NOT_FOUND (2) and the like where this
    /// system has no such device.
    [[nodiscard]] static Result<AfdDevice> open() noexcept;

    AfdDevice() noexcept = default;
    AfdDevice(AfdDevice&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
    AfdDevice& operator=(AfdDevice&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~AfdDevice() { close(); }

    /// NtDeviceIoControlFile(IOCTL_AFD_POLL) with `request` as input and output and `context`,
    /// which is not null and is not dereferenced, as the packet's OVERLAPPED. True where it was
    /// answered at once; `request` holds the answer then, and no packet comes where
    /// `skip_packets_on_success` was called for the device. False where it is in flight: both stay
    /// where they are until the packet has been dequeued. ERROR_INVALID_HANDLE (6) where one of the
    /// sockets is none, of whichever it is: nothing was asked then.
    [[nodiscard]] Result<bool> poll(AfdRequest& request, AfdStatus& status,
                                    void* context = nullptr) const noexcept;

    /// NtCancelIoFileEx of one request. ERROR_NOT_FOUND (1168) where it has been answered; its
    /// packet comes in either case.
    [[nodiscard]] std::error_code cancel(AfdStatus& status) const noexcept;

    /// CloseHandle. Nothing where it is not open.
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(handle_); }
    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit AfdDevice(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

/// WSAIoctl(SIO_BASE_HANDLE): the socket of the lowest provider below this one, which is the socket
/// itself where no other is layered above. A provider may refuse to tell.
[[nodiscard]] Result<Handle> base_socket(Handle socket) noexcept;

/// WSAIoctl(SIO_BSP_HANDLE_POLL): the socket of the provider right below that it wants to be polled
/// with; the socket itself where there is none below. Fails with WSAEOPNOTSUPP (10045) on Wine 8.
[[nodiscard]] Result<Handle> next_socket(Handle socket) noexcept;

}  // namespace wakepoll::sys
