// See os_poller_readiness.hpp.
#include "os_poller_readiness.hpp"

#include "wakepoll/wakepoll.hpp"

namespace wakepoll::test {
namespace {

class OsPollerReadiness final : public Readiness {
public:
    explicit OsPollerReadiness(Backend backend)
        : poller_(OsPoller::create({.backend = backend}).value()) {}

    std::error_code add(Handle handle, IoInterest interest, std::uint64_t data) override {
        return poller_.register_handle(handle, interest, data).error();
    }

    std::error_code modify(Handle handle, IoInterest interest, std::uint64_t data) override {
        return poller_.modify_handle(handle, interest, data).error();
    }

    std::error_code remove(Handle handle) override {
        return poller_.unregister_handle(handle).error();
    }

    Batch wait(Timeout timeout, std::size_t room) override {
        std::vector<NativeEvent> events(room);
        const WaitResult result = poller_.wait(events, timeout);
        Batch batch;
        batch.woken = result.woken;
        batch.error = result.error;
        for (std::size_t i = 0; i < result.count; ++i) {
            batch.events.push_back({events[i].data.u64, events[i].events});
        }
        return batch;
    }

    bool wake() override { return poller_.post_wakeup(); }

    std::chrono::nanoseconds now() override { return Clock::now().time_since_epoch(); }

private:
    OsPoller poller_;
};

}  // namespace

std::unique_ptr<Readiness> make_os_poller_readiness(Backend backend) {
    return std::make_unique<OsPollerReadiness>(backend);
}

}  // namespace wakepoll::test
