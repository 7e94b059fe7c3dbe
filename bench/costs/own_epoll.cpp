// Own costs of the epoll API for C; compare with those of OsPoller for the same sockets in
// own_waits and own_registrations.
#include <cstddef>
#include <string>

#include "measure.hpp"
#include "port_rig.hpp"

namespace wakepoll::costs {
namespace {

void measure_wait(Measurement& measurement, std::size_t ready, std::size_t sockets) {
    PortRig rig(sockets);
    for (std::size_t i = 0; i < sockets; ++i) {
        rig.control(EPOLL_CTL_ADD, i, EPOLLIN);
    }
    for (std::size_t i = 0; i < ready; ++i) {
        rig.rig.world.send(rig.pairs[i].peer, 1);
    }
    rig.settle(ready);
    const std::string name =
        ready == 0 ? "epoll-empty-wait/" : "epoll-ready/" + std::to_string(ready) + "-";
    constexpr std::size_t waits = 2;
    measurement.measure({named(name, sockets, Backend::afd), waits, ready}, [&] {
        for (std::size_t i = 0; i < waits; ++i) {
            rig.wait_for(ready);
        }
    });
}

void measure_controls(Measurement& measurement) {
    constexpr std::size_t sockets = 1000;
    constexpr std::size_t stride = 7;  // As in own_registrations.
    PortRig rig(sockets);
    const auto each = [&](const char* what, int op, std::uint32_t wanted, std::size_t step) {
        measurement.measure({named(what, sockets, Backend::afd), sockets, 0}, [&] {
            for (std::size_t i = 0; i < sockets; ++i) {
                rig.control(op, i * step % sockets, wanted);
            }
        });
    };
    each("epoll-add/", EPOLL_CTL_ADD, EPOLLIN, 1);
    rig.settle(0);
    each("epoll-mod/", EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT, stride);
    for (std::size_t i = 0; i < sockets; ++i) {
        rig.control(EPOLL_CTL_MOD, i, EPOLLIN);
    }
    rig.settle(0);
    each("epoll-del/", EPOLL_CTL_DEL, 0, stride);
}

}  // namespace

void measure_epoll(Measurement& measurement) {
    measure_wait(measurement, 0, 0);
    for (const std::size_t ready : {0U, 1U, 8U, 64U}) {
        measure_wait(measurement, ready, 64);
    }
    measure_controls(measurement);
}

}  // namespace wakepoll::costs
