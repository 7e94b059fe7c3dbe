// The state of the simulated kernel: everything that its one lock guards.
//
// Reached through a `Syscall` (by the bodies of lib/sys) or a `ModelLock` (by the world outside);
// both hold the lock for as long as they live.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>

#include "afd_device.hpp"
#include "calls.hpp"
#include "faults.hpp"
#include "handle_table.hpp"
#include "network.hpp"
#include "operations.hpp"
#include "personality.hpp"
#include "random.hpp"
#include "waitable_timer.hpp"
#include "waits.hpp"

namespace wakepoll::sim {

struct Model {
    Model(const Traits& personality, std::uint64_t seed, std::size_t pool)
        : traits(personality),
          random(seed),
          operations(personality, random),
          afd(personality, random),
          packet_pool(pool) {}

    const Traits& traits;
    Random random;
    HandleTable handles;
    WaitList waits;
    TimerList timers;
    CallLog log;
    FaultPlan faults;
    Operations operations;
    AfdPolls afd;
    Network network;

    /// Sessions of Winsock that were started and not ended.
    std::uint32_t winsock_sessions = 0;
    /// Packets that a port takes from posts.
    std::size_t packet_pool;
    /// Moments at which something is as good as done, such as a connect that is being refused:
    /// whoever is blocked looks again then.
    std::multiset<std::chrono::nanoseconds> moments;
};

}  // namespace wakepoll::sim
