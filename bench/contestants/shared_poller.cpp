// The library, through its public interface only.
#include "contestants/shared_poller.hpp"

#include <array>
#include <atomic>

#include "support/poller.hpp"
#include "support/signal.hpp"

namespace wakepoll::bench {
namespace {

IoInterest interest_of(Wanted wanted) noexcept {
    switch (wanted) {
        case Wanted::nothing:
            return IoInterest::none;
        case Wanted::data:
            return IoInterest::read;
        case Wanted::data_and_urgent:
            return IoInterest::read | IoInterest::priority;
    }
    return IoInterest::none;
}

class OwnPoller final : public SharedPoller {
public:
    explicit OwnPoller(Backend backend) : poller_(make_poller_with(backend, {})) {}

    void add(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            check_error(poller_.register_handle(handle_of(socket), IoInterest::read, socket),
                        "register_handle");
        }
    }
    void modify(std::span<const SOCKET> sockets, Wanted wanted) override {
        const IoInterest interest = interest_of(wanted);
        for (const SOCKET socket : sockets) {
            check_error(poller_.modify_handle(handle_of(socket), interest, socket),
                        "modify_handle");
        }
    }
    void remove(std::span<const SOCKET> sockets) override {
        for (const SOCKET socket : sockets) {
            check_error(poller_.unregister_handle(handle_of(socket)), "unregister_handle");
        }
    }

    void wait_until_stopped() override {
        while (!stopping_) {
            if (next_events(poller_, events_).empty()) {
                settled_.give();
            }
        }
    }
    void settle() override {
        (void)poller_.post_wakeup();
        settled_.await();
    }
    void stop() override {
        stopping_ = true;
        (void)poller_.post_wakeup();
    }

    std::uint64_t rouses() override { return poller_.stats().changes_that_roused; }

private:
    OsPoller poller_;
    std::array<NativeEvent, 64> events_ = {};
    std::atomic<bool> stopping_ = false;
    Signal settled_;
};

}  // namespace

std::unique_ptr<SharedPoller> make_shared_poller(Backend backend) {
    return std::make_unique<OwnPoller>(backend);
}

}  // namespace wakepoll::bench
