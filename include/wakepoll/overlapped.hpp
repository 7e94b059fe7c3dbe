// The pool of OVERLAPPED structures, and the report of a completed call.
//
// An overlapped call needs an OVERLAPPED that stays where it is until its packet has been dequeued.
// The pool keeps a fixed number of them (64 unless configured otherwise) inside the poller's one
// allocation: acquire one, hand `entry->native()` to the call, find the entry again in
// `Completion::entry`, release it. All four operations are O(1) and allocate nothing.
//
// Entries are taken in two ways. `acquire` hands them out for your own overlapped calls; they stay
// yours until `release`. `OsPoller::submit_read` and the other operations return entries of the
// poller: the wait after the one that reported an operation releases its entry; `release` frees it
// earlier. An overlapped pipe that is registered for readiness takes an entry too, for as long as
// it is registered.
//
// A later wait reports each submitted operation in exactly one event: `data` is its user data,
// `completion` its result, and the mask is `out` for write and connect and `in` for the others,
// with `err` or `hup` if it failed. Until then its buffers must stay, and belong to the kernel;
// afterwards they are not touched.
//
// Errors of the other side or the medium (end of file, a full or broken disk, a broken pipe, a
// reset, a refused or unreachable peer) always come as an event, even if the kernel returns them
// immediately. An error that a submit returns means that nothing was started and nothing will be
// reported: `resource_unavailable_try_again` (no entry of the pool is free, or a pipe in
// PIPE_NOWAIT mode has nothing to read), `bad_file_descriptor` (closed, or never a handle; an
// attachment that is over), `not_supported` (the handle does not support the operation: it is of
// the wrong kind, or opened for synchronous use), `invalid_argument` (it belongs to another port,
// or is attached to another poller; an empty buffer, one over 4 GiB, or one that overlaps with that
// of an operation in flight; an offset for a handle that is no file; no address or no room for
// one), `device_or_resource_busy` (registered for readiness: one handle, one way of waiting),
// `no_space_on_device` (all slots taken), or the kernel's error, such as `no_buffer_space`.
//
// If you make a handle post no packet for calls that succeed immediately
// (SetFileCompletionNotificationModes), do it before you attach the handle.
//
// Reads of one socket or pipe are reported in the order they were submitted, and so are writes. The
// first operation on a handle associates it with the port for its life.
//
// A handle may be closed at any time; what is in flight on it is reported as `operation_canceled`.
// Windows ends it when the last handle of the object is closed. While a duplicate is open
// (DuplicateHandle, WSADuplicateSocket, a child process that inherits it), the operation continues
// and takes the bytes that come; without a handle only an accept can be cancelled. So if a handle
// may have a duplicate, cancel before you close.
//
// Any thread may acquire and release entries. Release those of your own calls before the poller is
// disposed: cancel the call, wait for its packet, release. An entry that is still in use when the
// poller's memory would be freed keeps that memory permanently, because a call in flight may write
// into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "wakepoll/error.hpp"
#include "wakepoll/export.h"
#include "wakepoll/handle.hpp"

