// The pool of OVERLAPPED structures, and what a completed call is reported as.
//
// An overlapped call needs an OVERLAPPED that stays where it is until its packet has been dequeued.
// The pool keeps a fixed number of them (64 unless configured otherwise) inside the poller's one
// allocation: acquire one, hand `entry->native()` to the call, find the entry again in
// `Completion::entry`, release it. All four operations are O(1) and allocate nothing.
//
// The pool belongs to the thread that waits; none of it may be called from another. Give back every
// entry before the poller is disposed: cancel the call, wait for its packet, release. An entry that
// is still in use when the poller's memory would go keeps that memory for good, because a call in
// flight writes into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "wakepoll/handle.hpp"

namespace wakepoll {

class OverlappedPool;

/// What an overlapped call does.
enum class IoOperation : std::uint8_t { none = 0, read = 1, write = 2, accept = 3, connect = 4 };

/// The memory layout of Windows' OVERLAPPED, asserted where <windows.h> is at hand.
struct NativeOverlapped {
    std::uintptr_t internal = 0;
    std::uintptr_t internal_high = 0;
    std::uint32_t offset = 0;
    std::uint32_t offset_high = 0;
    void* event = nullptr;
};

/// One piece of a scattered read or a gathered write. The memory layout of Windows' WSABUF,
/// asserted where <winsock2.h> is at hand. A write only reads from `data`.
struct IoBuffer {
    std::uint32_t size = 0;  ///< Bytes.
    void* data = nullptr;
};

/// One OVERLAPPED with what its user wants to know when it completes. Lent by `OverlappedPool`.
struct OverlappedEntry {
    NativeOverlapped overlapped;
    std::uint64_t user_data = 0;
    Handle handle;
    void* buffer = nullptr;  ///< The caller's; never touched by the pool.
    std::size_t buffer_size = 0;
    /// Decides the mask of the event: `out` for write and connect, `in` for the others.
    IoOperation operation = IoOperation::none;
    std::uint32_t bytes_transferred = 0;  ///< Set when the packet is dequeued.

    /// To be cast to OVERLAPPED* (or WSAOVERLAPPED*) and given to an overlapped call.
    [[nodiscard]] void* native() noexcept { return &overlapped; }

    /// Sets the OVERLAPPED to zero for another call. Not while a call is in flight.
    void reset() noexcept { overlapped = {}; }

    /// False once the entry was given back.
    [[nodiscard]] bool in_use() const noexcept { return in_use_; }

private:
    friend class OverlappedPool;
    std::uint32_t next_free_ = 0;
    bool in_use_ = false;
};

/// What became of an overlapped call; `NativeEvent::completion` points to one.
struct Completion {
    OverlappedEntry* entry =
        nullptr;                  ///< Null where the OVERLAPPED is not from this poller's pool.
    void* overlapped = nullptr;   ///< The OVERLAPPED* that the call was given.
    std::uint64_t key = 0;        ///< The completion key of the handle, from `associate_handle`.
    std::uint64_t user_data = 0;  ///< `entry->user_data`, or the key where there is no entry.
    std::uint32_t bytes = 0;
    IoOperation operation = IoOperation::none;
    std::error_code error;  ///< What the call ended with; success where it succeeded.
};

class OverlappedPool {
public:
    /// Takes `capacity` entries at `entries`, which outlive the pool. Called by the poller.
    OverlappedPool(OverlappedEntry* entries, std::uint32_t capacity) noexcept;

    OverlappedPool(const OverlappedPool&) = delete;
    OverlappedPool& operator=(const OverlappedPool&) = delete;

    /// A fresh entry, all zero; null where all are in use.
    [[nodiscard]] OverlappedEntry* acquire() noexcept;

    /// Gives an entry back; its call must not be in flight. `invalid_argument` for null and for
    /// what is not an entry of this pool, `no_such_file_or_directory` for an entry that is not in
    /// use; the pool is unchanged then.
    [[nodiscard]] std::error_code release(OverlappedEntry* entry) noexcept;

    /// The entry in use whose OVERLAPPED is at this address; null where there is none. Any pointer
    /// may be asked for; it is not dereferenced.
    [[nodiscard]] OverlappedEntry* find_by_overlapped(const void* overlapped) noexcept;

    [[nodiscard]] std::uint32_t active_count() const noexcept { return active_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool has_available() const noexcept { return active_ < capacity_; }

private:
    /// The entry that begins at this address, in use or not.
    [[nodiscard]] OverlappedEntry* entry_at(const void* address) noexcept;

    OverlappedEntry* entries_;
    std::uint32_t capacity_;
    std::uint32_t active_ = 0;
    std::uint32_t first_free_ = 0;
};

}  // namespace wakepoll
