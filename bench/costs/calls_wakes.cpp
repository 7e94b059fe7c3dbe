// Kernel calls of a wake, from the post to the return of the wait that it ends.
#include <cstddef>
#include <string>

#include "counts.hpp"

namespace wakepoll::costs {
namespace {

/// Where the poller blocks; at the port if there is no socket.
struct Parking {
    std::size_t sockets;
    Backend backend;
};

constexpr Parking parkings[] = {
    {0, Backend::automatic}, {1, Backend::wsapoll},    {1, Backend::afd},    {64, Backend::wsapoll},
    {64, Backend::afd},      {1000, Backend::wsapoll}, {1000, Backend::afd},
};

std::string named(const char* what, const Parking& parking) {
    const std::string name = std::string("wake/") + what;
    return parking.sockets == 0 ? name + "at-the-port"
                                : costs::named(name, parking.sockets, parking.backend);
}

void wait_woken(Rig& rig, Timeout timeout) {
    const WaitResult result = rig.poller.wait(rig.events, timeout);
    expect(result.error, "wait");
    expect(result.woken && result.count == 0, "a wait that is woken");
}

void count_parked(Counts& counts, const Parking& parking) {
    Rig rig(parking.backend);
    rig.add_sockets(parking.sockets);
    constexpr std::size_t wakes = 10;
    counts.count(named("parked-", parking), wakes, rig, [&] {
        for (std::size_t i = 0; i < wakes; ++i) {
            rig.when_blocked([&] { expect(rig.poller.post_wakeup(), "a wake that is posted"); });
            wait_woken(rig, wait_forever);
        }
    });
}

/// Four wakers that post in turn while the poller is parked: one of the posts ends the block, and
/// the others coalesce with it.
void count_storm(Counts& counts, const Parking& parking) {
    Rig rig(parking.backend);
    rig.add_sockets(parking.sockets);
    constexpr std::size_t wakers = 4;
    constexpr std::size_t wakes_each = 250;
    const std::vector<Waker> many(wakers, rig.poller.waker());
    counts.count(named("storm-", parking), wakers * wakes_each, rig, [&] {
        rig.when_blocked([&] {
            for (std::size_t i = 0; i < wakes_each; ++i) {
                for (const Waker& waker : many) {
                    expect(waker.wake(), "a wake that is posted");
                }
            }
        });
        wait_woken(rig, wait_forever);
    });
}

}  // namespace

void count_wakes(Counts& counts) {
    for (const Parking& parking : parkings) {
        count_parked(counts, parking);
    }
    {
        Rig rig;
        counts.count("wake/not-parked", 1, rig, [&] {
            expect(rig.poller.post_wakeup(), "a wake that is posted");
            wait_woken(rig, wait_forever);
        });
    }
    {
        Rig rig;
        expect(rig.poller.post_wakeup(), "a wake that is posted");
        constexpr std::size_t wakes = 1000;
        counts.count("wake/coalesced", wakes, rig, [&] {
            for (std::size_t i = 0; i < wakes; ++i) {
                expect(rig.poller.post_wakeup(), "a wake while one is pending");
            }
        });
    }
    for (const Parking& parking : parkings) {
        if (parking.sockets <= 64) {
            count_storm(counts, parking);
        }
    }
}

}  // namespace wakepoll::costs
