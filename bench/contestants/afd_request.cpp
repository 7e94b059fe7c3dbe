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

bool submit_afd_poll(HANDLE device, IO_STATUS_BLOCK& status, AfdHeader& request, std::size_t size) {
    request.timeout.QuadPart = INT64_MAX;
    request.exclusive = 0;
    status.Status = pending;
    const NTSTATUS result =
        ::NtDeviceIoControlFile(device, nullptr, nullptr, &status, &status, ioctl_poll, &request,
                                static_cast<ULONG>(size), &request, static_cast<ULONG>(size));
    check_status(result, "NtDeviceIoControlFile");
    return result != pending;
}

void cancel_afd_poll(HANDLE device, IO_STATUS_BLOCK& status) noexcept {
    IO_STATUS_BLOCK of_cancel = {};
    // A request that has just been answered is not found and needs no cancel.
    ::NtCancelIoFileEx(device, &status, &of_cancel);
}

void AfdRequest::poll(ULONG events) {
    info.header.count = 1;
    info.entry = {reinterpret_cast<HANDLE>(socket), events, 0};
    (void)submit_afd_poll(device, status, info.header, sizeof(info));
    in_flight = true;
}

void AfdRequest::cancel() noexcept { cancel_afd_poll(device, status); }

AfdRequest& AfdRequest::ended_by(const OVERLAPPED_ENTRY& packet) noexcept {
    AfdRequest& request = *CONTAINING_RECORD(packet.lpOverlapped, AfdRequest, status);
    request.in_flight = false;
    return request;
}

HANDLE open_afd_device(HANDLE port, UCHAR modes) {
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
    check(::SetFileCompletionNotificationModes(device, modes) != FALSE,
          "SetFileCompletionNotificationModes");
    return device;
}

HANDLE AfdDevices::next() {
    if (sockets_ % sockets_per_device == 0) {
        devices_.push_back(open_afd_device(port_.get()));
    }
    ++sockets_;
    return devices_.back();
}

void AfdDevices::close() noexcept {
    for (const HANDLE device : devices_) {
        ::CloseHandle(device);
    }
    devices_.clear();
    sockets_ = 0;
}

}  // namespace wakepoll::bench
