// Registered waits on Windows' thread pool. See waitable.hpp.
#include "sys/waitable.hpp"

#include <utility>

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

void CALLBACK signalled(void* wait, BOOLEAN /*timed_out*/) noexcept {
    static_cast<const ThreadPoolWait*>(wait)->run();
}

}  // namespace

std::error_code ThreadPoolWait::arm(Handle object, Callback callback, void* context) noexcept {
    disarm();
    callback_ = callback;
    context_ = context;
    // A failed call may leave anything in its out parameter.
    HANDLE registration = nullptr;
    if (::RegisterWaitForSingleObject(&registration, object.native(), &signalled, this, INFINITE,
                                      WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD) == FALSE) {
        return last_failure();
    }
    registration_ = registration;
    return {};
}

void ThreadPoolWait::disarm() noexcept {
    if (registration_ != nullptr) {
        static_cast<void>(
            ::UnregisterWaitEx(std::exchange(registration_, nullptr), INVALID_HANDLE_VALUE));
    }
}

}  // namespace wakepoll::sys
