// See afd_request.hpp.
#include "contestants/afd_request.hpp"

#include <cstdint>

// Documented for drivers; <winternl.h> leaves it out.
extern "C" __declspec(dllimport) NTSTATUS NTAPI
    NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK call, PIO_STATUS_BLOCK status_block);

namespace wakepoll::bench {
namespace {

constexpr ULONG ioctl_poll = 0x00012024;
constexpr auto pending = static_cast<NTSTATUS>(0x103);

void check_status(NTSTATUS status, const char* call) {
    if (!NT_SUCCESS(status)) {
        fail(call, ::RtlNtStatusToDosError(status));
    }
}

}  // namespace

void AfdRequest::poll(ULONG events) {
    info.timeout.QuadPart = INT64_MAX;
    info.count = 1;
    info.exclusive = 0;
    info.socket = reinterpret_cast<HANDLE>(socket);
    info.events = events;
    info.status = 0;
    status.Status = pending;
    check_status(::NtDeviceIoControlFile(device, nullptr, nullptr, &status, &status, ioctl_poll,
                                         &info, sizeof(info), &info, sizeof(info)),
                 "NtDeviceIoControlFile");
    in_flight = true;
}

void AfdRequest::cancel() {
    IO_STATUS_BLOCK of_cancel = {};
    // A request that has just been answered is not found and needs no cancel.
    ::NtCancelIoFileEx(device, &status, &of_cancel);
}

AfdRequest& AfdRequest::ended_by(const OVERLAPPED_ENTRY& packet) noexcept {
    AfdRequest& request = *CONTAINING_RECORD(packet.lpOverlapped, AfdRequest, status);
    request.in_flight = false;
    return request;
}

HANDLE open_afd_device(HANDLE port) {
    wchar_t path[] = L"\\Device\\Afd\\bench";
    UNICODE_STRING name = {};
    name.Buffer = path;
    name.Length = sizeof(path) - sizeof(path[0]);
    name.MaximumLength = sizeof(path);
    OBJECT_ATTRIBUTES attributes = {};
    attributes.Length = sizeof(attributes);
    attributes.ObjectName = &name;
    HANDLE device = nullptr;
    IO_STATUS_BLOCK status = {};
    check_status(::NtCreateFile(&device, SYNCHRONIZE, &attributes, &status, nullptr, 0,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0),
                 "NtCreateFile");
    check(::CreateIoCompletionPort(device, port, 0, 0) != nullptr, "CreateIoCompletionPort");
    check(::SetFileCompletionNotificationModes(device, FILE_SKIP_SET_EVENT_ON_HANDLE) != FALSE,
          "SetFileCompletionNotificationModes");
    return device;
}

}  // namespace wakepoll::bench
