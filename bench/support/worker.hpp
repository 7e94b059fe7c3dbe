// A thread for the other side of a contestant: a server, or its client.
//
// It works once for each `begin`. Its exceptions are rethrown on the thread that runs the
// scenario: if that awaits the end, or if it fails itself and calls `rethrow`. The thread
// ends with its `Worker`, so whatever it blocks in must end by then.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <thread>
#include <utility>

#include "support/signal.hpp"

namespace wakepoll::bench {

/// Gives a thread that is about to block the time for it. Everything runs on one processor, and the
/// other thread has it until it blocks. No result depends on that, but what is measured does.
inline void let_it_block() {
    constexpr DWORD milliseconds = 2;
    ::Sleep(milliseconds);
}

class Worker {
public:
    /// `on_failure` is called on that thread when something has failed, to wake the other side.
    explicit Worker(std::function<void()> work, std::function<void()> on_failure = {})
        : work_(std::move(work)), on_failure_(std::move(on_failure)), thread_([this] { run(); }) {}
    ~Worker() {
        stopping_ = true;
        begin_.give();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void begin() { begin_.give(); }

    /// Waits until the work is done, and rethrows its exception.
    void end() {
        end_.await();
        rethrow();
    }

    /// Rethrows the work's exception, if there is one.
    void rethrow() const {
        if (failed_) {
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
            failed_ = true;
            rouse();
            end_.give();
        }
    }

    void rouse() const {
        try {
            if (on_failure_) {
                on_failure_();
            }
        } catch (...) {
            // The first failure is reported. The other side ends by its timeout.
        }
    }

    std::function<void()> work_;
    std::function<void()> on_failure_;
    Signal begin_;
    Signal end_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> failed_ = false;
    std::exception_ptr failure_;  ///< Written before `failed_` is set, read after.
    std::jthread thread_;         ///< Last: it uses the others.
};

}  // namespace wakepoll::bench
