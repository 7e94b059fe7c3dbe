// Own costs of registrations, with 1000 sockets: register, modify and unregister each of them.
#include <array>
#include <cstddef>
#include <string>

#include "measure.hpp"
#include "public_calls.hpp"
#include "rig.hpp"

namespace wakepoll::costs {
namespace {

constexpr std::size_t sockets = 1000;
constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};

void measure_backend(Measurement& measurement, Backend backend) {
    Rig rig(backend);
    rig.make_sockets(sockets);
    measurement.measure({named("register/", sockets, backend), sockets, 0}, [&] {
        for (std::size_t i = 0; i < sockets; ++i) {
            expect(own::register_handle(rig.poller, rig.pairs[i].local, IoInterest::read, i),
                   "register_handle");
        }
    });
    rig.come_to_rest();
    // In another order than the registrations, as connections come and go. 7 and 1000 have no
    // common divisor, so each socket gets its turn.
    constexpr std::size_t stride = 7;
    measurement.measure({named("modify/", sockets, backend), sockets, 0}, [&] {
        for (std::size_t i = 0; i < sockets; ++i) {
            const std::size_t at = i * stride % sockets;
            expect(own::modify_handle(rig.poller, rig.pairs[at].local,
                                      IoInterest::read | IoInterest::write, at),
                   "modify_handle");
        }
    });
    for (std::size_t i = 0; i < sockets; ++i) {
        expect(rig.poller.modify_handle(rig.pairs[i].local, IoInterest::read, i), "modify_handle");
    }
    rig.come_to_rest();
    measurement.measure({named("unregister/", sockets, backend), sockets, 0}, [&] {
        for (std::size_t i = 0; i < sockets; ++i) {
            expect(own::unregister_handle(rig.poller, rig.pairs[i * stride % sockets].local),
                   "unregister_handle");
        }
    });
}

}  // namespace

void measure_registrations(Measurement& measurement) {
    for (const Backend backend : backends) {
        measure_backend(measurement, backend);
    }
}

}  // namespace wakepoll::costs
