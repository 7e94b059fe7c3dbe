// The library, through its public interface only.
#include <optional>
#include <vector>

#include "contestants/readiness_contestant.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

class PollerContestant final : public ReadinessContestant {
public:
    explicit PollerContestant(Backend backend) : backend_(backend), events_(events_per_wait) {}

    void watch(std::span<const SOCKET> sockets) override {
        poller_.emplace(make_poller_with(backend_, sockets));
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            const WaitResult waited = poller_->wait(events_, patience);
            check_error(waited.error, "wait");
            if (waited.count == 0) {
                fail("wait", WAIT_TIMEOUT);
            }
            for (std::size_t i = 0; i < waited.count; ++i) {
                receive_byte(static_cast<SOCKET>(events_[i].data.u64));
                --expected;
            }
        }
    }

    void forget() override { poller_.reset(); }

private:
    Backend backend_;
    std::vector<NativeEvent> events_;
    std::optional<OsPoller> poller_;
};

}  // namespace

std::unique_ptr<ReadinessContestant> make_poller(Backend backend) {
    // Fails here and not in the middle of the table if the backend is not available.
    PollerConfig config;
    config.backend = backend;
    (void)make_poller_of(config);
    return std::make_unique<PollerContestant>(backend);
}

}  // namespace wakepoll::bench
