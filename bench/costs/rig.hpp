// A poller on the simulated kernel, with what measuring needs: registered sockets, peers that make
// them ready, and a state in which every further wait costs the same.
//
// The kernel is always the same: Windows 11, one seed, on the virtual clock, prompt (waits end on
// time, operations as soon as they can), and as documented (a request that is answered at once
// posts no packet). So the counts are the same on every machine and in every run. Used by
// kernel-calls and own-costs. What does not go as planned throws `std::runtime_error`, because the
// count would be of something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "kernel.hpp"
#include "wakepoll/wakepoll.hpp"
#include "world.hpp"

namespace wakepoll::costs {

/// Throws `what` if the condition does not hold.
void expect(bool holds, const char* what);
void expect(const Result<void>& done, const char* what);

/// The name of a scenario: what, with how many sockets, over which backend. tools/lib/costs.py
/// compares backends by the last part.
[[nodiscard]] std::string named(std::string_view what, std::size_t sockets, Backend backend);

class Rig {
public:
    explicit Rig(const PollerConfig& config = {});
    explicit Rig(Backend backend) : Rig(PollerConfig{.backend = backend}) {}

    /// Registers `count` further connected sockets, each with its index as user data, and lets the
    /// poller settle.
    void add_sockets(std::size_t count, IoInterest interest = IoInterest::read);

    /// Makes further connected sockets without registering them.
    void make_sockets(std::size_t count);

    /// Makes the first `count` sockets ready, and waits until the poller has adapted to that.
    void keep_ready(std::size_t count);

    /// Waits until nothing changes from one wait to the next; nothing may be ready.
    void come_to_rest();

    /// A wait that must report this many events.
    void wait_for(std::size_t count, Timeout timeout = Timeout{});

    /// Runs `action` when the poller is about to block; it must end the block.
    void when_blocked(std::function<void()> action) { kernel.when_blocked(std::move(action)); }

    sim::Kernel kernel;
    test::World world;
    OsPoller poller;
    std::vector<test::SocketPair> pairs;
    std::vector<NativeEvent> events;  ///< Room for all that can be reported.
};

}  // namespace wakepoll::costs
