// sys/condition.hpp over the simulated kernel: the two halves of its word count the blocked threads
// and those of them that were woken. There are no spurious wakes.
//
// On the virtual clock there is one thread, and no other could wake it.
#include "sys/condition.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "../kernel.hpp"
#include "wakepoll/timeout.hpp"

namespace wakepoll::sys {
namespace {

std::mutex mutex;
std::condition_variable changed;

struct Counts {
    std::uint32_t blocked;
    std::uint32_t woken;
};

Counts& counts_in(void*& word) noexcept {
    static_assert(sizeof(Counts) == sizeof(void*) && alignof(Counts) <= alignof(void*));
    return *reinterpret_cast<Counts*>(&word);
}

}  // namespace

void Condition::wait(Lock& lock, std::uint32_t milliseconds) noexcept {
    if (sim::Kernel::current().options().mode == sim::Mode::virtual_clock) {
        std::fputs("simulated kernel: the only thread waits for another one\n", stderr);
        std::_Exit(3);
    }
    std::unique_lock guard(mutex);
    Counts& counts = counts_in(word_);
    ++counts.blocked;
    lock.unlock();
    const auto is_woken = [&] { return counts.woken > 0; };
    if (milliseconds == kernel_infinite) {
        changed.wait(guard, is_woken);
    } else {
        changed.wait_for(guard, std::chrono::milliseconds(milliseconds), is_woken);
    }
    --counts.blocked;
    counts.woken -= counts.woken > 0 ? 1 : 0;
    guard.unlock();
    lock.lock();
}

void Condition::wake_one() noexcept {
    const std::lock_guard guard(mutex);
    Counts& counts = counts_in(word_);
    counts.woken += counts.woken < counts.blocked ? 1 : 0;
    changed.notify_all();
}

void Condition::wake_all() noexcept {
    const std::lock_guard guard(mutex);
    Counts& counts = counts_in(word_);
    counts.woken = counts.blocked;
    changed.notify_all();
}

}  // namespace wakepoll::sys
