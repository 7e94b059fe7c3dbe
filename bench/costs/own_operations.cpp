// Own costs of operations, of packets of the user's own calls, and of the timer.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "measure.hpp"
#include "public_calls.hpp"
#include "rig.hpp"

namespace wakepoll::costs {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t rounds = 4;

void wait_for(Rig& rig, std::size_t count) {
    const WaitResult result = own::wait(rig.poller, rig.events, wait_forever);
    expect(result.error, "wait");
    expect(result.count == count, "as many events as were due");
}

/// A read that is submitted, pends, and is reported: two calls of the user, in two entries.
void measure_reads(Measurement& measurement) {
    Rig rig;
    rig.make_sockets(rounds);
    std::array<std::array<std::byte, 16>, rounds> buffers{};
    const auto all = [&](bool counted) {
        for (std::size_t i = 0; i < rounds; ++i) {
            const Handle socket = rig.pairs[i].local;
            expect(counted ? own::submit_read(rig.poller, socket, buffers[i], i)
                           : rig.poller.submit_read(socket, buffers[i], i).error(),
                   "submit_read");
        }
    };
    const auto send = [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            rig.world.send(rig.pairs[i].peer, 1);
        }
    };
    // The first submit on a handle classifies it and associates it with the port.
    measurement.measure({"submit-read/first", rounds, 0}, [&] { all(true); });
    send();
    rig.wait_for(rounds, wait_forever);
    measurement.measure({"submit-read/again", rounds, 0}, [&] { all(true); });
    send();
    measurement.measure({"completion/4-of-4", 1, rounds}, [&] { wait_for(rig, rounds); });
    measurement.measure({"completion/1-of-1", rounds, 1}, [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            expect(own::submit_read(rig.poller, rig.pairs[i].local, buffers[i], i), "submit_read");
            rig.world.send(rig.pairs[i].peer, 1);
            wait_for(rig, 1);
        }
    });
}

/// A packet of the user's own call on an associated handle.
void measure_packets(Measurement& measurement) {
    Rig rig;
    constexpr std::uintptr_t key = 7;
    const Handle port = rig.poller.handle();
    const auto post = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            rig.world.post_packet(port, key, 0, nullptr);
        }
    };
    post(1);
    measurement.measure({"packet/1-of-1", 1, 1}, [&] { wait_for(rig, 1); });
    constexpr std::size_t many = 64;
    post(many);
    measurement.measure({"packet/64-of-64", 1, many}, [&] { wait_for(rig, many); });
}

void measure_timer(Measurement& measurement) {
    Rig rig;
    const auto soon = [] { return Clock::now() + 10ms; };
    expect(rig.poller.set_timer(soon()), "set_timer");
    measurement.measure({"timer/set-again", rounds, 0}, [&] {
        for (std::size_t i = 0; i < rounds; ++i) {
            expect(own::set_timer(rig.poller, soon()), "set_timer");
        }
    });
    measurement.measure({"timer/wait", 1, 0}, [&] {
        expect(own::wait(rig.poller, rig.events, wait_forever).timer, "the timer");
    });
    measurement.measure({"timer/set-after-firing", 1, 0},
                        [&] { expect(own::set_timer(rig.poller, soon()), "set_timer"); });
}

}  // namespace

void measure_operations(Measurement& measurement) {
    measure_reads(measurement);
    measure_packets(measurement);
    measure_timer(measurement);
}

}  // namespace wakepoll::costs
