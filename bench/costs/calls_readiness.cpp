// Kernel calls of a wait with k of n sockets ready, in the steady state: either the same ones stay
// ready, or one becomes ready repeatedly while the poller is blocked, and is quiet before the next
// wait.
#include <array>
#include <cstddef>
#include <string>

#include "counts.hpp"

namespace wakepoll::costs {
namespace {

constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};

struct Active {
    std::size_t ready;
    std::size_t of;
};

constexpr std::array crowds = {Active{1, 1},     Active{1, 64},     Active{16, 64},
                               Active{64, 64},   Active{1, 1000},   Active{16, 1000},
                               Active{64, 1000}, Active{1000, 1000}};

void count_one(Counts& counts, Active active, Backend backend) {
    Rig rig(backend);
    rig.add_sockets(active.of);
    rig.keep_ready(active.ready);
    constexpr std::size_t waits = 10;
    counts.count(named("ready/" + std::to_string(active.ready) + "-", active.of, backend), waits,
                 rig, [&] {
                     for (std::size_t i = 0; i < waits; ++i) {
                         rig.wait_for(active.ready);
                     }
                 });
}

void count_blocking(Counts& counts, std::size_t sockets, Backend backend) {
    Rig rig(backend);
    rig.add_sockets(sockets);
    const test::SocketPair& pair = rig.pairs.front();
    constexpr std::size_t waits = 20;
    const auto be_woken = [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            rig.when_blocked([&] { rig.world.send(pair.peer, 1); });
            rig.wait_for(1, wait_forever);
            rig.world.receive(pair.local, 1);
        }
    };
    be_woken();
    counts.count(named("blocking-wait/1-", sockets, backend), waits, rig, be_woken);
}

}  // namespace

void count_readiness(Counts& counts) {
    for (const Active active : crowds) {
        for (const Backend backend : backends) {
            count_one(counts, active, backend);
        }
    }
    for (const std::size_t sockets : {1U, 64U, 1000U}) {
        for (const Backend backend : backends) {
            count_blocking(counts, sockets, backend);
        }
    }
}

}  // namespace wakepoll::costs
