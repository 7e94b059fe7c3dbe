// sys: being told, on another thread, that something need be waited for no longer.
//
// Three users: the completion port itself, which is signalled while packets are queued
// (undocumented, but asserted by Wine's tests on real Windows and seen on Wine), so that a thread
// parked in WSAPoll learns of a completion; kernel objects that were registered (events,
// processes, consoles and the like); and synchronous pipes, which are always signalled as objects
// and can be waited for only by a thread that reads. That one is the pipe's own and not of the
// system's pool, which has no more than 500 threads for the whole process.
#pragma once

#include <atomic>
#include <cstdint>
#include <system_error>

#include "wakepoll/error.hpp"
#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// One wait at a time. The system is given the object's address, so it stays where it is.
///
/// A callback runs on a thread of the pool (of a pipe, on the pipe's own) and must be short. All
/// else is called by one thread.
class ThreadPoolWait {
public:
    /// Is given the wait that came to an end, too: one context may serve many.
    using Callback = void (*)(void* context, const ThreadPoolWait& wait) noexcept;

    ThreadPoolWait() noexcept = default;
    ThreadPoolWait(const ThreadPoolWait&) = delete;
    ThreadPoolWait& operator=(const ThreadPoolWait&) = delete;
    ~ThreadPoolWait() { disarm(); }

    /// RegisterWaitForSingleObject(WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD): calls `callback`
    /// once when `object` is or becomes signalled. As any wait does, it takes the signal of an
    /// auto-reset event or timer, and one of a semaphore's count. It waits on a DuplicateHandle of
    /// its own, so closing the handle changes nothing for it, nor for other waits. Disarms a wait
    /// armed before.
    [[nodiscard]] std::error_code arm(Handle object, Callback callback, void* context) noexcept;

    /// CreateThread of a thread that reads no bytes from a synchronous pipe: ReadFile returns when
    /// there is data or the other end is gone, and takes nothing. Calls `callback` once then, and
    /// also where the read failed for any other reason; never for a read that `disarm` ended.
    /// Disarms a wait armed before. The thread keeps the DLL loaded that it runs in.
    [[nodiscard]] std::error_code arm_on_pipe(Handle pipe, Callback callback,
                                              void* context) noexcept;

    /// UnregisterWaitEx(INVALID_HANDLE_VALUE), or CancelSynchronousIo until the thread needs this
    /// object no longer: when it returns, the callback has run or never will. It does not wait for
    /// the end of the thread, which can not come while the caller is in a DllMain. Nothing where no
    /// wait was armed. Not from within the callback.
    void disarm() noexcept;

    /// What the other thread does; for the bodies behind this header alone.
    void run() const noexcept { callback_(context_, *this); }

private:
    friend struct PipeReader;  ///< A body's own.

    /// The registered wait; of a pipe, its thread.
    std::atomic<void*> registration_ = nullptr;
    Handle target_;       ///< The pipe, or this wait's own handle to the object.
    bool reads_ = false;  ///< `target_` is a pipe.
    /// Of a pipe: set by whichever comes first, the end of the read or `disarm`. The callback runs
    /// only where it was the former, a cancel is tried only where it was the latter.
    std::atomic<bool> decided_ = false;
    std::atomic<bool> done_ = false;  ///< Of a pipe: the thread does not touch this any more.
    Callback callback_ = nullptr;
    void* context_ = nullptr;
};

/// WaitForSingleObject(object, 0): whether the object is signalled. As any wait does, it takes the
/// signal of an auto-reset event or timer, and one of a semaphore's count. ERROR_INVALID_HANDLE (6)
/// for a closed one, ERROR_ACCESS_DENIED (5) for a handle without the right to wait.
[[nodiscard]] Result<bool> take_signal(Handle object) noexcept;

/// NtQueryEvent: true for an event that a wait resets. ERROR_INVALID_HANDLE (6) for what is no
/// event, ERROR_ACCESS_DENIED (5) for a handle without the right to ask (EVENT_QUERY_STATE).
[[nodiscard]] Result<bool> is_auto_reset(Handle event) noexcept;

}  // namespace wakepoll::sys
