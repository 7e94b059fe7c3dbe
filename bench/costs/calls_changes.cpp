// Kernel calls of changes made while another thread is blocked in a wait, and of creating a poller.
//
// A wait that only its timeout ends, and the one change made during it, are counted together: this
// includes the calls of an idle wait, and those that the waiter makes because it was woken.
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "counts.hpp"

namespace wakepoll::costs {
namespace {

using namespace std::chrono_literals;

constexpr std::array backends = {Backend::wsapoll, Backend::afd};
constexpr std::size_t changes = 32;

using Change = std::function<Result<void>(Handle handle)>;

class Beside {
public:
    Beside(Counts& counts, std::size_t sockets, Backend backend)
        : counts_(counts), sockets_(sockets), backend_(backend), rig_(backend) {
        rig_.add_sockets(sockets);
        rig_.make_sockets(changes);
    }

    void count() {
        OsPoller& poller = rig_.poller;
        const Change add = [&](Handle handle) {
            return poller.register_handle(handle, IoInterest::read, 0);
        };
        const Change remove = [&](Handle handle) { return poller.unregister_handle(handle); };
        count("add", add);
        count("modify-to-less",
              [&](Handle handle) { return poller.modify_handle(handle, IoInterest::none, 0); });
        count("modify-to-more", [&](Handle handle) {
            return poller.modify_handle(handle, IoInterest::read | IoInterest::priority, 0);
        });
        count("remove", remove);
        for (std::size_t i = 0; i < changes; ++i) {
            rig_.world.send(rig_.pairs[sockets_ + i].peer, 1);
        }
        // The waiter reports it. Then it is due, and ending the registration takes no call.
        count("add-ready", add, 1, remove);
    }

private:
    /// Makes one change per wait, which reports `reported` events, and then `after`.
    void count(const std::string& what, const Change& change, std::size_t reported = 0,
               const Change& after = {}) {
        const PollerStats before = rig_.poller.stats();
        const auto all = [&] {
            for (std::size_t i = 0; i < changes; ++i) {
                const Handle handle = rig_.pairs[sockets_ + i].local;
                rig_.when_blocked([&] { expect(change(handle), "a change beside a waiter"); });
                rig_.wait_for(reported, Timeout{5ms});
                if (after) {
                    expect(after(handle), "a change between the waits");
                }
            }
        };
        counts_.count(named("beside-a-waiter/" + what + '-', sockets_, backend_), changes, rig_,
                      all);
        const PollerStats now = rig_.poller.stats();
        expect(now.changes_beside - before.changes_beside == changes, "each is made beside a wait");
        counts_.note("roused", now.changes_that_roused - before.changes_that_roused);
        rig_.come_to_rest();
    }

    Counts& counts_;
    std::size_t sockets_;
    Backend backend_;
    Rig rig_;
};

void count_create(Counts& counts, std::uint32_t slots) {
    Rig rig;
    const PollerConfig config = {.max_registrations = slots};
    std::optional<Result<OsPoller>> created;
    counts.count("create/slots-" + std::to_string(slots), 1, rig,
                 [&] { created.emplace(OsPoller::create(config)); });
    expect(created->error(), "create");
}

}  // namespace

void count_changes(Counts& counts) {
    for (const std::size_t sockets : {1U, 64U}) {
        for (const Backend backend : backends) {
            Beside(counts, sockets, backend).count();
        }
    }
    for (const std::uint32_t slots : {1024U, 65536U}) {
        count_create(counts, slots);
    }
}

}  // namespace wakepoll::costs
