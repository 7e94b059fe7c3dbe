// sys: the lock of a poller.
//
// Exclusive, not recursive, not fair. Without contention, taking and releasing it cost one atomic
// operation each and no kernel call.
#pragma once

#include <cstdint>

namespace wakepoll::sys {

class Lock {
public:
    Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// AcquireSRWLockExclusive. If the process is ending, a lock held by a terminated thread
    /// counts as free.
    void lock() noexcept;

    /// ReleaseSRWLockExclusive.
    void unlock() noexcept;

private:
    friend class Condition;

    /// The memory of an SRWLOCK.
    void* word_ = nullptr;
    bool orphaned_ = false;  ///< The thread that held it was terminated.
};

}  // namespace wakepoll::sys
