// sys: the I/O completion port.
//
// One thin function per kernel call; the caller decides what to do with an answer. This header has
// two bodies, chosen when linking: lib/sys/win32, and the simulated kernel in test/sim. Any thread
// may call `post` while the port is open; only the owner may call the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// A dequeued packet, in the layout of OVERLAPPED_ENTRY. Not initialised, because the kernel fills
/// arrays of them.
struct Packet {
    std::uintptr_t key;
    void* overlapped;
    /// Only the lower 32 bits (an NTSTATUS) are valid: Wine leaves garbage in the upper half.
    std::uintptr_t internal;
    std::uint32_t bytes;

    [[nodiscard]] std::uint32_t status() const noexcept {
        return static_cast<std::uint32_t>(internal);
    }
};

/// Owns a port.
class CompletionPort {
public:
    /// No limit on the threads that may take packets. With a limit, one running thread can hold
    /// packets back, so a poller that is handed to another thread starves while the first computes;
    /// 0 means the number of processors.
    static constexpr std::uint32_t any_number = 0x7FFFFFFF;

    /// CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, concurrency).
    [[nodiscard]] static Result<CompletionPort> create(
        std::uint32_t concurrency = any_number) noexcept;

    CompletionPort() noexcept = default;
    CompletionPort(CompletionPort&& other) noexcept
        : handle_(std::exchange(other.handle_, Handle{})) {}
    CompletionPort& operator=(CompletionPort&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~CompletionPort() { close(); }

    /// CreateIoCompletionPort(handle, port, key, 0): packets of the handle's overlapped calls come
    /// here, with this key, until the handle is closed.
    [[nodiscard]] std::error_code associate(Handle handle, std::uintptr_t key) const noexcept;

    /// PostQueuedCompletionStatus.
    [[nodiscard]] std::error_code post(std::uintptr_t key, void* overlapped = nullptr,
                                       std::uint32_t bytes = 0) const noexcept;

    /// GetQueuedCompletionStatusEx into `packets` (not empty), not alertable. Returns the number of
    /// packets; 0 on timeout. `kernel_infinite` waits without a limit.
    [[nodiscard]] Result<std::size_t> dequeue(std::span<Packet> packets,
                                              std::uint32_t milliseconds) const noexcept;

    /// SetHandleInformation: whether CloseHandle is refused for every caller.
    void protect(bool from_close) const noexcept;

    /// CloseHandle. No-op if the port is not open.
    void close() noexcept;

    /// Owns nothing any more, and leaves the handle as it is.
    Handle release() noexcept { return std::exchange(handle_, Handle{}); }

    [[nodiscard]] Handle handle() const noexcept { return handle_; }

private:
    explicit CompletionPort(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

/// RtlNtStatusToDosError: the Win32 code of a packet's status; 0 for success.
[[nodiscard]] std::uint32_t win32_code_of_status(std::uint32_t status) noexcept;

}  // namespace wakepoll::sys
