// An echo server by readiness: what is reported is received and sent back immediately, and write
// interest is set only after a short send.
#include <deque>
#include <vector>

#include "contestants/echo_server.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

using Wants = EchoConnection::Wants;

class ReadinessEcho final : public EchoServer {
public:
    ReadinessEcho()
        : poller_(make_poller_of({})), waker_(poller_.waker()), events_(echo_events_per_wait) {
        set_non_blocking(listener_.socket());
        check_error(poller_.register_handle(handle_of(listener_.get()), IoInterest::read, 0),
                    "register_handle");
    }

    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void serve(std::size_t connections) override {
        while (closed_ < connections) {
            const std::span<const NativeEvent> reported = next_events(poller_, events_);
            if (reported.empty()) {
                return;
            }
            for (const NativeEvent& event : reported) {
                if (event.data.ptr == nullptr) {
                    accept_all();
                } else {
                    go_on(*static_cast<Watched*>(event.data.ptr));
                }
            }
        }
    }

    void stop() override { (void)waker_.wake(); }

private:
    struct Watched {
        explicit Watched(Socket socket) : connection(std::move(socket)) {}
        EchoConnection connection;
        Wants told = Wants::input;  ///< What it is registered for.
    };

    static std::uint64_t data_of(Watched& watched) {
        return reinterpret_cast<std::uintptr_t>(&watched);
    }

    void accept_all() {
        while (std::optional<Socket> accepted = accept_next(listener_)) {
            Watched& watched = watched_.emplace_back(std::move(*accepted));
            check_error(poller_.register_handle(handle_of(watched.connection.socket()),
                                                IoInterest::read, data_of(watched)),
                        "register_handle");
        }
    }

    void go_on(Watched& watched) {
        const Wants wants = watched.connection.go_on();
        if (wants == watched.told) {
            return;
        }
        watched.told = wants;
        const Handle handle = handle_of(watched.connection.socket());
        if (wants == Wants::end) {
            check_error(poller_.unregister_handle(handle), "unregister_handle");
            ++closed_;
            return;
        }
        const IoInterest interest = wants == Wants::room ? IoInterest::write : IoInterest::read;
        check_error(poller_.modify_handle(handle, interest, data_of(watched)), "modify_handle");
    }

    Listener listener_;
    std::deque<Watched> watched_;  ///< Ended ones stay until all have ended.
    OsPoller poller_;
    Waker waker_;
    std::vector<NativeEvent> events_;
    std::size_t closed_ = 0;
};

}  // namespace

std::unique_ptr<EchoServer> make_readiness_echo() { return std::make_unique<ReadinessEcho>(); }

}  // namespace wakepoll::bench
