// Accepts and connects, accepted, refused and closed.
//
// Nothing is registered for readiness here, so the backend does not matter.
#include <algorithm>
#include <array>

#include "operation_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(operations_connection)

namespace {

constexpr int some_seeds = 200;

/// The port number in a sockaddr_in.
unsigned port_in(std::span<const std::byte> address) {
    BOOST_REQUIRE(address.size() >= 8U);
    return std::to_integer<unsigned>(address[2]) * 256 + std::to_integer<unsigned>(address[3]);
}

/// The report of an accept that succeeded; its socket can be written to and read from.
void check_accepted(Stage& stage, const Report& report, Handle peer) {
    BOOST_TEST(report.mask == mask::in);
    BOOST_TEST((report.completion.operation == IoOperation::accept));
    BOOST_TEST(!report.completion.error);
    const Handle accepted = report.completion.accepted;
    BOOST_REQUIRE(static_cast<bool>(accepted));
    put_text(stage.world, accepted, "from the server");
    BOOST_TEST(take_text(stage.world, peer, 15) == "from the server");
    put_text(stage.world, peer, "from the client");
    BOOST_TEST(take_text(stage.world, accepted, 15) == "from the client");
    // What needs the context of the listener works too.
    stage.world.shutdown_send(accepted);
    BOOST_TEST(take_text(stage.world, peer, 1).empty());
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_accept_takes_a_connection_and_tells_both_addresses) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        for (const bool waits : {false, true}) {
            Handle client;
            if (!waits) {
                client = stage.world.connecting(listener);
            }
            AcceptBuffer<> buffer{};
            OverlappedEntry* const entry = started(poller.submit_accept(listener, buffer, 7));
            BOOST_TEST((entry->operation == IoOperation::accept));
            if (waits) {
                client = stage.world.connecting(listener);
            }
            const Report done = report(poller);
            BOOST_TEST(done.data == 7U);
            BOOST_TEST(done.completion.bytes == 0U);
            const AcceptedAddresses addresses =
                OsPoller::accepted_addresses(done.completion, buffer);
            BOOST_TEST(port_in(addresses.local) == port_in(stage.world.address_of(listener)));
            BOOST_TEST(port_in(addresses.remote) == port_in(stage.world.address_of(client)));
            check_accepted(stage, done, client);
            stage.world.close(done.completion.accepted);
            check_that_nothing_is_left(poller);
        }
    });
}

BOOST_AUTO_TEST_CASE(several_accepts_take_several_connections) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        std::array<AcceptBuffer<>, 5> buffers{};
        for (std::uint64_t i = 0; i < buffers.size(); ++i) {
            (void)started(poller.submit_accept(listener, buffers[i], i));
        }
        std::vector<Handle> clients;
        for (std::size_t i = 0; i < buffers.size(); ++i) {
            clients.push_back(stage.world.connecting(listener));
        }
        std::uint64_t seen = 0;
        for (const Report& done : reports(poller, buffers.size())) {
            BOOST_TEST(!done.completion.error);
            const unsigned remote = port_in(
                OsPoller::accepted_addresses(done.completion, buffers.at(done.data)).remote);
            const auto client = std::ranges::find_if(clients, [&](Handle candidate) {
                return port_in(stage.world.address_of(candidate)) == remote;
            });
            BOOST_REQUIRE(client != clients.end());
            check_accepted(stage, done, *client);
            clients.erase(client);
            stage.world.close(done.completion.accepted);
            seen |= std::uint64_t{1} << done.data;
        }
        BOOST_TEST(seen == 31U);
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_accept_with_room_waits_for_the_first_data) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        AcceptBuffer<100> buffer{};
        (void)started(poller.submit_accept(listener, buffer, 7));
        const Handle client = stage.world.connecting(listener);
        BOOST_TEST(wait(poller, 3ms).count() == 0U);
        put_text(stage.world, client, "first words");
        const Report done = report(poller);
        BOOST_TEST(done.completion.bytes == 11U);
        BOOST_TEST(text_of(std::span(buffer).first(11)) == "first words");
        const AcceptedAddresses addresses = OsPoller::accepted_addresses(done.completion, buffer);
        BOOST_TEST(port_in(addresses.local) == port_in(stage.world.address_of(listener)));
        BOOST_TEST(port_in(addresses.remote) == port_in(stage.world.address_of(client)));
        check_accepted(stage, done, client);
        stage.world.close(done.completion.accepted);
    });
}

BOOST_AUTO_TEST_CASE(an_accept_with_room_ends_with_the_stream_too) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        AcceptBuffer<100> buffer{};
        (void)started(poller.submit_accept(listener, buffer, 7));
        const Handle client = stage.world.connecting(listener);
        BOOST_TEST(wait(poller, 3ms).count() == 0U);
        stage.world.shutdown_send(client);
        const Report done = report(poller);
        BOOST_TEST(!done.completion.error);
        BOOST_TEST(done.completion.bytes == 0U);
        BOOST_REQUIRE(static_cast<bool>(done.completion.accepted));
        stage.world.close(done.completion.accepted);
    });
}

