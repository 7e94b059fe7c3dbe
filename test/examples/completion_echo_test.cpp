// The echo service by completions, under the load client and under peers that misbehave.
//
// The service runs on its own thread, with a pool that is much smaller than the number of
// connections; the peers run on the test's loop.
#include "completion_echo.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "load_client.hpp"
#include "loop_fixture.hpp"
#include "net.hpp"
#include "wakepoll/events.hpp"

namespace example {
namespace {

namespace mask = wakepoll::mask;
using namespace std::chrono_literals;

// A service whose thread ends in bounded time, whatever becomes of its connections.
class ServiceThread {
public:
    explicit ServiceThread(std::uint64_t connections, std::uint32_t entries = 64,
                           CompletionEchoOptions options = {})
        : poller_(make_poller(entries)), service_(poller_, options) {
        BOOST_TEST_REQUIRE(!service_.open());
        std::packaged_task<std::error_code()> serve(
            [this, connections] { return service_.run(connections); });
        ended_ = serve.get_future();
        thread_ = std::thread(std::move(serve));
    }
    ServiceThread(const ServiceThread&) = delete;
    ServiceThread& operator=(const ServiceThread&) = delete;
    ~ServiceThread() {
        if (thread_.joinable()) {
            (void)poller_.post_shutdown();
            thread_.join();
        }
    }

    [[nodiscard]] std::uint16_t port() const { return service_.port(); }

    /// Waits until every connection was served, then closes the service.
    void finish() {
        const bool in_time = ended_.wait_for(LoopFixture::limit) == std::future_status::ready;
        if (!in_time) {
            (void)poller_.post_shutdown();
        }
        thread_.join();
        BOOST_TEST_REQUIRE(in_time, "the service still waits for connections");
        const std::error_code error = ended_.get();
        BOOST_TEST(!error, net::describe(error));
        BOOST_TEST(poller_.overlapped_count() > 0U);  // the accepts that wait for more
        service_.close();
        BOOST_TEST(poller_.overlapped_count() == 0U);
    }

    /// After `finish`.
    [[nodiscard]] const CompletionEchoCounts& counts() const { return service_.counts(); }

private:
    static wakepoll::OsPoller make_poller(std::uint32_t entries) {
        wakepoll::PollerConfig config;
        config.max_overlapped_entries = entries;
        return take(wakepoll::OsPoller::create(config));
    }

    wakepoll::OsPoller poller_;
    CompletionEcho service_;
    std::future<std::error_code> ended_;
    std::thread thread_;
};

struct PeersFixture : LoopFixture {
    // Runs the load client until every byte of it was checked.
    LoadReport drive(std::uint16_t port, std::uint32_t connections, std::uint32_t messages) {
        LoadOptions load;
        load.port = port;
        load.connections = connections;
        load.plan.messages = messages;
        load.plan.usual = 2000;
        load.plan.largest = 20'000;
        load.stall = 20ms;
        LoadClient client(loop, load, [&] { loop.stop(); });
        client.start();
        run();
        for (const std::string& failure : client.report().failures) {
            BOOST_TEST_ERROR(failure);
        }
        return client.report();
    }

    // A peer that the service has accepted, because it was answered.
    net::Socket answered_peer(std::uint16_t port) {
        net::Socket socket = take(net::connect_to_loopback(port));
        ask(socket);
        return socket;
    }

