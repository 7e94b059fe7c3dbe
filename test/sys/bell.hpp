// A bell for the callback of a wait to ring in the tests.
#pragma once

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "sys/waitable.hpp"
#include "sys_test.hpp"

namespace wakepoll::test {

inline constexpr std::chrono::milliseconds patience(patience_milliseconds);
inline constexpr std::chrono::milliseconds moment(quiet_milliseconds);

/// Counts the calls of a wait's callback.
struct Bell {
    std::counting_semaphore<> rung{0};
    std::atomic<int> calls = 0;
    std::thread::id thread;

    static void ring(void* context, const sys::ThreadPoolWait&) noexcept {
        Bell& bell = *static_cast<Bell*>(context);
        bell.thread = std::this_thread::get_id();
        bell.calls.fetch_add(1);
        bell.rung.release();
    }

    bool rings() { return rung.try_acquire_for(patience); }
    bool stays_silent() { return !rung.try_acquire_for(moment); }
};

}  // namespace wakepoll::test
