// The library itself, by its public interface alone.
#include <optional>
#include <system_error>
#include <vector>

#include "readiness_contestant.hpp"
#include "wakepoll/wakepoll.hpp"

namespace wakepoll::bench {
namespace {

void check_error(const std::error_code& error, const char* call) {
    if (error) {
        throw std::system_error(error, call);
    }
}

class PollerContestant final : public ReadinessContestant {
public:
    explicit PollerContestant(Backend backend) : backend_(backend), events_(events_per_wait) {}

    void watch(std::span<const SOCKET> sockets) override {
        PollerConfig config;
        config.max_registrations = static_cast<std::uint32_t>(sockets.size());
        config.backend = backend_;
        Result<OsPoller> created = OsPoller::create(config);
        check_error(created.error(), "OsPoller::create");
        poller_.emplace(std::move(*created));
        for (const SOCKET socket : sockets) {
            check_error(poller_->register_handle(Handle(std::uintptr_t{socket}), IoInterest::read,
                                                 std::uint64_t{socket}),
                        "register_handle");
        }
    }

    void receive_from(std::size_t expected) override {
        while (expected > 0) {
            const WaitResult waited =
                poller_->wait(events_, std::chrono::milliseconds(patience_milliseconds));
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
    // One that can not be had is found out here, not in the middle of the table.
    PollerConfig config;
    config.backend = backend;
    check_error(OsPoller::create(config).error(), "OsPoller::create");
    return std::make_unique<PollerContestant>(backend);
}

}  // namespace wakepoll::bench
