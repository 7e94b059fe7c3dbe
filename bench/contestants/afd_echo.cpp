// An echo server by one AFD request for each socket; what has been reported is polled again at the
// beginning of the next wait, as wepoll does it.
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "contestants/afd_request.hpp"
#include "contestants/echo_server.hpp"

namespace wakepoll::bench {
namespace {

using Wants = EchoConnection::Wants;

/// What wepoll requests for EPOLLOUT: send, and the failures.
constexpr ULONG writable = 0x4 | 0x10 | 0x20 | 0x100;

/// The listener, or a connection.
struct EchoRequest : AfdRequest {
    std::unique_ptr<EchoConnection> connection;
    ULONG wanted = afd_event::readable;
};

class AfdEcho final : public EchoServer {
public:
    AfdEcho() {
        set_non_blocking(listener_.socket());
        watch(listener_.get(), nullptr);
    }
    ~AfdEcho() override { end_requests(devices_.port(), watched_); }
    AfdEcho(const AfdEcho&) = delete;
    AfdEcho& operator=(const AfdEcho&) = delete;

    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void serve(std::size_t connections) override {
        std::vector<OVERLAPPED_ENTRY> room(echo_events_per_wait);
        while (closed_ < connections && !stopped_) {
            for (EchoRequest* request : to_poll_) {
                request->poll(request->wanted);
            }
            to_poll_.clear();
            for (const OVERLAPPED_ENTRY& packet : devices_.port().dequeue(room)) {
                if (packet.lpOverlapped != nullptr) {
                    go_on(static_cast<EchoRequest&>(AfdRequest::ended_by(packet)));
                }
            }
        }
    }

    void stop() override {
        stopped_ = true;
        check(::PostQueuedCompletionStatus(devices_.port().get(), 0, 0, nullptr) != FALSE,
              "PostQueuedCompletionStatus");
    }

private:
    void watch(SOCKET socket, std::unique_ptr<EchoConnection> connection) {
        EchoRequest& request = watched_.emplace_back();
        request.socket = base_of(socket);
        request.device = devices_.next();
        request.connection = std::move(connection);
        to_poll_.push_back(&request);
    }

    void go_on(EchoRequest& request) {
        if (request.connection == nullptr) {
            accept_all();
        } else if (request.is_ready()) {
            const Wants wants = request.connection->go_on();
            if (wants == Wants::end) {
                ++closed_;
                return;
            }
            request.wanted = wants == Wants::room ? writable : afd_event::readable;
        }
        to_poll_.push_back(&request);
    }

    void accept_all() {
        while (std::optional<Socket> accepted = accept_next(listener_)) {
            auto connection = std::make_unique<EchoConnection>(std::move(*accepted));
            const SOCKET socket = connection->socket();
            watch(socket, std::move(connection));
        }
    }

    Listener listener_;
    AfdDevices devices_;
    std::deque<EchoRequest> watched_;  ///< Ended connections stay until all have ended.
    std::vector<EchoRequest*> to_poll_;
    std::size_t closed_ = 0;
    std::atomic<bool> stopped_ = false;
};

}  // namespace

std::unique_ptr<EchoServer> make_afd_echo() { return std::make_unique<AfdEcho>(); }

}  // namespace wakepoll::bench
