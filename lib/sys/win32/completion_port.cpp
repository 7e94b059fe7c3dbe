// The completion port on Windows: one kernel call per function. See completion_port.hpp.
#include "sys/completion_port.hpp"

#include <cstddef>
#include <utility>

#include "sys/win32/windows.hpp"
#include "wakepoll/overlapped.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {

// The kernel gets an array of Packet as an array of OVERLAPPED_ENTRY.
static_assert(sizeof(Packet) == sizeof(OVERLAPPED_ENTRY));
static_assert(alignof(Packet) == alignof(OVERLAPPED_ENTRY));
static_assert(offsetof(Packet, key) == offsetof(OVERLAPPED_ENTRY, lpCompletionKey));
static_assert(offsetof(Packet, overlapped) == offsetof(OVERLAPPED_ENTRY, lpOverlapped));
static_assert(offsetof(Packet, internal) == offsetof(OVERLAPPED_ENTRY, Internal));
static_assert(offsetof(Packet, bytes) == offsetof(OVERLAPPED_ENTRY, dwNumberOfBytesTransferred));
static_assert(sizeof(Packet::bytes) == sizeof(OVERLAPPED_ENTRY::dwNumberOfBytesTransferred));

// Overlapped calls get a NativeOverlapped as an OVERLAPPED.
static_assert(sizeof(NativeOverlapped) == sizeof(OVERLAPPED));
static_assert(alignof(NativeOverlapped) == alignof(OVERLAPPED));
static_assert(offsetof(NativeOverlapped, internal) == offsetof(OVERLAPPED, Internal));
static_assert(offsetof(NativeOverlapped, internal_high) == offsetof(OVERLAPPED, InternalHigh));
static_assert(offsetof(NativeOverlapped, offset) == offsetof(OVERLAPPED, Offset));
static_assert(offsetof(NativeOverlapped, offset_high) == offsetof(OVERLAPPED, OffsetHigh));
static_assert(offsetof(NativeOverlapped, event) == offsetof(OVERLAPPED, hEvent));

static_assert(kernel_infinite == INFINITE);
static_assert(kernel_wait_cap < INFINITE);
static_assert(sizeof(std::uintptr_t) == sizeof(HANDLE));

Result<CompletionPort> CompletionPort::create(std::uint32_t concurrency) noexcept {
    const HANDLE port = ::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency);
    if (port == nullptr) {
        return last_failure();
    }
    return CompletionPort(Handle(port));
}

std::error_code CompletionPort::associate(Handle handle, std::uintptr_t key) const noexcept {
    if (::CreateIoCompletionPort(handle.native(), handle_.native(), key, 0) == nullptr) {
        return last_failure();
    }
    return {};
}

std::error_code CompletionPort::post(std::uintptr_t key, void* overlapped,
                                     std::uint32_t bytes) const noexcept {
    if (::PostQueuedCompletionStatus(handle_.native(), bytes, key,
                                     static_cast<OVERLAPPED*>(overlapped)) == FALSE) {
        return last_failure();
    }
    return {};
}

Result<std::size_t> CompletionPort::dequeue(std::span<Packet> packets,
                                            std::uint32_t milliseconds) const noexcept {
    ULONG count = 0;
    if (::GetQueuedCompletionStatusEx(
            handle_.native(), reinterpret_cast<OVERLAPPED_ENTRY*>(packets.data()),
            static_cast<ULONG>(packets.size()), &count, milliseconds, FALSE) == FALSE) {
        // `count` is not valid here: Wine sets it to 1.
        const DWORD code = ::GetLastError();
        if (code == WAIT_TIMEOUT) {
            return std::size_t{0};
        }
        return failure(code);
    }
    return std::size_t{count};
}

void CompletionPort::protect(bool from_close) const noexcept {
    static_cast<void>(::SetHandleInformation(handle_.native(), HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                             from_close ? HANDLE_FLAG_PROTECT_FROM_CLOSE : 0));
}

void CompletionPort::close() noexcept {
    if (handle_) {
        ::CloseHandle(std::exchange(handle_, Handle{}).native());
    }
}

std::uint32_t win32_code_of_status(std::uint32_t status) noexcept {
    return ::RtlNtStatusToDosError(static_cast<NTSTATUS>(status));
}

}  // namespace wakepoll::sys