namespace wakepoll {
class Poller;

inline namespace v0_1 {

/// What an overlapped call does.
enum class IoOperation : std::uint8_t {
    none = 0,
    read = 1,
    write = 2,
    accept = 3,
    connect = 4,
    connect_pipe = 5,  ///< A server's end waits for its client.
};

/// The state of an entry's operation. Entries of your own calls are always `idle`: the poller does
/// not know when these begin.
enum class OverlappedState : std::uint8_t {
    idle = 0,        ///< No operation was submitted with it.
    in_flight = 1,   ///< The kernel has it.
    cancelling = 2,  ///< `cancel` was called; it is reported like any other.
    completed = 3,   ///< Done: reported by a wait, or to be reported by the next.
};

/// The memory layout of Windows' OVERLAPPED; the build for Windows asserts it.
struct NativeOverlapped {
    std::uintptr_t internal = 0;
    std::uintptr_t internal_high = 0;
    std::uint32_t offset = 0;
    std::uint32_t offset_high = 0;
    void* event = nullptr;
};

/// One piece of a scattered read or a gathered write. The memory layout of Windows' WSABUF; the
/// build for Windows asserts it. A write only reads from `data`.
struct IoBuffer {
    std::uint32_t size = 0;  ///< Bytes.
    void* data = nullptr;
};

/// One OVERLAPPED, with what you need when it completes. `OverlappedPool` hands it out.
struct OverlappedEntry {
    NativeOverlapped overlapped;
    std::uint64_t user_data = 0;
    Handle handle;
    void* buffer = nullptr;  ///< The caller's; never touched by the pool.
    std::size_t buffer_size = 0;
    /// Decides the mask of the event: `out` for write and connect, `in` for the others.
    IoOperation operation = IoOperation::none;
    std::uint32_t bytes_transferred = 0;  ///< Set when the packet is dequeued.

    OverlappedEntry() noexcept = default;
    OverlappedEntry(const OverlappedEntry&) noexcept = default;

    /// Returns the OVERLAPPED, to be cast to OVERLAPPED* or WSAOVERLAPPED* for an overlapped call.
    [[nodiscard]] void* native() noexcept { return &overlapped; }

    /// Sets the OVERLAPPED to zero for another call. Not while a call is in flight.
    void reset() noexcept { overlapped = {}; }

    /// False once the entry is released.
    [[nodiscard]] bool in_use() const noexcept { return in_use_; }

    [[nodiscard]] OverlappedState state() const noexcept { return state_; }

protected:
    // Not public, because it would overwrite what the pool knows of the entry.
    OverlappedEntry& operator=(const OverlappedEntry&) noexcept = default;

    OverlappedState state_ = OverlappedState::idle;
    bool in_use_ = false;
};

/// The result of an overlapped call; `NativeEvent::completion` points to one.
struct Completion {
    OverlappedEntry* entry = nullptr;  ///< Null if the OVERLAPPED is not from this poller's pool.
    void* overlapped = nullptr;        ///< The OVERLAPPED* that the call was given.
    /// The packet's: from `associate_handle`; 0 of any other handle, and of an operation that was
    /// done immediately or waited to be reported in order.
    std::uint64_t key = 0;
    std::uint64_t user_data = 0;  ///< `entry->user_data`, or the key if there is no entry.
    Handle accepted;              ///< Of an accept that succeeded: the connection, yours now.
    /// Of `submit_receive_from`: the sender's sockaddr, at the front of the room that was given.
    std::span<const std::byte> address;
    std::uint32_t bytes = 0;
    IoOperation operation = IoOperation::none;
    std::error_code error;  ///< Why the call failed; empty after a success.
};

/// The two addresses of an accepted connection, each a sockaddr in the buffer of the accept.
struct AcceptedAddresses {
    std::span<const std::byte> local;
    std::span<const std::byte> remote;
};

/// The pool of a poller. Any thread.
class WAKEPOLL_API OverlappedPool {
public:
    OverlappedPool(const OverlappedPool&) = delete;
    OverlappedPool& operator=(const OverlappedPool&) = delete;

    /// Acquires an entry, all zero; null if all are in use.
    [[nodiscard]] OverlappedEntry* acquire() noexcept;

    /// Releases an entry; its call must not be in flight.
    ///
    /// Errors: `invalid_argument` for null and for what is not an entry of this pool,
    /// `no_such_file_or_directory` for an entry that is not in use, `device_or_resource_busy` for a
    /// submitted operation that is in flight or not reported yet.
    [[nodiscard]] Result<void> release(OverlappedEntry* entry) noexcept;

    /// Finds the entry in use whose OVERLAPPED is at this address; null if there is none. Any
    /// pointer is allowed; it is not dereferenced.
    [[nodiscard]] OverlappedEntry* find_by_overlapped(const void* overlapped) noexcept;

    [[nodiscard]] std::uint32_t active_count() const noexcept;
    [[nodiscard]] std::uint32_t capacity() const noexcept;
    [[nodiscard]] bool has_available() const noexcept { return active_count() < capacity(); }

private:
    friend class OsPoller;
    friend Poller;

    explicit OverlappedPool(Poller* poller) noexcept : poller_(poller) {}

    Poller* poller_;  ///< Null for a pool without entries.
};

}  // namespace v0_1
}  // namespace wakepoll
