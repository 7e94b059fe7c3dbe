// Five connections to a server that delays its answers: the client with the shortest delay is
// answered first.
//
// usage: express [--unit MILLISECONDS] Client i asks for an answer after 4, 3, 2, 1 and 0 units.
// Everything happens on one thread and in one wait: the server accepts, reads and writes by
// submitted operations and delays its answers by the poller's timer; the clients connect, write and
// read by submitted operations. Each operation carries its connection as its user data. The program
// prints the answers as they arrive; the exit code is 0 only if all five came, in the order of
// their delays.
#include <winsock2.h>
// Winsock comes first.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "wakepoll/wakepoll.hpp"

namespace {

using std::chrono::milliseconds;
using wakepoll::Completion;
using wakepoll::IoOperation;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t client_count = 5;
constexpr std::size_t message_size = 32;  // of requests and answers alike, padded with zeros

void check(const wakepoll::Result<void>& done, const char* what) {
    if (!done) {
        throw std::system_error(done.error(), what);
    }
}

void check_socket(bool success, const char* what) {
    if (!success) {
        check(wakepoll::win32_error(static_cast<std::uint32_t>(WSAGetLastError())), what);
    }
}

// Its socket stays open until it is destroyed, after the poller has released its buffers.
struct Connection {
    enum class Side : std::uint8_t { server, client };

    explicit Connection(Side which) : side(which) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        if (socket != INVALID_SOCKET) {
            closesocket(socket);
        }
    }

    [[nodiscard]] std::span<std::byte> message() { return std::as_writable_bytes(std::span(text)); }
    void set_message(std::string_view words) {
        text.fill('\0');
        std::copy(words.begin(), words.end(), text.begin());
    }
    [[nodiscard]] std::string message_text() const { return {text.data()}; }

    Side side;
    SOCKET socket = INVALID_SOCKET;
    int units = 0;                   // of delay: requested by a client, or ordered at the server
    std::size_t bytes = 0;           // read of the message so far
    SteadyClock::time_point due_at;  // at the server: when to answer
    std::array<char, message_size + 1> text{};
    std::array<std::byte, wakepoll::OsPoller::accept_address_size> addresses{};
};

class Express {
public:
    Express(wakepoll::OsPoller& poller, milliseconds unit) : poller_(poller), unit_(unit) {}

    // Returns the delays in the order in which their answers came.
    std::vector<int> run() {
        open();
        std::array<wakepoll::NativeEvent, 16> events;
        const SteadyClock::time_point limit =
            SteadyClock::now() + 10 * unit_ + std::chrono::minutes(5);
        while (arrived_.size() < client_count) {
            const wakepoll::WaitResult result = poller_.wait(events, limit - SteadyClock::now());
            for (const wakepoll::NativeEvent& event : result.events()) {
                handle(*event.ptr<Connection>(), *event.completion);
            }
            if (result.timer) {
                answer_due();
            }
            check(result.error, "wait");
            if (SteadyClock::now() >= limit) {
                throw std::runtime_error("the answers did not come in time");
            }
        }
        return arrived_;
    }

    ~Express() {
        closesocket(listener_);
        poller_.dispose();  // Now the buffers may be destroyed, whatever was in flight.
    }

private:
    void open() {
        listener_ = new_socket();
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int length = sizeof address;
        check_socket(bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0, "bind");
        check_socket(listen(listener_, client_count) == 0, "listen");
        check_socket(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0,
                     "getsockname");
        for (std::size_t i = 0; i < client_count; ++i) {
            Connection& accepting = make(Connection::Side::server);
            check(poller_.submit_accept(listener_, accepting.addresses, &accepting).error(),
                  "submit_accept");
            Connection& client = make(Connection::Side::client);
            client.socket = new_socket();
            client.units = static_cast<int>(client_count - 1 - i);
            check(poller_
                      .submit_connect(client.socket, std::as_bytes(std::span(&address, 1)), &client)
                      .error(),
                  "submit_connect");
        }
    }

