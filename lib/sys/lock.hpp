// sys: the lock of a poller.
//
// Exclusive, not recursive, and not fair. Taking and giving back one that no other thread wants is
// one atomic operation each and no kernel call.
#pragma once

#include <cstdint>

namespace wakepoll::sys {

class Lock {
public:
    Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// AcquireSRWLockExclusive. Where the process is ending, a lock that a thread held which is
    /// gone counts as free.
    void lock() noexcept;

    /// ReleaseSRWLockExclusive.
    void unlock() noexcept;

private:
    friend class Condition;

    /// The memory of an SRWLOCK.
    void* word_ = nullptr;
    bool orphaned_ = false;  ///< Its holder is gone.
};

}  // namespace wakepoll::sys
