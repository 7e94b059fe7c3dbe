// Kernel calls of a wait with k of n sockets ready, in the steady state: the same ones stay ready.
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
    counts.count("ready/" + std::to_string(active.ready) + "-of-" + std::to_string(active.of) +
                     "/" + std::string(name_of(backend)),
                 waits, rig, [&] {
                     for (std::size_t i = 0; i < waits; ++i) {
                         rig.wait_for(active.ready);
                     }
                 });
}

}  // namespace

void count_readiness(Counts& counts) {
    for (const Active active : crowds) {
        for (const Backend backend : backends) {
            count_one(counts, active, backend);
        }
    }
}

}  // namespace wakepoll::costs
