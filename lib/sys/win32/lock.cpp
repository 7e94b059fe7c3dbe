#include "sys/lock.hpp"

#include "sys/win32/windows.hpp"

namespace wakepoll::sys {
namespace {

static_assert(sizeof(Lock) == sizeof(SRWLOCK) && alignof(Lock) == alignof(SRWLOCK));

SRWLOCK* native(void** word) noexcept { return reinterpret_cast<SRWLOCK*>(word); }

}  // namespace

void Lock::lock() noexcept { ::AcquireSRWLockExclusive(native(&word_)); }

void Lock::unlock() noexcept { ::ReleaseSRWLockExclusive(native(&word_)); }

}  // namespace wakepoll::sys
