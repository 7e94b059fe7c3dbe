// sys: being told, on a thread of the system's pool, that a kernel object is signalled.
//
// Used on the completion port itself, which is signalled while packets are queued (undocumented,
// but asserted by Wine's tests on real Windows and seen on Wine): a thread parked in WSAPoll learns
// of a completion this way.
#pragma once

#include <system_error>
#include <utility>

#include "wakepoll/handle.hpp"

namespace wakepoll::sys {

/// One wait at a time. The object's address is not used by the system, but `context` is.
class ThreadPoolWait {
public:
    using Callback = void (*)(void* context) noexcept;

    ThreadPoolWait() noexcept = default;
    ThreadPoolWait(ThreadPoolWait&& other) noexcept
        : registration_(std::exchange(other.registration_, nullptr)) {}
    ThreadPoolWait& operator=(ThreadPoolWait&& other) noexcept {
        std::swap(registration_, other.registration_);
        return *this;
    }
    ~ThreadPoolWait() { disarm(); }

    /// RegisterWaitForSingleObject(WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD): calls `callback`
    /// once when `object` is or becomes signalled. Disarms a wait armed before.
    [[nodiscard]] std::error_code arm(Handle object, Callback callback, void* context) noexcept;

    /// UnregisterWaitEx(INVALID_HANDLE_VALUE): when it returns, the callback has run or never will.
    /// Nothing where no wait was armed. Not from within the callback.
    void disarm() noexcept;

private:
    void* registration_ = nullptr;
};

}  // namespace wakepoll::sys
