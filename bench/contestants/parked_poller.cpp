// Wakes a thread that waits in the library, through its public interface only.
#include <array>
#include <chrono>

#include "contestants/parked_contestant.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

class ParkedPoller final : public ParkedContestant {
public:
    ParkedPoller(Backend backend, std::span<const SOCKET> sockets)
        : poller_(make_poller_with(backend, sockets)), waker_(poller_.waker()) {}

    std::size_t wait() override {
        const WaitResult waited = poller_.wait(events_, patience);
        check_error(waited.error, "wait");
        if (!waited.woken) {
            fail("wait", WAIT_TIMEOUT);
        }
        return 1;
    }

    void wake() override {
        if (!waker_.wake()) {
            fail("wake", ERROR_NO_SYSTEM_RESOURCES);
        }
    }

    [[nodiscard]] bool tells_each_wake() const override { return false; }

    [[nodiscard]] double coalesced_part() const override {
        const PollerStats stats = poller_.stats();
        return static_cast<double>(stats.wakes_coalesced()) /
               static_cast<double>(stats.wakes_requested);
    }

private:
    OsPoller poller_;
    Waker waker_;
    std::array<NativeEvent, 64> events_ = {};
};

}  // namespace

std::unique_ptr<ParkedContestant> make_parked_poller(Backend backend,
                                                     std::span<const SOCKET> sockets) {
    return std::make_unique<ParkedPoller>(backend, sockets);
}

}  // namespace wakepoll::bench