    // Starts the next operation on the connection whose operation has ended.
    void handle(Connection& connection, const Completion& completion) {
        check(completion.error, name_of(completion.operation));
        switch (completion.operation) {
            case IoOperation::accept:
                connection.socket = static_cast<SOCKET>(completion.accepted.value());
                read(connection);
                break;
            case IoOperation::connect:
                connection.set_message("delay " + std::to_string(connection.units));
                write(connection);
                break;
            case IoOperation::write:
                if (connection.side == Connection::Side::client) {
                    read(connection);
                }
                break;
            default:
                has_read(connection, completion.bytes);
                break;
        }
    }

    void has_read(Connection& connection, std::size_t bytes) {
        if (bytes == 0) {
            throw std::runtime_error("a connection ended before its message did");
        }
        connection.bytes += bytes;
        if (connection.bytes < message_size) {
            submit_read(connection);
        } else if (connection.side == Connection::Side::server) {
            take_order(connection);
        } else {
            if (connection.message_text() != answer_after(connection.units)) {
                throw std::runtime_error("another client's answer: " + connection.message_text());
            }
            std::printf("%s\n", connection.message_text().c_str());
            arrived_.push_back(connection.units);
            set_timer();
        }
    }

    // The delays begin when the last request is in, so the order of the answers does not depend on
    // how fast the requests were.
    void take_order(Connection& connection) {
        if (std::sscanf(connection.text.data(), "delay %d", &connection.units) != 1) {
            throw std::runtime_error("not a request: " + connection.message_text());
        }
        orders_.push_back(&connection);
        if (orders_.size() < client_count) {
            return;
        }
        const SteadyClock::time_point now = SteadyClock::now();
        for (Connection* order : orders_) {
            order->due_at = now + order->units * unit_;
        }
        std::sort(orders_.begin(), orders_.end(),
                  [](const Connection* a, const Connection* b) { return a->due_at > b->due_at; });
        set_timer();
    }

    // The timer has fired: it was set for the last of the orders. The next is timed once this
    // answer has arrived, because a late loop could send two at once, whose arrivals have no order.
    void answer_due() {
        Connection& order = *orders_.back();
        orders_.pop_back();
        order.set_message(answer_after(order.units));
        write(order);
    }

    static std::string answer_after(int units) {
        return "answer after " + std::to_string(units) + " units";
    }

    void set_timer() {
        if (!orders_.empty()) {
            check(poller_.set_timer(orders_.back()->due_at), "set_timer");
        }
    }

    void write(Connection& connection) {
        check(poller_
                  .submit_write(connection.socket, connection.message().first(message_size),
                                &connection)
                  .error(),
              "submit_write");
    }

    void read(Connection& connection) {
        connection.bytes = 0;
        submit_read(connection);
    }

    void submit_read(Connection& connection) {
        const auto rest =
            connection.message().subspan(connection.bytes, message_size - connection.bytes);
        check(poller_.submit_read(connection.socket, rest, &connection).error(), "submit_read");
    }

    Connection& make(Connection::Side side) {
        return *connections_.emplace_back(std::make_unique<Connection>(side));
    }

    static SOCKET new_socket() {
        const SOCKET made = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        check_socket(made != INVALID_SOCKET, "socket");
        return made;
    }

    static const char* name_of(IoOperation operation) {
        constexpr std::array names = {"nothing", "read", "write", "accept", "connect"};
        return names[static_cast<std::size_t>(operation)];
    }

    wakepoll::OsPoller& poller_;
    milliseconds unit_;
    SOCKET listener_ = INVALID_SOCKET;
    std::vector<std::unique_ptr<Connection>> connections_;  // of both sides
    std::vector<Connection*> orders_;                       // the one that is due first is last
    std::vector<int> arrived_;
};

}  // namespace

int main(int argc, char** argv) {
    long unit = 100;
    if (argc == 3 && std::strcmp(argv[1], "--unit") == 0) {
        unit = std::strtol(argv[2], nullptr, 10);
    }
    if ((argc != 1 && argc != 3) || unit <= 0 || unit > 60'000) {
        std::fprintf(stderr, "usage: express [--unit MILLISECONDS]\n");
        return 2;
    }
    try {
        wakepoll::OsPoller poller = wakepoll::OsPoller::create().value();  // starts Winsock too
        const std::vector<int> arrived = Express(poller, milliseconds(unit)).run();
        const bool in_order = arrived == std::vector{0, 1, 2, 3, 4};
        std::printf("%s\n", in_order ? "in order of their delay" : "not in order");
        return in_order ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "express: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