BOOST_AUTO_TEST_CASE(an_accept_whose_listener_is_closed_is_canceled_and_keeps_no_socket) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        AcceptBuffer<> buffer{};
        (void)started(poller.submit_accept(listener, buffer, 7));
        stage.world.close(listener);
        const Report done = report(poller);
        BOOST_TEST(done.mask == (mask::in | mask::err));
        BOOST_TEST(done.completion.error == std::errc::operation_canceled);
        BOOST_TEST(!static_cast<bool>(done.completion.accepted));
        const AcceptedAddresses addresses = OsPoller::accepted_addresses(done.completion, buffer);
        BOOST_TEST(addresses.local.empty());
        BOOST_TEST(addresses.remote.empty());
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(an_accept_that_is_done_when_its_listener_is_closed_is_canceled_too) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        AcceptBuffer<10> buffer{};
        (void)started(poller.submit_accept(listener, buffer, 7));
        const Handle client = stage.world.connecting(listener);
        put_text(stage.world, client, "first");
        const Handle other = stage.world.tcp_socket();
        (void)started(poller.submit_connect(other, stage.world.address_of(listener), 8));
        stage.world.close(listener);
        const Report done = find(reports(poller, 2), 7);
        if (done.completion.error) {
            BOOST_TEST(done.mask == (mask::in | mask::err));
            BOOST_TEST(done.completion.error == std::errc::operation_canceled);
            BOOST_TEST(done.completion.bytes == 0U);
            BOOST_TEST(!static_cast<bool>(done.completion.accepted));
        } else {
            // Wine 8 does not look at the listener when the connection gets its context.
            BOOST_TEST(done.completion.bytes == 5U);
            BOOST_REQUIRE(static_cast<bool>(done.completion.accepted));
            stage.world.close(done.completion.accepted);
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_is_out_and_carries_bytes) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const Handle socket = stage.world.tcp_socket();
        OverlappedEntry* const entry =
            started(poller.submit_connect(socket, stage.world.address_of(listener), 9));
        BOOST_TEST((entry->operation == IoOperation::connect));
        const Report done = report(poller);
        BOOST_TEST(done.mask == mask::out);
        BOOST_TEST(done.data == 9U);
        BOOST_TEST((done.completion.operation == IoOperation::connect));
        BOOST_TEST(!done.completion.error);
        BOOST_TEST(!static_cast<bool>(done.completion.accepted));
        const Handle server = accept_by_hand(stage.world, listener);
        BOOST_REQUIRE(static_cast<bool>(server));
        (void)started(poller.submit_write(socket, bytes_of("ping"), 10));
        BOOST_TEST(report(poller).mask == mask::out);
        BOOST_TEST(take_text(stage.world, server, 4) == "ping");
        stage.world.shutdown_send(socket);  // Needs the context of the connection.
        BOOST_TEST(take_text(stage.world, server, 1).empty());
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_and_an_accept_of_one_poller_meet) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const Handle socket = stage.world.tcp_socket();
        AcceptBuffer<> buffer{};
        (void)started(poller.submit_accept(listener, buffer, 1));
        (void)started(poller.submit_connect(socket, stage.world.address_of(listener), 2));
        const std::vector<Report> done = reports(poller, 2);
        BOOST_TEST(find(done, 2).mask == mask::out);
        check_accepted(stage, find(done, 1), socket);
        // The accepted socket carries operations itself.
        const Handle accepted = find(done, 1).completion.accepted;
        std::array<std::byte, 8> bytes{};
        (void)started(poller.submit_read(accepted, bytes, 3));
        put_text(stage.world, socket, "again");
        BOOST_TEST(report(poller).completion.bytes == 5U);
        BOOST_TEST(text_of(std::span(bytes).first(5)) == "again");
        stage.world.close(accepted);
    });
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_an_event) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle socket = stage.world.tcp_socket();
        (void)started(poller.submit_connect(socket, stage.world.refused_address(), 9));
        const Report done = report(poller);
        BOOST_TEST(done.mask == (mask::out | mask::err | mask::hup));
        BOOST_TEST(done.data == 9U);
        BOOST_TEST(done.completion.error == std::errc::connection_refused);
        check_that_nothing_is_left(poller);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_medium_that_is_full_or_broken_is_an_event) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle file = stage.world.file_of(16);
        std::array<std::byte, 4> buffer{};
        constexpr std::array<std::uint32_t, 4> codes = {
            23,    // ERROR_CRC
            112,   // ERROR_DISK_FULL
            1117,  // ERROR_IO_DEVICE
            1167,  // ERROR_DEVICE_NOT_CONNECTED
        };
        for (const std::uint32_t code : codes) {
            stage.kernel.fail_next(sim::Call::write, code);
            stage.kernel.fail_next(sim::Call::read, code);
            (void)started(poller.submit_write(file, bytes_of("data"), 1));
            (void)started(poller.submit_read(file, buffer, 2));
            const std::vector<Report> all = reports(poller, 2);
            BOOST_TEST(find(all, 1).mask == (mask::out | mask::err));
            BOOST_TEST(find(all, 1).completion.error == win32_error(code));
            BOOST_TEST(find(all, 2).mask == (mask::in | mask::err));
            BOOST_TEST(find(all, 2).completion.error == win32_error(code));
        }
        check_that_nothing_is_left(poller);
    });
}

// On the simulated kernel alone, because no packet of a test may leave the machine.
BOOST_AUTO_TEST_CASE(an_unreachable_peer_is_an_event) {
    on_every_kernel(Backend::automatic, some_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle socket = stage.world.tcp_socket();
        std::vector<std::byte> address = stage.world.refused_address();
        constexpr std::array documentation = {std::byte{192}, std::byte{0}, std::byte{2},
                                              std::byte{1}};
        std::ranges::copy(documentation, address.begin() + 4);
        (void)started(poller.submit_connect(socket, address, 9));
        const Report done = report(poller);
        BOOST_TEST(done.mask == (mask::out | mask::err));
        BOOST_TEST((done.completion.error == std::errc::network_unreachable ||
                    done.completion.error == std::errc::host_unreachable));
        check_that_nothing_is_left(poller);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
