// The echo service and the load client against each other, and each against a peer that misbehaves.
//
// The second half matters as much as the first: a client that checks every byte must be shown to
// find a wrong one.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "echo_service.hpp"
#include "load_client.hpp"
#include "loop_fixture.hpp"
#include "net.hpp"
#include "send_faults.hpp"
#include "wakepoll/events.hpp"

namespace example {
namespace {

namespace mask = wakepoll::mask;
using namespace std::chrono_literals;

// Collects what a socket receives, until its peer has finished.
struct Reader {
    Reader(EventLoop& on_loop, const net::Socket& from, std::function<void()> when_ended)
        : loop(on_loop), socket(from), ended(std::move(when_ended)) {
        BOOST_TEST_REQUIRE(!loop.add_socket(socket.number(), mask::in | mask::rdhup,
                                            [this](std::uint32_t) { read(); }));
    }

    void read() {
        std::vector<char> buffer(16 * 1024);
        const net::Transfer received = net::receive(socket, buffer);
        text.append(buffer.data(), received.bytes);
        if (received.ended || received.error) {
            error = received.error;
            loop.remove_socket(socket.number());
            ended();
        }
    }

    EventLoop& loop;
    const net::Socket& socket;
    std::function<void()> ended;
    std::string text;
    std::error_code error;
};

struct EchoFixture : LoopFixture {
    EchoFixture()
        : service(loop, options(), [this] {
              if (service.stats().closed() == wanted_closed) {
                  loop.stop();
              }
          }) {
        BOOST_TEST_REQUIRE(!service.open());
    }

    static EchoOptions options() {
        EchoOptions options;
        options.pending_limit = 32 * 1024;
        options.buffer_bytes = 16 * 1024;
        return options;
    }

