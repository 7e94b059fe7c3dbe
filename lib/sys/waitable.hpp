// sys: being told, on a thread of the system's pool, that a kernel object is signalled.
//
// Used on the completion port itself, which is signalled while packets are queued (undocumented,
// but asserted by Wine's tests on real Windows and seen on Wine): a thread parked in WSAPoll learns
// of a completion this way.
#pragma once

#include <system_error>

#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// One wait at a time. The system is given the object's address, so it stays where it is.
class ThreadPoolWait {
public:
    using Callback = void (*)(void* context) noexcept;

    ThreadPoolWait() noexcept = default;
    ThreadPoolWait(const ThreadPoolWait&) = delete;
    ThreadPoolWait& operator=(const ThreadPoolWait&) = delete;
    ~ThreadPoolWait() { disarm(); }

    /// RegisterWaitForSingleObject(WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD): calls `callback`
    /// once when `object` is or becomes signalled. Disarms a wait armed before.
    [[nodiscard]] std::error_code arm(Handle object, Callback callback, void* context) noexcept;

    /// UnregisterWaitEx(INVALID_HANDLE_VALUE): when it returns, the callback has run or never will.
    /// Nothing where no wait was armed. Not from within the callback.
    void disarm() noexcept;

    /// What the pool's thread does; for the bodies behind this header alone.
    void run() const noexcept { callback_(context_); }

private:
    void* registration_ = nullptr;
    Callback callback_ = nullptr;
    void* context_ = nullptr;
};

}  // namespace wakepoll::sys
