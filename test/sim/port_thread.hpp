// A thread as ports see it: which one it takes packets from, and whether it is running.
//
// A thread belongs to the port that it has dequeued from last, whether anything came or not. It
// runs until it is blocked in a call, whatever it waits for there; a port that was made for few
// threads keeps its packets from the others until then. An actor is a thread of its own for as long
// as it acts. Used under the kernel's lock, but for the end of a thread.
#pragma once

#include <memory>
#include <utility>

namespace wakepoll::sim {

class Port;

struct PortThread {
    bool blocked = false;
    const Port* port = nullptr;  ///< Compared only.

    /// The calling thread's. It is gone when the thread is.
    [[nodiscard]] static const std::shared_ptr<PortThread>& current();
};

/// Another thread than the one that was running, for a scope.
class AnotherThread {
public:
    AnotherThread() noexcept;
    ~AnotherThread();
    AnotherThread(const AnotherThread&) = delete;
    AnotherThread& operator=(const AnotherThread&) = delete;

private:
    std::shared_ptr<PortThread> before_;
};

/// The calling thread is blocked, for a scope.
class BlockedThread {
public:
    BlockedThread() : thread_(PortThread::current()) { thread_->blocked = true; }
    ~BlockedThread() { thread_->blocked = false; }
    BlockedThread(const BlockedThread&) = delete;
    BlockedThread& operator=(const BlockedThread&) = delete;

private:
    std::shared_ptr<PortThread> thread_;
};

}  // namespace wakepoll::sim
