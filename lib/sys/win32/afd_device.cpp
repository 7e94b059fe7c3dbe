// The device behind Winsock, on Windows. See afd_device.hpp.
//
// The calls are those of every user of this device (wepoll, mio, libuv): the device is opened with
// SYNCHRONIZE only, and the request is both input and output, so that only one block of memory has
// to outlive the call.
#include "sys/afd_device.hpp"

#include <cstddef>
#include <utility>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

/// IOCTL_AFD_POLL, which the SDK does not define: FSCTL_AFD_BASE, function 9, METHOD_BUFFERED.
constexpr ULONG ioctl_poll = 0x00012024;

constexpr NTSTATUS status_success = 0;
constexpr auto status_pending = static_cast<NTSTATUS>(STATUS_PENDING);
static_assert(status_pending == 0x103);

// The kernel gets an AfdStatus as an IO_STATUS_BLOCK.
static_assert(sizeof(AfdStatus) == sizeof(IO_STATUS_BLOCK));
static_assert(alignof(AfdStatus) == alignof(IO_STATUS_BLOCK));
static_assert(offsetof(AfdStatus, status) == offsetof(IO_STATUS_BLOCK, Status));
static_assert(offsetof(AfdStatus, information) == offsetof(IO_STATUS_BLOCK, Information));
static_assert(sizeof(AfdStatus::information) == sizeof(IO_STATUS_BLOCK::Information));

// The layout of AFD_POLL_INFO and AFD_POLL_HANDLE_INFO, which the SDK does not define either.
static_assert(sizeof(AfdRequest) == 16 && alignof(AfdRequest) == alignof(LARGE_INTEGER));
static_assert(offsetof(AfdRequest, timeout) == 0);
static_assert(offsetof(AfdRequest, count) == 8);
static_assert(offsetof(AfdRequest, exclusive) == 12);
static_assert(sizeof(AfdItem) == sizeof(HANDLE) + sizeof(ULONG) + sizeof(NTSTATUS));
static_assert(offsetof(AfdItem, socket) == 0);
static_assert(offsetof(AfdItem, events) == sizeof(HANDLE));
static_assert(offsetof(AfdItem, status) == sizeof(HANDLE) + sizeof(ULONG));
static_assert(sizeof(AfdRequest) % alignof(AfdItem) == 0, "the items follow without a gap");

IO_STATUS_BLOCK* native(AfdStatus& status) noexcept {
    return reinterpret_cast<IO_STATUS_BLOCK*>(&status);
}

std::error_code status_failure(NTSTATUS status) noexcept {
    return failure(::RtlNtStatusToDosError(status));
}

/// A WSAIoctl that returns a socket.
Result<Handle> ask_for_socket(Handle socket, DWORD question) noexcept {
    SOCKET answer = INVALID_SOCKET;
    DWORD size = 0;
    if (::WSAIoctl(socket.value(), question, nullptr, 0, &answer, sizeof(answer), &size, nullptr,
                   nullptr) == SOCKET_ERROR) {
        return last_socket_failure();
    }
    return Handle(std::uintptr_t{answer});
}

}  // namespace

Result<AfdDevice> AfdDevice::open() noexcept {
    // What follows the device's name is ignored: the same device opens.
    wchar_t path[] = L"\\Device\\Afd\\wakepoll";
    UNICODE_STRING name = {};
    name.Buffer = path;
    name.Length = sizeof(path) - sizeof(path[0]);
    name.MaximumLength = sizeof(path);
    OBJECT_ATTRIBUTES attributes = {};
    attributes.Length = sizeof(attributes);
    attributes.ObjectName = &name;

    HANDLE device = nullptr;
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS status =
        ::NtCreateFile(&device, SYNCHRONIZE, &attributes, &status_block, nullptr, 0,
                       FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0);
    if (!NT_SUCCESS(status)) {
        return status_failure(status);
    }
    return AfdDevice(Handle(device));
}

Result<bool> AfdDevice::poll(AfdRequest& request, AfdStatus& status, void* context) const noexcept {
    const auto size =
        static_cast<ULONG>(sizeof(AfdRequest) + std::size_t{request.count} * sizeof(AfdItem));
    const NTSTATUS result = ::NtDeviceIoControlFile(
        handle_.native(), nullptr, nullptr, context != nullptr ? context : &status, native(status),
        ioctl_poll, &request, size, &request, size);
    switch (result) {
        case status_success:
            return true;
        case status_pending:
            return false;
        default:
            return status_failure(result);
    }
}

std::error_code AfdDevice::cancel(AfdStatus& status) const noexcept {
    IO_STATUS_BLOCK status_block = {};
    const NTSTATUS result = ::NtCancelIoFileEx(handle_.native(), native(status), &status_block);
    return NT_SUCCESS(result) ? std::error_code() : status_failure(result);
}

void AfdDevice::close() noexcept {
    if (handle_) {
        ::CloseHandle(std::exchange(handle_, Handle{}).native());
    }
}

Result<Handle> base_socket(Handle socket) noexcept {
    return ask_for_socket(socket, SIO_BASE_HANDLE);
}

Result<Handle> next_socket(Handle socket) noexcept {
    return ask_for_socket(socket, SIO_BSP_HANDLE_POLL);
}

}  // namespace wakepoll::sys
