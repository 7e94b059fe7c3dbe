// Accepts by the poller, in both of its ways, and by a blocking call.
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "contestants/acceptor.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

/// Shared by both ways of the poller.
class PollerAcceptor : public Acceptor {
public:
    PollerAcceptor() : poller_(make_poller_of({})), waker_(poller_.waker()) {}

    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void stop() override { (void)waker_.wake(); }

protected:
    [[nodiscard]] const Listener& listener() const { return listener_; }
    [[nodiscard]] OsPoller& poller() { return poller_; }

    [[nodiscard]] std::span<const NativeEvent> wait() {
        const WaitResult waited = poller_.wait(events_, patience);
        check_error(waited.error, "wait");
        if (waited.woken || waited.count == 0) {
            fail("wait", waited.woken ? ERROR_OPERATION_ABORTED : WAIT_TIMEOUT);
        }
        return std::span(events_).first(waited.count);
    }

private:
    Listener listener_;
    OsPoller poller_;
    Waker waker_;
    std::array<NativeEvent, 64> events_ = {};
};

class SubmittingAcceptor final : public PollerAcceptor {
public:
    SubmittingAcceptor() {
        for (std::size_t i = 0; i < addresses_.size(); ++i) {
            submit(i);
        }
    }
    /// Disposes the poller, which ends what is in flight, before the buffers are destroyed.
    ~SubmittingAcceptor() override { poller().dispose(); }
    SubmittingAcceptor(const SubmittingAcceptor&) = delete;
    SubmittingAcceptor& operator=(const SubmittingAcceptor&) = delete;

    void accept(std::size_t count) override {
        // Connections accepted beyond a round count for the next one.
        while (accepted_ < count) {
            for (const NativeEvent& event : wait()) {
                const Completion& completion = *event.completion;
                check_error(completion.error, "accept");
                ::closesocket(static_cast<SOCKET>(completion.accepted.value()));
                ++accepted_;
                check_error(poller().overlapped_pool().release(completion.entry), "release");
                submit(static_cast<std::size_t>(completion.user_data));
            }
        }
        accepted_ -= count;
    }

private:
    void submit(std::size_t index) {
        check_error(
            poller().submit_accept(handle_of(listener().get()), addresses_[index], index).error(),
            "submit_accept");
    }

    std::array<std::array<std::byte, OsPoller::accept_address_size>, accepts_in_flight> addresses_ =
        {};
    std::size_t accepted_ = 0;
};

class ReadinessAcceptor final : public PollerAcceptor {
public:
    ReadinessAcceptor() {
        set_non_blocking(listener().socket());
        check_error(poller().register_handle(handle_of(listener().get()), IoInterest::read, 0),
                    "register_handle");
    }

    void accept(std::size_t count) override {
        for (std::size_t accepted = 0; accepted < count;) {
            (void)wait();
            while (accept_next(listener())) {
                ++accepted;
            }
        }
    }
};

class BlockingAcceptor final : public Acceptor {
public:
    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void accept(std::size_t count) override {
        for (std::size_t accepted = 0; accepted < count; ++accepted) {
            const Socket connection(::accept(listener_.get(), nullptr, nullptr), "accept");
            if (stopped_) {
                fail("accept", ERROR_OPERATION_ABORTED);
            }
        }
    }

    /// Makes a connection that is not counted: nothing else ends a blocking call on every system.
    void stop() override {
        stopped_ = true;
        connect(open_stream(), listener_.address());
    }

private:
    Listener listener_;
    std::atomic<bool> stopped_ = false;
};

}  // namespace

std::unique_ptr<Acceptor> make_submitting_acceptor() {
    return std::make_unique<SubmittingAcceptor>();
}
std::unique_ptr<Acceptor> make_readiness_acceptor() {
    return std::make_unique<ReadinessAcceptor>();
}
std::unique_ptr<Acceptor> make_blocking_acceptor() { return std::make_unique<BlockingAcceptor>(); }

}  // namespace wakepoll::bench
