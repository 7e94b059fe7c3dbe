// Owned Windows handles, and the port of the contestants that do not use the library.
#pragma once

#include <span>
#include <utility>

#include "support/loopback_sockets.hpp"

namespace wakepoll::bench {

/// A handle of a file or a pipe, whose opening calls fail with INVALID_HANDLE_VALUE.
class OwnedHandle {
public:
    explicit OwnedHandle(HANDLE handle, const char* call) : handle_(handle) {
        check(handle != INVALID_HANDLE_VALUE, call);
    }
    OwnedHandle(OwnedHandle&& other) noexcept
        : handle_(std::exchange(other.handle_, INVALID_HANDLE_VALUE)) {}
    OwnedHandle& operator=(OwnedHandle&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~OwnedHandle() { close(); }

    void close() noexcept {
        if (handle_ != INVALID_HANDLE_VALUE) {
            ::CloseHandle(release());
        }
    }

    [[nodiscard]] HANDLE get() const noexcept { return handle_; }

    /// Releases ownership of the handle.
    HANDLE release() noexcept { return std::exchange(handle_, INVALID_HANDLE_VALUE); }

private:
    HANDLE handle_;
};

/// A completion port, by Windows' own calls only.
class RawPort {
public:
    RawPort() : port_(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1)) {
        check(port_ != nullptr, "CreateIoCompletionPort");
    }
    ~RawPort() { ::CloseHandle(port_); }
    RawPort(const RawPort&) = delete;
    RawPort& operator=(const RawPort&) = delete;

    void associate(HANDLE handle) const {
        check(::CreateIoCompletionPort(handle, port_, 0, 0) != nullptr, "CreateIoCompletionPort");
    }

    [[nodiscard]] HANDLE get() const noexcept { return port_; }

    /// Fills the front of `packets` with at least one; with limit 0, with those that are there.
    [[nodiscard]] std::span<const OVERLAPPED_ENTRY> dequeue(
        std::span<OVERLAPPED_ENTRY> packets, DWORD milliseconds = patience_milliseconds) const {
        ULONG count = 0;
        const BOOL found = ::GetQueuedCompletionStatusEx(
            port_, packets.data(), static_cast<ULONG>(packets.size()), &count, milliseconds, FALSE);
        check(found != FALSE || (milliseconds == 0 && ::GetLastError() == WAIT_TIMEOUT),
              "GetQueuedCompletionStatusEx");
        return packets.first(found != FALSE ? count : 0);
    }

private:
    HANDLE port_;
};

/// Checks a call that may still be pending on return.
inline void check_begun(BOOL done, const char* call) {
    check(done != FALSE || ::GetLastError() == ERROR_IO_PENDING, call);
}

/// Checks that the call that a packet reports has succeeded.
inline void check_ended(const OVERLAPPED_ENTRY& packet, const char* call) {
    // The upper half is not part of the status, and is not 0 everywhere.
    const auto status = static_cast<DWORD>(packet.lpOverlapped->Internal);
    if (status != 0) {
        fail(call, status);
    }
}

}  // namespace wakepoll::bench
