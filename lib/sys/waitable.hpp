// sys: calls back on another thread when a wait for an object ends.
//
// Three uses: the completion port itself, which is signalled while packets are queued
// (undocumented, but asserted by Wine's tests on real Windows and seen on Wine), so that a thread
// parked in WSAPoll learns of a completion; registered kernel objects (events, processes, consoles
// and the like); and synchronous pipes, which are always signalled as objects, so only a thread
// that reads can wait for them. That thread is the pipe's own and not one of the system's pool,
// which has at most 500 threads per process.
#pragma once

#include <atomic>
#include <cstdint>
#include <system_error>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// One wait at a time. The system keeps the object's address, so it must not move.
///
/// A callback runs on a pool thread (of a pipe, on the pipe's own thread) and must be short. One
/// thread calls everything else.
class ThreadPoolWait {
public:
    /// Also receives the wait that ended: one context may serve many.
    using Callback = void (*)(void* context, const ThreadPoolWait& wait) noexcept;

    ThreadPoolWait() noexcept = default;
    ThreadPoolWait(const ThreadPoolWait&) = delete;
    ThreadPoolWait& operator=(const ThreadPoolWait&) = delete;
    ~ThreadPoolWait() { disarm(); }

    /// RegisterWaitForSingleObject(WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD): calls `callback`
    /// once when `object` is or becomes signalled. Like any wait, it takes the signal of an
    /// auto-reset event or timer, and one of a semaphore's count. It waits on its own
    /// DuplicateHandle, so closing the handle affects neither this wait nor others. Disarms an
    /// earlier wait.
    [[nodiscard]] std::error_code arm(Handle object, Callback callback, void* context) noexcept;

    /// CreateThread of a thread that reads no bytes from a synchronous pipe: ReadFile returns when
    /// there is data or the other end is gone, and takes nothing. Calls `callback` once then, and
    /// also if the read failed for any other reason; never for a read that `disarm` ended.
    /// Disarms an earlier wait. The thread keeps its DLL loaded.
    [[nodiscard]] std::error_code arm_on_pipe(Handle pipe, Callback callback,
                                              void* context) noexcept;

    /// UnregisterWaitEx(INVALID_HANDLE_VALUE), or CancelSynchronousIo until the thread no longer
    /// needs this object: on return, the callback has run or never will. Does not wait for the
    /// thread to end, which cannot happen while the caller is in a DllMain. No-op if no wait is
    /// armed. Must not be called from the callback.
    void disarm() noexcept;

    /// The own handle of a wait on an object, as long as it is armed.
    [[nodiscard]] Handle copy() const noexcept { return target_; }

    /// Runs the callback on the other thread; only for the bodies of this header.
    void run() const noexcept { callback_(context_, *this); }

private:
    friend struct PipeReader;  ///< Defined by a body.

    /// The registered wait, or a pipe's thread.
    std::atomic<void*> registration_ = nullptr;
    Handle target_;       ///< The pipe, or this wait's own duplicate of the object's handle.
    bool reads_ = false;  ///< `target_` is a pipe.
    /// For a pipe: set by the first of the end of the read and `disarm`. The callback runs only
    /// if the read ended first, a cancel is tried only if `disarm` came first.
    std::atomic<bool> decided_ = false;
    std::atomic<bool> done_ = false;  ///< For a pipe: the thread no longer uses this object.
    Callback callback_ = nullptr;
    void* context_ = nullptr;
};

/// WaitForSingleObject(object, 0): whether the object is signalled. Like any wait, it takes the
/// signal of an auto-reset event or timer, and one of a semaphore's count. ERROR_INVALID_HANDLE (6)
/// for a closed handle, ERROR_ACCESS_DENIED (5) for one without the right to wait.
[[nodiscard]] Result<bool> take_signal(Handle object) noexcept;

/// NtQueryEvent: true for an auto-reset event. ERROR_INVALID_HANDLE (6) for what is not an event,
/// ERROR_ACCESS_DENIED (5) for a handle without EVENT_QUERY_STATE.
[[nodiscard]] Result<bool> is_auto_reset(Handle event) noexcept;

}  // namespace wakepoll::sys
