// The state of the simulated kernel: everything that its one lock guards.
//
// The bodies of lib/sys reach it through a `Syscall`, the world outside through a `ModelLock`; both
// hold the lock while they live.
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

    /// Open Winsock sessions.
    std::uint32_t winsock_sessions = 0;
    /// Posted packets that a port holds.
    std::size_t packet_pool;
    /// Times at which something takes effect, such as the refusal of a connect: blocked threads
    /// check again then.
    std::multiset<std::chrono::nanoseconds> moments;
};

}  // namespace wakepoll::sim
