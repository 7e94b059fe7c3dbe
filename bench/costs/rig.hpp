// A poller on the simulated kernel, and what it needs to be measured: sockets that are registered,
// peers that make them ready, and a state in which every further wait costs the same.
//
// The kernel is always the same one: Windows 11, one seed, on the virtual clock, prompt (waits end
// on time, operations as soon as they can), and as it is documented (a request that is answered at
// once posts no packet). So what a program here counts is the same on every machine and in every
// run. Used by kernel-calls and own-costs. What
// does not go as planned throws `std::runtime_error`, for a count of something else is no count.
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

/// Throws what was expected where it is not so.
void expect(bool holds, const char* what);
void expect(const std::error_code& error, const char* what);

/// The name of a scenario: what, with how many sockets, over which backend. The last part is how
/// tools/lib/costs.py puts backends side by side.
[[nodiscard]] std::string named(std::string_view what, std::size_t sockets, Backend backend);

class Rig {
public:
    explicit Rig(const PollerConfig& config = {});
    explicit Rig(Backend backend) : Rig(PollerConfig{.backend = backend}) {}

    /// Registers this many connected sockets more, each with its index, and lets the poller come to
    /// rest with them.
    void add_sockets(std::size_t count, IoInterest interest = IoInterest::read);

    /// Makes more connected sockets that nobody registers.
    void make_sockets(std::size_t count);

    /// Makes the first `count` sockets ready, and waits until the poller is used to it.
    void keep_ready(std::size_t count);

    /// Waits until nothing changes from one wait to the next any more; nothing may be ready.
    void come_to_rest();

    /// A wait that must report so many events.
    void wait_for(std::size_t count, Timeout timeout = Timeout{});

    /// Does something when the poller is about to block, which must end the block.
    void when_blocked(std::function<void()> action) { kernel.when_blocked(std::move(action)); }

    sim::Kernel kernel;
    test::World world;
    OsPoller poller;
    std::vector<test::SocketPair> pairs;
    std::vector<NativeEvent> events;  ///< Room for all that can be reported.
};

}  // namespace wakepoll::costs