    // Sends one byte and waits until it is back.
    void ask(const net::Socket& socket) {
        bool sent = false;
        BOOST_TEST_REQUIRE(!loop.add_socket(socket.number(), mask::out, [&](std::uint32_t) {
            if (!std::exchange(sent, true)) {
                send_all(socket, "?");
                BOOST_TEST(!loop.modify_socket(socket.number(), mask::in));
            } else {
                std::vector<char> answer(1);
                BOOST_TEST(net::receive(socket, answer).bytes == 1U);
                loop.stop();
            }
        }));
        run();
        BOOST_TEST(!loop.remove_socket(socket.number()));
    }
};

BOOST_FIXTURE_TEST_SUITE(completion_echo, PeersFixture)

BOOST_AUTO_TEST_CASE(ten_thousand_echoes_over_200_connections_with_64_entries) {
    ServiceThread service(200);
    const LoadReport report = drive(service.port(), 200, 50);
    service.finish();
    BOOST_TEST(report.connections == 200U);
    BOOST_TEST(report.echoes == 10'000U);
    BOOST_TEST(report.mismatches == 0U);
    BOOST_TEST(service.counts().completed == 200U);
    BOOST_TEST(service.counts().failed == 0U);
    BOOST_TEST(service.counts().bytes == report.bytes);
    BOOST_TEST(service.counts().most_queued > 0U);
}

BOOST_AUTO_TEST_CASE(idle_connections_do_not_keep_the_others_out) {
    constexpr std::uint32_t idle = 12;
    ServiceThread service(idle + 3, 8);
    std::vector<net::Socket> peers;
    for (std::uint32_t i = 0; i < idle; ++i) {
        peers.push_back(answered_peer(service.port()));
    }
    const LoadReport report = drive(service.port(), 3, 10);
    peers.clear();
    service.finish();
    BOOST_TEST(report.connections == 3U);
    BOOST_TEST(report.mismatches == 0U);
    BOOST_TEST(service.counts().turns_ended > 0U);
    BOOST_TEST(service.counts().completed == idle + 3);
}

// Whether the reset itself is seen is left open: on Wine a receive that meets it can end with 0
// bytes, like the end of a stream, and which does depends on what the receive was doing just then.
BOOST_AUTO_TEST_CASE(a_reset_costs_its_own_connection_only) {
    ServiceThread service(4);
    net::Socket resetting = answered_peer(service.port());
    BOOST_TEST(!net::reset_when_closed(resetting));
    net::Socket later = answered_peer(service.port());
    resetting.close();
    const LoadReport report = drive(service.port(), 2, 5);
    later.close();
    service.finish();
    BOOST_TEST(report.connections == 2U);
    BOOST_TEST(report.mismatches == 0U);
    BOOST_TEST(service.counts().failed <= 1U);
    BOOST_TEST(service.counts().closed() == 4U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_reads_is_given_up_once_others_wait) {
    CompletionEchoOptions options;
    options.accepts = 1;
    options.read_turn = 1ms;
    options.write_turn = 100ms;
    // One entry accepts; the other is all that the connections have.
    ServiceThread service(2, 2, options);
    const net::Socket patient = answered_peer(service.port());
    const net::Socket greedy = take(net::connect_to_loopback(service.port()));
    const std::string block(16 * 1024, 'g');
    std::uint64_t sent = 0;
    BOOST_TEST_REQUIRE(!loop.add_socket(greedy.number(), mask::out, [&](std::uint32_t events) {
        const net::Transfer transfer = net::send(greedy, block);
        sent += transfer.bytes;
        if ((events & mask::err) != 0 || transfer.error) {
            loop.stop();
        }
    }));
    run();
    BOOST_TEST(sent > 0U);
    BOOST_TEST(!loop.remove_socket(greedy.number()));
    ask(patient);
    // Not by closing: on Wine 10 the service sees a reset then, though nothing is unread.
    BOOST_TEST(!net::shut_down_sending(patient));
    service.finish();
    BOOST_TEST(service.counts().failed == 1U);
    BOOST_TEST(service.counts().completed == 1U);
}

BOOST_AUTO_TEST_CASE(closing_takes_back_what_is_in_flight) {
    ServiceThread service(1);
    std::vector<net::Socket> peers;
    for (int i = 0; i < 5; ++i) {
        peers.push_back(answered_peer(service.port()));
    }
    peers.pop_back();
    service.finish();  // four reads and the accepts are in flight, and none afterwards
    BOOST_TEST(service.counts().closed() == 1U);
    // The peers see the end.
    for (const net::Socket& peer : peers) {
        BOOST_TEST_REQUIRE(!loop.add_socket(peer.number(), mask::in, [&](std::uint32_t) {
            std::vector<char> buffer(1);
            BOOST_TEST(net::receive(peer, buffer).bytes == 0U);
            loop.stop();
        }));
        run();
        BOOST_TEST(!loop.remove_socket(peer.number()));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace example
