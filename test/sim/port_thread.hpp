// A thread as ports see it: which port it dequeues from, and whether it is running.
//
// A thread belongs to the port that it last dequeued from, even if nothing came. It runs until it
// blocks in any call; a port with a low concurrency gives the other threads no packets until then.
// An actor counts as a separate thread while it acts. Used under the kernel's lock, except at the
// end of a thread.
#pragma once

#include <memory>
#include <utility>

namespace wakepoll::sim {

class Port;

struct PortThread {
    bool blocked = false;
    const Port* port = nullptr;  ///< Compared only.

    /// The calling thread's. Destroyed with the thread.
    [[nodiscard]] static const std::shared_ptr<PortThread>& current();
};

/// Acts as another thread, for a scope.
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
