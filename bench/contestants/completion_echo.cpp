// An echo server by completions: a connection reads, writes what it has read, and reads again, one
// operation at a time.
#include <deque>
#include <vector>

#include "contestants/echo_server.hpp"
#include "support/poller.hpp"

namespace wakepoll::bench {
namespace {

class CompletionEcho final : public EchoServer {
public:
    explicit CompletionEcho(std::size_t connections)
        : poller_(make_poller_of(config_for(connections))),
          waker_(poller_.waker()),
          events_(echo_events_per_wait) {
        submit_accept();
    }

    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void serve(std::size_t connections) override {
        while (closed_ < connections) {
            const std::span<const NativeEvent> reported = next_events(poller_, events_);
            if (reported.empty()) {
                return;
            }
            for (const NativeEvent& event : reported) {
                finished(*event.completion);
            }
        }
    }

    void stop() override { (void)waker_.wake(); }

private:
    struct Connection {
        explicit Connection(Socket accepted) : socket(std::move(accepted)) {}
        Socket socket;
        std::array<std::byte, echo_buffer_size> buffer = {};
    };

    static PollerConfig config_for(std::size_t connections) {
        PollerConfig config;
        // One operation per connection, and the accept. An entry is free again once its event was
        // handled.
        config.max_overlapped_entries = static_cast<std::uint32_t>(connections + 1);
        return config;
    }

    static std::uint64_t data_of(Connection& connection) {
        return reinterpret_cast<std::uintptr_t>(&connection);
    }

    void submit_accept() {
        check_error(poller_.submit_accept(handle_of(listener_.get()), addresses_, 0).error(),
                    "submit_accept");
    }

    void submit_read(Connection& connection) {
        check_error(poller_
                        .submit_read(handle_of(connection.socket.get()), connection.buffer,
                                     data_of(connection))
                        .error(),
                    "submit_read");
    }

    void finished(const Completion& completion) {
        check_error(poller_.overlapped_pool().release(completion.entry), "release");
        if (completion.operation == IoOperation::accept) {
            accepted(completion);
            return;
        }
        auto& connection =
            *reinterpret_cast<Connection*>(static_cast<std::uintptr_t>(completion.user_data));
        if (completion.error || completion.bytes == 0) {
            ++closed_;
        } else if (completion.operation == IoOperation::write) {
            submit_read(connection);
        } else {
            const std::span read = std::span(connection.buffer).first(completion.bytes);
            check_error(
                poller_.submit_write(handle_of(connection.socket.get()), read, data_of(connection))
                    .error(),
                "submit_write");
        }
    }

    void accepted(const Completion& completion) {
        check_error(completion.error, "accept");
        Connection& connection = connections_.emplace_back(
            Socket(static_cast<SOCKET>(completion.accepted.value()), "accept"));
        send_at_once(connection.socket.get());
        submit_read(connection);
        submit_accept();
    }

    Listener listener_;
    std::array<std::byte, OsPoller::accept_address_size> addresses_ = {};
    std::deque<Connection> connections_;  ///< Ended ones stay until all have ended.
    OsPoller poller_;  ///< Destroyed before the buffers: that ends what is in flight.
    Waker waker_;
    std::vector<NativeEvent> events_;
    std::size_t closed_ = 0;
};

}  // namespace

std::unique_ptr<EchoServer> make_completion_echo(std::size_t connections) {
    return std::make_unique<CompletionEcho>(connections);
}

}  // namespace wakepoll::bench
