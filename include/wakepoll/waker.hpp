// Wakes a poller from any thread.
//
// A Waker is small, copyable and may outlive its poller: after `dispose` its calls return false. It
// keeps the poller's memory, but not its kernel objects; the memory is freed with the last Waker.
#pragma once

#include "wakepoll/export.h"

namespace wakepoll {
class Poller;

inline namespace v0_1 {

class WAKEPOLL_API Waker {
public:
    /// Refers to no poller: every call returns false.
    Waker() noexcept = default;
    Waker(const Waker& other) noexcept;
    Waker(Waker&& other) noexcept;
    Waker& operator=(const Waker& other) noexcept;
    Waker& operator=(Waker&& other) noexcept;
    ~Waker();

    /// Ends the wait in progress, or else the next one, with `woken`.
    ///
    /// Any thread, any number of times: wakes coalesce until a wait reports them. What this thread
    /// wrote before the call is visible to the waiting thread once its wait reports `woken`.
    ///
    /// No kernel call if a wake is pending already or the poller is not parked; one otherwise.
    /// False if the poller is disposed or shut down, or the kernel refuses; then the wait may
    /// continue.
    [[nodiscard]] bool wake() const noexcept;

    /// Shuts the poller down, like `OsPoller::post_shutdown`.
    [[nodiscard]] bool shutdown() const noexcept;

private:
    friend class OsPoller;
    explicit Waker(Poller* poller) noexcept;

    Poller* poller_ = nullptr;
};

}  // namespace v0_1
}  // namespace wakepoll
