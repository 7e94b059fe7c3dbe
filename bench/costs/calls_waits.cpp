// Kernel calls of a wait in which nothing is ready: idle until its timeout, empty with none, and
// ended by the timer.
#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "counts.hpp"

namespace wakepoll::costs {
namespace {

using namespace std::chrono_literals;

constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};
constexpr std::size_t waits = 10;

void count_quiet(Counts& counts, const char* what, std::size_t sockets, Backend backend,
                 Timeout timeout) {
    Rig rig(backend);
    rig.add_sockets(sockets);
    counts.count(named(what, sockets, backend), waits, rig, [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            rig.wait_for(0, timeout);
        }
    });
}

void set_and_wait(Rig& rig) {
    expect(rig.poller.set_timer(Clock::now() + 10ms), "set_timer");
    expect(rig.poller.wait(rig.events, wait_forever).timer, "a wait that the timer ends");
}

void count_timer(Counts& counts, std::size_t sockets, Backend backend) {
    Rig rig(backend);
    rig.add_sockets(sockets);
    set_and_wait(rig);  // The first creates the kernel's timer.
    counts.count(named("timer/", sockets, backend), waits, rig, [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            set_and_wait(rig);
        }
    });
}

}  // namespace

void count_waits(Counts& counts) {
    for (const std::size_t sockets : {0U, 1U, 64U, 1000U}) {
        for (const Backend backend : backends) {
            count_quiet(counts, "idle-wait/", sockets, backend, Timeout{5ms});
        }
    }
    for (const std::size_t sockets : {0U, 1U, 64U, 1000U}) {
        for (const Backend backend : backends) {
            count_quiet(counts, "empty-wait/", sockets, backend, Timeout{});
        }
    }
    for (const std::size_t sockets : {0U, 1U, 64U}) {
        for (const Backend backend : backends) {
            count_timer(counts, sockets, backend);
        }
    }
}

}  // namespace wakepoll::costs
