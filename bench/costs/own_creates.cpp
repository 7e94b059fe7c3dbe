// Own costs of creating a poller, by its number of slots.
#include <cstdint>
#include <optional>
#include <string>

#include "measure.hpp"
#include "public_calls.hpp"
#include "rig.hpp"

namespace wakepoll::costs {

void measure_creates(Measurement& measurement) {
    // The first one initialises what all pollers share.
    const Rig rig;
    for (const std::uint32_t slots : {1024U, 65536U}) {
        const PollerConfig config = {.max_registrations = slots};
        std::optional<Result<OsPoller>> created;
        measurement.measure({"create/slots-" + std::to_string(slots), 1, 0},
                            [&] { created.emplace(own::create(config)); });
        expect(created->error(), "create");
    }
}

}  // namespace wakepoll::costs
