// Own costs of a wait: with k of n sockets ready, with none, and one that blocks.
#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "measure.hpp"
#include "public_calls.hpp"
#include "rig.hpp"

namespace wakepoll::costs {
namespace {

using namespace std::chrono_literals;

constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};

struct Active {
    std::size_t ready;
    std::size_t of;
};

constexpr std::array crowds = {Active{1, 1}, Active{64, 64}, Active{1000, 1000}, Active{1, 1000},
                               Active{16, 1000}};

void wait_in(Rig& rig, std::size_t expected, Timeout timeout) {
    const WaitResult result = own::wait(rig.poller, rig.events, timeout);
    expect(result.error, "wait");
    expect(result.count == expected, "what was made ready is reported");
}

/// The sockets that are ready stay so.
void measure_ready(Measurement& measurement, Active active, Backend backend) {
    const std::string name =
        named("ready/" + std::to_string(active.ready) + "-", active.of, backend);
    Rig rig(backend);
    rig.add_sockets(active.of);
    rig.keep_ready(active.ready);
    constexpr std::size_t waits = 2;
    measurement.measure({name, waits, active.ready}, [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            wait_in(rig, active.ready, Timeout{});
        }
    });
}

void measure_empty(Measurement& measurement, std::size_t sockets, Backend backend) {
    const std::string name = named("empty-wait/", sockets, backend);
    Rig rig(backend);
    rig.add_sockets(sockets);
    constexpr std::size_t waits = 2;
    measurement.measure({name, waits, 0}, [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            wait_in(rig, 0, Timeout{});
        }
    });
}

/// Blocks until a socket becomes ready; its data is taken before the next wait. Repeats, as on a
/// server with little to do.
void measure_blocking(Measurement& measurement, std::size_t sockets, Backend backend) {
    const std::string name = named("blocking-wait/1-", sockets, backend);
    Rig rig(backend);
    rig.add_sockets(sockets);
    const test::SocketPair& pair = rig.pairs.front();
    const auto wake_up = [&] { rig.when_blocked([&] { rig.world.send(pair.peer, 1); }); };
    constexpr int rounds_to_settle = 20;
    for (int i = 0; i < rounds_to_settle; ++i) {
        wake_up();
        rig.wait_for(1, wait_forever);
        rig.world.receive(pair.local, 1);
    }
    wake_up();
    measurement.measure({name, 1, 1}, [&] { wait_in(rig, 1, wait_forever); });
}

}  // namespace

void measure_waits(Measurement& measurement) {
    for (const Active active : crowds) {
        for (const Backend backend : backends) {
            measure_ready(measurement, active, backend);
        }
    }
    for (const std::size_t sockets : {0U, 64U}) {
        for (const Backend backend : backends) {
            measure_empty(measurement, sockets, backend);
        }
    }
    for (const std::size_t sockets : {1U, 1000U}) {
        for (const Backend backend : backends) {
            measure_blocking(measurement, sockets, backend);
        }
    }
}

}  // namespace wakepoll::costs
