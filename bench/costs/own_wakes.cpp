// Own costs of a wake: of posting it, and of the wait that it ends.
#include <cstddef>
#include <string>

#include "measure.hpp"
#include "public_calls.hpp"
#include "rig.hpp"

namespace wakepoll::costs {
namespace {

/// Where the poller blocks; at the port if there is no socket.
struct Parking {
    std::size_t sockets;
    Backend backend;
};

constexpr Parking parkings[] = {
    {0, Backend::automatic}, {1, Backend::wsapoll}, {1, Backend::afd},
    {64, Backend::wsapoll},  {64, Backend::afd},
};

std::string named(const std::string& what, const Parking& parking) {
    return parking.sockets == 0 ? what + "at-the-port"
                                : costs::named(what, parking.sockets, parking.backend);
}

void wait_woken(Rig& rig) {
    const WaitResult result = own::wait(rig.poller, rig.events, wait_forever);
    expect(result.woken && result.count == 0, "a wait that is woken");
}

/// A block that a wake ends, on the waiting side: the post is not counted.
void measure_woken_wait(Measurement& measurement, const Parking& parking) {
    const std::string name = named("woken-wait/", parking);
    Rig rig(parking.backend);
    rig.add_sockets(parking.sockets);
    constexpr std::size_t waits = 2;
    for (std::size_t i = 0; i < waits; ++i) {
        rig.when_blocked([&] { expect(rig.poller.post_wakeup(), "a wake that is posted"); });
    }
    measurement.measure({name, waits, 0}, [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            wait_woken(rig);
        }
    });
}

/// The same on the posting side.
void measure_parked_wake(Measurement& measurement, const Parking& parking) {
    const std::string name = named("wake/parked-", parking);
    Rig rig(parking.backend);
    rig.add_sockets(parking.sockets);
    bool posted = false;
    rig.when_blocked([&] {
        measurement.measure({name, 1, 0}, [&] { posted = own::post_wakeup(rig.poller); });
    });
    expect(rig.poller.wait(rig.events, wait_forever).woken && posted, "a wait that is woken");
}

}  // namespace

void measure_wakes(Measurement& measurement) {
    for (const Parking& parking : parkings) {
        measure_woken_wait(measurement, parking);
    }
    for (const Parking& parking : parkings) {
        measure_parked_wake(measurement, parking);
    }
    Rig rig;
    bool posted = false;
    measurement.measure({"wake/not-parked", 1, 0}, [&] { posted = own::post_wakeup(rig.poller); });
    expect(posted, "a wake that is posted");
    constexpr std::size_t wakes = 10;
    measurement.measure({"wake/coalesced", wakes, 0}, [&] {
        for (std::size_t i = 0; i < wakes; ++i) {
            posted = own::post_wakeup(rig.poller) && posted;
        }
    });
    expect(posted, "a wake while one is pending");
}

}  // namespace wakepoll::costs
