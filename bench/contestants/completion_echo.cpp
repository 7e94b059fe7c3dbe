// An echo server by completions: a connection reads, writes what it has read, and reads again, one
// operation at a time. By the poller, on attached sockets; and by Windows' own calls.
#include <atomic>
#include <deque>
#include <vector>

#include "contestants/echo_server.hpp"
#include "support/owned_handle.hpp"
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
        AttachedHandle attached;  ///< Ends before the socket is closed.
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
        check_error(poller_.submit_read(connection.attached, connection.buffer, data_of(connection))
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
                poller_.submit_write(connection.attached, read, data_of(connection)).error(),
                "submit_write");
        }
    }

    void accepted(const Completion& completion) {
        check_error(completion.error, "accept");
        Connection& connection = connections_.emplace_back(
            Socket(static_cast<SOCKET>(completion.accepted.value()), "accept"));
        send_at_once(connection.socket.get());
        connection.attached = poller_.attach(completion.accepted).value();
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

/// The same by WSARecv, WSASend and GetQueuedCompletionStatusEx. Connections are accepted by
/// blocking calls before the first of them is served.
class RawCompletionEcho final : public EchoServer {
public:
    RawCompletionEcho() : packets_(echo_events_per_wait) {}

    [[nodiscard]] sockaddr_in address() const override { return listener_.address(); }

    void serve(std::size_t connections) override {
        while (connections_.size() < connections) {
            Socket accepted(::accept(listener_.get(), nullptr, nullptr), "accept");
            if (stopped_) {
                return;
            }
            begin(connections_.emplace_back(std::move(accepted)));
        }
        while (closed_ < connections && !stopped_) {
            for (const OVERLAPPED_ENTRY& packet : port_.dequeue(packets_)) {
                if (packet.lpOverlapped != nullptr) {
                    finished(packet);
                }
            }
        }
    }

    void stop() override {
        stopped_ = true;
        connect(open_stream(), listener_.address());
        check(::PostQueuedCompletionStatus(port_.get(), 0, 0, nullptr) != FALSE,
              "PostQueuedCompletionStatus");
    }

private:
    struct Connection {
        explicit Connection(Socket accepted) : socket(std::move(accepted)) {}
        OVERLAPPED overlapped = {};  ///< First: a packet's address is the connection's.
        Socket socket;
        bool writes = false;
        std::array<char, echo_buffer_size> buffer = {};
    };

    void begin(Connection& connection) {
        send_at_once(connection.socket.get());
        const auto handle = reinterpret_cast<HANDLE>(connection.socket.get());
        port_.associate(handle);
        // Like the poller: a call that completes immediately posts no packet.
        check(::SetFileCompletionNotificationModes(
                  handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE) !=
                  FALSE,
              "SetFileCompletionNotificationModes");
        go_on(connection, false, 0);
    }

    void finished(const OVERLAPPED_ENTRY& packet) {
        auto& connection = *reinterpret_cast<Connection*>(packet.lpOverlapped);
        const bool failed = static_cast<DWORD>(packet.lpOverlapped->Internal) != 0;
        const DWORD bytes = packet.dwNumberOfBytesTransferred;
        if (failed || bytes == 0) {
            ++closed_;
        } else {
            go_on(connection, !connection.writes, bytes);
        }
    }

    /// Begins the next call, and those after it while they complete immediately.
    void go_on(Connection& connection, bool writes, DWORD bytes) {
        for (;; writes = !writes) {
            connection.writes = writes;
            connection.overlapped = {};
            WSABUF buffer{writes ? bytes : static_cast<ULONG>(connection.buffer.size()),
                          connection.buffer.data()};
            DWORD flags = 0;
            const int result = writes ? ::WSASend(connection.socket.get(), &buffer, 1, &bytes, 0,
                                                  &connection.overlapped, nullptr)
                                      : ::WSARecv(connection.socket.get(), &buffer, 1, &bytes,
                                                  &flags, &connection.overlapped, nullptr);
            if (result == SOCKET_ERROR) {
                check(::WSAGetLastError() == WSA_IO_PENDING, "WSASend or WSARecv");
                return;
            }
            if (bytes == 0) {
                ++closed_;
                return;
            }
        }
    }

    Listener listener_;
    RawPort port_;
    std::deque<Connection> connections_;
    std::vector<OVERLAPPED_ENTRY> packets_;
    std::size_t closed_ = 0;
    std::atomic<bool> stopped_ = false;
};

}  // namespace

std::unique_ptr<EchoServer> make_raw_completion_echo() {
    return std::make_unique<RawCompletionEcho>();
}

std::unique_ptr<EchoServer> make_completion_echo(std::size_t connections) {
    return std::make_unique<CompletionEcho>(connections);
}

}  // namespace wakepoll::bench
