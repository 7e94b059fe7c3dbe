// A thread of its own for what stands on the other side of a contestant: a server, or its client.
//
// It works each time it is told to begin. What goes wrong there is thrown where its end is awaited,
// so no scenario goes on with half of it gone. It ends with its `Worker`, which must therefore be
// able to end its work: whoever blocks for something is roused or given up on by his own means.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "signal.hpp"

namespace wakepoll::bench {

class Worker {
public:
    explicit Worker(std::function<void()> work)
        : work_(std::move(work)), thread_([this] { run(); }) {}
    ~Worker() {
        stopping_ = true;
        begin_.give();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void begin() { begin_.give(); }

    /// Waits until what was begun is done, and throws what it has thrown.
    void end() {
        end_.await();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

private:
    void run() {
        try {
            for (begin_.await(); !stopping_; begin_.await()) {
                work_();
                end_.give();
            }
        } catch (...) {
            failure_ = std::current_exception();
            end_.give();
        }
    }

    std::function<void()> work_;
    Signal begin_;
    Signal end_;
    std::atomic<bool> stopping_ = false;
    std::exception_ptr failure_;  ///< Written before `end_` is given, read after.
    std::jthread thread_;         ///< The last: it uses the others.
};

}  // namespace wakepoll::bench
