#include "sys/lock.hpp"

#include "sys/system.hpp"
#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

static_assert(sizeof(void*) == sizeof(SRWLOCK) && alignof(void*) == alignof(SRWLOCK));

SRWLOCK* native(void** word) noexcept { return reinterpret_cast<SRWLOCK*>(word); }

}  // namespace

void Lock::lock() noexcept {
    if (orphaned_ || ::TryAcquireSRWLockExclusive(native(&word_)) != FALSE) {
        return;
    }
    if (process_is_ending()) {
        orphaned_ = true;
        return;
    }
    ::AcquireSRWLockExclusive(native(&word_));
}

void Lock::unlock() noexcept {
    // The owner of an orphaned lock is terminated, and so are the threads that waited for it.
    if (!orphaned_) {
        ::ReleaseSRWLockExclusive(native(&word_));
    }
}

}  // namespace wakepoll::sys
