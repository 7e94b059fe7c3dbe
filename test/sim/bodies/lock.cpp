// sys/lock.hpp over the simulated kernel: one word that is set while the lock is held.
//
// On the virtual clock there is one thread, so a lock that is held already would never be released:
// an actor has called a poller when the thread that it plays would have to block.
#include "sys/lock.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "../kernel.hpp"

namespace wakepoll::sys {
namespace {

std::atomic_ref<void*> word_of(void*& word) { return std::atomic_ref<void*>(word); }

}  // namespace

void Lock::lock() noexcept {
    while (word_of(word_).exchange(this, std::memory_order_acquire) != nullptr) {
        if (sim::Kernel::process_is_ending()) {
            return;
        }
        if (sim::Kernel::current().options().mode == sim::Mode::virtual_clock) {
            std::fputs("simulated kernel: the poller's lock is taken where one thread holds it\n",
                       stderr);
            std::_Exit(3);  // Not by a signal: Boost.Test would continue with the next case.
        }
        std::this_thread::yield();
    }
}

void Lock::unlock() noexcept { word_of(word_).store(nullptr, std::memory_order_release); }

}  // namespace wakepoll::sys
