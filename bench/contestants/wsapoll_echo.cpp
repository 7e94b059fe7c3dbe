// An echo server on the bare call: WSAPoll over an array of all sockets, the listener first, which
// is then scanned until all ready ones were found.
#include <atomic>
#include <deque>
#include <vector>

#include "contestants/echo_server.hpp"

namespace wakepoll::bench {
namespace {

using Wants = EchoConnection::Wants;

class WsapollEcho final : public EchoServer {
public:
    WsapollEcho() {
        set_non_blocking(listener_.socket());
        entries_.push_back({listener_.get(), POLLRDNORM, 0});
    }

    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void serve(std::size_t connections) override {
        while (closed_ < connections) {
            int ready = ::WSAPoll(entries_.data(), static_cast<ULONG>(entries_.size()),
                                  static_cast<INT>(patience_milliseconds));
            check(ready > 0, "WSAPoll");
            const bool has_callers = entries_.front().revents != 0;
            ready -= has_callers ? 1 : 0;
            for (std::size_t i = 1; ready > 0 && i < entries_.size();) {
                if (entries_[i].revents == 0) {
                    ++i;
                    continue;
                }
                --ready;
                // The last one has taken the place of a removed one.
                i += go_on(i) ? 1 : 0;
            }
            if (stopped_) {
                return;
            }
            if (has_callers) {
                accept_all();
            }
        }
    }

    /// Makes a connection, because nothing else ends the call.
    void stop() override {
        stopped_ = true;
        connect(open_stream(), listener_.address());
    }

private:
    void accept_all() {
        while (std::optional<Socket> accepted = accept_next(listener_)) {
            EchoConnection& connection = connections_.emplace_back(std::move(*accepted));
            entries_.push_back({connection.socket(), POLLRDNORM, 0});
            live_.push_back(&connection);
        }
    }

    bool go_on(std::size_t index) {
        EchoConnection*& connection = live_[index - 1];
        const Wants wants = connection->go_on();
        if (wants != Wants::end) {
            entries_[index].events = wants == Wants::room ? POLLWRNORM : POLLRDNORM;
            return true;
        }
        ++closed_;
        connection = live_.back();
        live_.pop_back();
        entries_[index] = entries_.back();
        entries_.pop_back();
        return false;
    }

    Listener listener_;
    std::deque<EchoConnection> connections_;  ///< Ended ones stay until all have ended.
    std::vector<WSAPOLLFD> entries_;
    std::vector<EchoConnection*> live_;  ///< Of the entries after the first.
    std::size_t closed_ = 0;
    std::atomic<bool> stopped_ = false;
};

}  // namespace

std::unique_ptr<EchoServer> make_wsapoll_echo() { return std::make_unique<WsapollEcho>(); }

}  // namespace wakepoll::bench
