// Kernel calls of registrations, with 1000 sockets: register, modify and unregister each of them.
// What one of many needs once (the doorbell, a device handle) is shared by all.
#include <array>
#include <cstddef>
#include <string>

#include "counts.hpp"

namespace wakepoll::costs {
namespace {

constexpr std::size_t sockets = 1000;
constexpr std::array backends = {Backend::wsapoll, Backend::afd, Backend::automatic};

void modify_all(Rig& rig, IoInterest interest) {
    for (std::size_t i = 0; i < sockets; ++i) {
        expect(rig.poller.modify_handle(rig.pairs[i].local, interest, i), "modify_handle");
    }
}

void count_backend(Counts& counts, Backend backend) {
    Rig rig(backend);
    rig.make_sockets(sockets);
    counts.count(named("register/", sockets, backend), sockets, rig, [&] {
        for (std::size_t i = 0; i < sockets; ++i) {
            expect(rig.poller.register_handle(rig.pairs[i].local, IoInterest::read, i),
                   "register_handle");
        }
    });
    rig.come_to_rest();
    // To less than before, and back: the request in flight still covers it.
    counts.count(named("modify-to-less/", sockets, backend), 2 * sockets, rig, [&] {
        modify_all(rig, IoInterest::none);
        modify_all(rig, IoInterest::read);
    });
    // To more, and the wait that has to poll again.
    counts.count(named("modify-to-more/", sockets, backend), sockets, rig, [&] {
        modify_all(rig, IoInterest::read | IoInterest::read_hangup | IoInterest::priority);
        rig.wait_for(0);
    });
    rig.come_to_rest();
    counts.count(named("unregister/", sockets, backend), sockets, rig, [&] {
        for (std::size_t i = 0; i < sockets; ++i) {
            expect(rig.poller.unregister_handle(rig.pairs[i].local), "unregister_handle");
        }
    });
}

}  // namespace

void count_registrations(Counts& counts) {
    for (const Backend backend : backends) {
        count_backend(counts, backend);
    }
}

}  // namespace wakepoll::costs
