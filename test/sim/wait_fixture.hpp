// The fixture of the tests of thread-pool waits: a wait that counts, and a way to let it run.
#pragma once

#include <array>
#include <atomic>

#include "fixture.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {

/// A wait that counts its callbacks.
struct CountedWait {
    std::atomic<int> fired = 0;
    sys::ThreadPoolWait wait;

    static void count(void* context, const sys::ThreadPoolWait&) noexcept {
        ++*static_cast<std::atomic<int>*>(context);
    }
    bool arm(Handle object) { return !wait.arm(object, &count, &fired); }
    bool arm_on_pipe(Handle pipe) { return !wait.arm_on_pipe(pipe, &count, &fired); }
};

struct WaitFixture : Fixture {
    using Fixture::Fixture;

    sys::CompletionPort port = sys::CompletionPort::create().value();

    /// Blocks, so that every callback that is due has run.
    void let_callbacks_run() {
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(port.dequeue(packets, 1).value() == 0U);
    }
    /// A new, signalled object.
    Handle signalled(test::Thing kind) {
        const Handle thing = world.thing(kind);
        world.signal(thing);
        return thing;
    }
};

}  // namespace wakepoll::sim