    EchoService service;
    std::uint64_t wanted_closed = 1;
};

BOOST_FIXTURE_TEST_SUITE(echo_service, EchoFixture)

BOOST_AUTO_TEST_CASE(twenty_connections_are_verified_whole_by_a_client_on_another_thread) {
    constexpr std::uint32_t connections = 20;
    wanted_closed = connections;
    LoadReport report;
    std::error_code client_error;
    std::thread client_thread([&, port = service.port()] {
        EventLoop client_loop;
        LoadOptions load;
        load.port = port;
        load.connections = connections;
        load.stall = 20ms;
        load.half_close_last = half_closes_last();
        LoadClient client(client_loop, load, [&] { client_loop.stop(); });
        client.start();
        client_error = client_loop.run();
        report = client.report();
    });
    const std::error_code error = [&]() -> std::error_code {
        loop.add_timer(limit, [&] { loop.stop(); });
        return loop.run();
    }();
    client_thread.join();

    BOOST_TEST(!error);
    BOOST_TEST(!client_error);
    for (const std::string& failure : report.failures) {
        BOOST_TEST_ERROR(failure);
    }
    BOOST_TEST(report.connections == connections);
    BOOST_TEST(report.echoes == std::uint64_t{connections} * MessagePlan{}.messages);
    BOOST_TEST(report.mismatches == 0U);
    BOOST_TEST(report.round_trips.size() == std::uint64_t{connections} * 30);
    BOOST_TEST(service.stats().completed == report.connections);
    BOOST_TEST(service.stats().lines == report.echoes);
    BOOST_TEST(service.stats().bytes_sent == report.bytes);
    BOOST_TEST(service.stats().bytes_received == report.bytes);
    BOOST_TEST(service.open_connections() == 0U);
}

BOOST_AUTO_TEST_CASE(a_half_close_is_answered_in_full_and_then_with_the_end) {
    const net::Socket socket = take(net::connect_to_loopback(service.port()));
    std::unique_ptr<Reader> reader;
    BOOST_TEST(!loop.add_socket(socket.number(), mask::out, [&](std::uint32_t) {
        send_all(socket, "first\nsecond\n");
        BOOST_TEST(!net::shut_down_sending(socket));
        BOOST_TEST(!loop.remove_socket(socket.number()));
        reader = std::make_unique<Reader>(loop, socket, [&] { loop.stop(); });
    }));
    wanted_closed = 0;  // the reader ends the test
    run();
    BOOST_TEST(reader->text == "first\nsecond\n");
    BOOST_TEST(!reader->error);
    BOOST_TEST(service.stats().completed == 1U);
    BOOST_TEST(service.stats().lines == 2U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_sends_nothing_is_completed) {
    const net::Socket socket = take(net::connect_to_loopback(service.port()));
    BOOST_TEST(!loop.add_socket(socket.number(), mask::out, [&](std::uint32_t) {
        BOOST_TEST(!net::shut_down_sending(socket));
        BOOST_TEST(!loop.remove_socket(socket.number()));
    }));
    run();
    BOOST_TEST(service.stats().completed == 1U);
    BOOST_TEST(service.stats().bytes_sent == 0U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_resets_costs_its_own_connection_only) {
    net::Socket resetting = take(net::connect_to_loopback(service.port()));
    const net::Socket orderly = take(net::connect_to_loopback(service.port()));
    std::unique_ptr<Reader> reader;
    bool answered = false;
    // The reset comes once the first answer shows that the service knows the connection.
    BOOST_TEST(!loop.add_socket(resetting.number(), mask::out, [&](std::uint32_t events) {
        if ((events & mask::out) != 0 && !answered) {
            answered = true;
            send_all(resetting, "x\n");
            BOOST_TEST(!loop.modify_socket(resetting.number(), mask::in));
            return;
        }
        loop.remove_socket(resetting.number());
        BOOST_TEST(!net::reset_when_closed(resetting));
        resetting.close();
        send_all(orderly, "still here\n");
        BOOST_TEST(!net::shut_down_sending(orderly));
        reader = std::make_unique<Reader>(loop, orderly, [] {});
    }));
    wanted_closed = 2;
    run();
    BOOST_TEST(service.stats().reset == 1U);
    BOOST_TEST(service.stats().completed == 1U);
    BOOST_TEST(service.open_connections() == 0U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_not_read_from_until_it_does) {
    const net::Socket socket = take(net::connect_to_loopback(service.port(), 16 * 1024));
    const std::string block(1000, 'b');
    std::uint64_t accepted_by_system = 0;
    // Sends and reads nothing, until the service has stopped reading and no more can be sent.
    const std::function<void()> send_until_blocked = [&] {
        net::Transfer sent = net::send(socket, block);
        for (; sent.bytes > 0; sent = net::send(socket, block)) {
            accepted_by_system += sent.bytes;
        }
        BOOST_TEST_REQUIRE(!sent.error);
        if (service.stats().reading_stopped > 0) {
            loop.stop();
        } else {
            loop.add_timer(1ms, send_until_blocked);
        }
    };
    BOOST_TEST(!loop.add_socket(socket.number(), mask::out, [&](std::uint32_t) {
        BOOST_TEST(!loop.remove_socket(socket.number()));
        send_until_blocked();
    }));
    run();
    // Everything unanswered is in buffers of bounded size, the service's own included.
    BOOST_TEST(service.stats().bytes_received - service.stats().bytes_sent >= 32U * 1024);
    BOOST_TEST(service.stats().bytes_received - service.stats().bytes_sent < 64U * 1024);

    BOOST_TEST(!net::shut_down_sending(socket));
    Reader reader(loop, socket, [&] { loop.stop(); });
    wanted_closed = 0;  // the reader ends the test
    run();
    BOOST_TEST(!reader.error);
    BOOST_TEST(reader.text.size() == accepted_by_system);
    BOOST_TEST(service.stats().completed == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

// A server that does to what it receives whatever the test wants, then sends it back.
struct MisbehavingServer {
    using Answer = std::function<std::string(const std::string&)>;

    MisbehavingServer(EventLoop& on_loop, Answer how) : loop(on_loop), answer(std::move(how)) {
        listener = take(net::listen_on_loopback(0));
        port = take(net::local_port(listener));
        BOOST_TEST_REQUIRE(!loop.add_socket(listener.number(), mask::in, [this](std::uint32_t) {
            connections.push_back(take(net::accept_from(listener)));
            const net::Socket& socket = connections.back();
            BOOST_TEST_REQUIRE(!loop.add_socket(socket.number(), mask::in,
                                                [this, &socket](std::uint32_t) { serve(socket); }));
        }));
    }

    void serve(const net::Socket& socket) {
        std::vector<char> buffer(16 * 1024);
        const net::Transfer received = net::receive(socket, buffer);
        const std::string text = answer(std::string(buffer.data(), received.bytes));
        if (received.bytes > 0 && !text.empty()) {
            send_all(socket, text);
        } else {
            loop.remove_socket(socket.number());
            BOOST_TEST(!net::shut_down_sending(socket));
        }
    }

    EventLoop& loop;
    Answer answer;
    net::Socket listener;
    std::uint16_t port = 0;
    std::vector<net::Socket> connections = reserved();

private:
    // Callbacks keep references to the elements.
    static std::vector<net::Socket> reserved() {
        std::vector<net::Socket> sockets;
        sockets.reserve(16);
        return sockets;
    }
};

struct ClientFixture : LoopFixture {
    LoadReport drive(std::uint16_t port, EventLoop::Clock::duration patience = limit) {
        LoadOptions load;
        load.port = port;
        load.connections = 3;
        load.plan.messages = 4;
        load.plan.largest = 2000;
        load.patience = patience;
        LoadClient client(loop, load, [&] { loop.stop(); });
        client.start();
        run();
        BOOST_TEST(client.finished() == 3U);
        return client.report();
    }

    static bool says(const LoadReport& report, const std::string& words) {
        return !report.failures.empty() && report.failures.front().find(words) != std::string::npos;
    }
};

BOOST_FIXTURE_TEST_SUITE(load_client, ClientFixture)

BOOST_AUTO_TEST_CASE(an_honest_echo_is_verified) {
    MisbehavingServer server(loop, [](const std::string& text) { return text; });
    const LoadReport report = drive(server.port);
    BOOST_TEST(report.all_well());
    BOOST_TEST(report.connections == 3U);
    BOOST_TEST(report.echoes == 12U);
    BOOST_TEST(report.round_trips.size() == 9U);
    BOOST_TEST(report.round_trip_percentile(50).count() > 0);
    BOOST_TEST((report.round_trip_percentile(99) >= report.round_trip_percentile(50)));
}

BOOST_AUTO_TEST_CASE(one_wrong_bit_is_found) {
    bool done = false;
    MisbehavingServer server(loop, [&](std::string text) {
        if (!done && text.size() > 100) {
            done = true;
            text[77] = static_cast<char>(text[77] ^ 4);
        }
        return text;
    });
    const LoadReport report = drive(server.port);
    BOOST_TEST(report.mismatches == 1U);
    BOOST_TEST(report.failed == 1U);
    BOOST_TEST(report.connections == 2U);
    BOOST_TEST(says(report, "of the stream is"));
}

BOOST_AUTO_TEST_CASE(a_byte_too_many_is_found) {
    MisbehavingServer server(loop, [](const std::string& text) {
        return text.size() > 1 && text.back() == '\n' ? text + "x" : text;
    });
    const LoadReport report = drive(server.port);
    BOOST_TEST(!report.all_well());
    BOOST_TEST(report.connections == 0U);
    BOOST_TEST(report.mismatches >= 3U);
}

BOOST_AUTO_TEST_CASE(an_early_end_is_found) {
    MisbehavingServer server(
        loop, [](const std::string& text) { return text.size() == 1 ? text : std::string(); });
    const LoadReport report = drive(server.port);
    BOOST_TEST(report.failed == 3U);
    BOOST_TEST(report.mismatches > 0U);
    BOOST_TEST(says(report, "ended after byte 1"));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_an_error_for_each_connection) {
    std::uint16_t port = 0;
    {
        const net::Socket listener = take(net::listen_on_loopback(0));
        port = take(net::local_port(listener));
    }
    const LoadReport report = drive(port);
    BOOST_TEST(report.failed == 3U);
    BOOST_TEST(!report.all_well());
    BOOST_TEST(says(report, "connect: "));
}

BOOST_AUTO_TEST_CASE(a_server_that_never_answers_is_given_up) {
    const net::Socket listener = take(net::listen_on_loopback(0));
    const LoadReport report = drive(take(net::local_port(listener)), 50ms);
    BOOST_TEST(report.failed == 3U);
    BOOST_TEST(says(report, "no byte has moved"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace example
