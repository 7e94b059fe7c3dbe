// The model's sockets as a program sees them: streams, ends of streams, resets, backlogs, and
// overlapped receives.
#include <array>
#include <vector>

#include "fixture.hpp"
#include "sys/doorbell.hpp"
#include "tcp_socket.hpp"
#include "wakepoll/overlapped.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;
using test::SocketPair;

bool is_wine(const Fixture& fixture) {
    return fixture.kernel.options().personality == Personality::wine_8;
}

/// A pair whose local end belongs to a port, with one receive in flight or completed.
struct Receiving {
    explicit Receiving(Fixture& owner) : fixture(owner), pair(owner.world.tcp_pair()) {
        BOOST_TEST(!port.associate(pair.local, 77));
    }

    std::error_code start() {
        return fixture.world.start_receive(pair.local, &overlapped, buffer.data(), buffer.size());
    }

    /// Takes the only packet: returns its code and sets `bytes`; or -1.
    int packet() {
        fixture.kernel.advance(1ms);
        std::array<sys::Packet, 2> packets;
        if (port.dequeue(packets, 0).value() != 1) {
            return -1;
        }
        BOOST_TEST(packets[0].key == 77U);
        BOOST_TEST(packets[0].overlapped == &overlapped);
        BOOST_TEST(packets[0].status() == overlapped.internal);
        BOOST_TEST(packets[0].bytes == overlapped.internal_high);
        bytes = packets[0].bytes;
        return static_cast<int>(sys::win32_code_of_status(packets[0].status()));
    }

    Fixture& fixture;
    CompletionPort port = CompletionPort::create().value();
    SocketPair pair;
    NativeOverlapped overlapped;
    std::array<std::uint8_t, 8> buffer = {};
    std::uint32_t bytes = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_sockets)

BOOST_FIXTURE_TEST_CASE(what_is_sent_is_received, Fixture) {
    const auto pair = world.tcp_pair();
    BOOST_TEST(world.send(pair.local, 100).bytes == 100U);
    BOOST_TEST(world.receive(pair.peer, 60).bytes == 60U);
    BOOST_TEST(world.receive(pair.peer, 60).bytes == 40U);
    BOOST_TEST((world.receive(pair.peer, 60).error == std::errc::operation_would_block));
}

BOOST_AUTO_TEST_CASE(on_wine_a_send_takes_what_fits_and_then_would_block) {
    Fixture fixture(Personality::wine_8);
    test::World& world = fixture.world;
    const auto pair = world.tcp_pair();
    BOOST_TEST(world.send(pair.local, TcpSocket::buffer_size - 10).bytes ==
               TcpSocket::buffer_size - 10);
    BOOST_TEST(world.send(pair.local, 100).bytes == 10U);
    BOOST_TEST((world.send(pair.local, 100).error == std::errc::operation_would_block));
    BOOST_TEST(world.receive(pair.peer, 7).bytes == 7U);
    BOOST_TEST(world.send(pair.local, 100).bytes == 7U);
}

BOOST_FIXTURE_TEST_CASE(a_fin_ends_one_direction_after_its_data, Fixture) {
    const auto pair = world.tcp_pair();
    world.send(pair.peer, 3);
    world.shutdown_send(pair.peer);
    BOOST_TEST((world.send(pair.peer, 1).error == std::errc::broken_pipe));
    BOOST_TEST(world.receive(pair.local, 9).bytes == 3U);
    const auto end = world.receive(pair.local, 9);
    BOOST_TEST(end.bytes == 0U);
    BOOST_TEST(!end.error);
    BOOST_TEST(world.send(pair.local, 4).bytes == 4U);
    BOOST_TEST(world.receive(pair.peer, 9).bytes == 4U);
}

BOOST_AUTO_TEST_CASE(after_a_reset_a_receive_fails_or_on_wine_ends) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send(pair.peer, 3);
        fixture.world.reset(pair.peer);
        const auto received = fixture.world.receive(pair.local, 9);
        BOOST_TEST(received.bytes == 0U);
        BOOST_TEST(received.error.value() == (is_wine(fixture) ? 0 : 10054));
        BOOST_TEST((fixture.world.send(pair.local, 1).error == std::errc::connection_reset));
        // SO_CONNECT_TIME still reports a connection that has ended.
        BOOST_TEST(sys::is_connected(pair.local).value());
    });
}

BOOST_FIXTURE_TEST_CASE(closing_over_unread_data_resets, Fixture) {
    const auto pair = world.tcp_pair();
    world.send(pair.local, 1);
    world.close(pair.peer);
    BOOST_TEST(poll(pair.local) == (bits::err | bits::hup | bits::wrnorm));
}

BOOST_FIXTURE_TEST_CASE(after_both_fins_there_is_nothing_left_to_reset, Fixture) {
    const auto pair = world.tcp_pair();
    world.send(pair.local, 3);
    world.shutdown_send(pair.local);
    world.shutdown_send(pair.peer);
    world.reset(pair.peer);
    const auto end = world.receive(pair.local, 9);
    BOOST_TEST(end.bytes == 0U);
    BOOST_TEST(!end.error);
}

BOOST_FIXTURE_TEST_CASE(a_send_to_a_closed_peer_brings_a_reset, Fixture) {
    const auto pair = world.tcp_pair();
    world.close(pair.peer);
    BOOST_TEST(poll(pair.local) == (bits::hup | bits::wrnorm));
    BOOST_TEST(world.send(pair.local, 1).bytes == 1U);
    BOOST_TEST(poll(pair.local) == (bits::err | bits::hup | bits::wrnorm));
    BOOST_TEST((world.send(pair.local, 1).error == std::errc::connection_reset));
}

BOOST_FIXTURE_TEST_CASE(what_is_not_connected_can_neither_send_nor_receive, Fixture) {
    for (const Handle socket : {world.tcp_socket(), world.listener(), world.udp_socket()}) {
        BOOST_TEST((world.send(socket, 1).error == std::errc::not_connected));
    }
    BOOST_TEST((world.receive(world.tcp_socket(), 1).error == std::errc::not_connected));
}

BOOST_FIXTURE_TEST_CASE(a_backlog_is_accepted_in_order_and_has_a_limit, Fixture) {
    const Handle listener = world.listener();
    const Handle first = world.connecting(listener);
    BOOST_TEST(sys::is_connected(first).value());
    for (std::size_t i = 1; i < TcpSocket::backlog_limit; ++i) {
        BOOST_TEST(sys::is_connected(world.connecting(listener)).value());
    }
    BOOST_TEST(!sys::is_connected(world.connecting(listener)).value());
    const Handle accepted = world.accept(listener);
    BOOST_TEST(world.send(first, 1).bytes == 1U);
    BOOST_TEST(world.receive(accepted, 9).bytes == 1U);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_accepted_where_nobody_connects, Fixture) {
    BOOST_TEST(!world.accept(world.listener()));
}

BOOST_FIXTURE_TEST_CASE(closing_a_listener_resets_what_waits_in_its_backlog, Fixture) {
    const Handle listener = world.listener();
    const Handle client = world.connecting(listener);
    world.close(listener);
    BOOST_TEST(poll(client) == (bits::err | bits::hup | bits::wrnorm));
}

BOOST_FIXTURE_TEST_CASE(a_closed_socket_is_no_socket, Fixture) {
    const auto pair = world.tcp_pair();
    world.close(pair.local);
    BOOST_TEST(sys::socket_kind(pair.local).error().value() == 10038);
    BOOST_TEST(sys::is_connected(pair.local).error().value() == 10038);
    BOOST_TEST(sys::is_listening(pair.local).error().value() == 10038);
    BOOST_TEST(poll(pair.local) == -10038);
    BOOST_CHECK_THROW(world.close(pair.local), std::runtime_error);
}

BOOST_FIXTURE_TEST_CASE(datagrams_keep_their_bounds_and_are_lost_where_there_is_no_room, Fixture) {
    const auto pair = world.udp_pair();
    world.send(pair.peer, 3);
    world.send(pair.peer, 5);
    BOOST_TEST(world.receive(pair.local, 64).bytes == 3U);
    BOOST_TEST(world.receive(pair.local, 64).bytes == 5U);
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST(world.send(pair.peer, 1).bytes == 1U);
    }
    int received = 0;
    while (!world.receive(pair.local, 64).error) {
        ++received;
    }
    BOOST_TEST(received > 0);
    BOOST_TEST(received < 1000);
}

// The doorbell
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_doorbell_is_readable_from_its_ring_until_it_is_drained, Fixture) {
    sys::Doorbell doorbell = sys::Doorbell::create().value();
    const Handle socket(doorbell.socket());
    BOOST_TEST(poll(socket, bits::rdnorm) == 0);
    BOOST_TEST(!doorbell.ring());
    BOOST_TEST(poll(socket, bits::rdnorm) == bits::rdnorm);
    BOOST_TEST(!doorbell.drain());
    BOOST_TEST(poll(socket, bits::rdnorm) == 0);
    BOOST_TEST(!doorbell.drain());
    const std::size_t open = kernel.open_handles();
    doorbell.close();
    doorbell.close();
    BOOST_TEST(kernel.open_handles() == open - 1);
    BOOST_TEST(kernel.calls(Call::doorbell_close) == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_rings_on_when_nobody_drains_it, Fixture) {
    const sys::Doorbell doorbell = sys::Doorbell::create().value();
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST(!doorbell.ring());
    }
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_closed_by_a_stranger_fails_to_ring, Fixture) {
    sys::Doorbell doorbell = sys::Doorbell::create().value();
    world.close(Handle(doorbell.socket()));
    BOOST_TEST(doorbell.ring().value() == 10038);
    BOOST_TEST(doorbell.drain().value() == 10038);
    doorbell.abandon();
    BOOST_TEST(!doorbell.is_open());
}

BOOST_AUTO_TEST_CASE(a_doorbell_whose_datagrams_are_dropped_is_given_up_after_a_moment) {
    Fixture fixture(Options{.early_waits = false, .loopback = Loopback::drops});
    const auto before = fixture.kernel.now();
    BOOST_TEST(sys::Doorbell::create().error().value() == 10050);
    BOOST_TEST((fixture.kernel.now() - before >= 250ms && fixture.kernel.now() - before < 260ms));
}

BOOST_AUTO_TEST_CASE(without_loopback_there_is_no_doorbell) {
    const Fixture fixture(Options{.loopback = Loopback::none});
    BOOST_TEST(sys::Doorbell::create().error().value() == 10049);
}

BOOST_AUTO_TEST_CASE(a_connection_tells_that_it_is_shut_both_ways_except_on_wine) {
    on_each([](Fixture& fixture) {
        const auto shut = [](Handle socket) {
            const Result<bool> answer = sys::is_shut_both_ways(socket);
            return answer ? static_cast<int>(*answer) : answer.error().value();
        };
        test::World& world = fixture.world;
        const SocketPair pair = world.tcp_pair();
        const int told = is_wine(fixture) ? 10045 : 0;
        const bool forgets = fixture.kernel.traits().forgets_what_is_shut == Seeded::yes;
        BOOST_TEST(shut(pair.local) == told);
        world.shutdown_send(pair.peer);
        BOOST_TEST(shut(pair.local) == told);
        world.shutdown_send(pair.local);
        const int over = forgets ? 10057 : 1;
        BOOST_TEST(shut(pair.local) == (is_wine(fixture) ? 10045 : over));
        BOOST_TEST(shut(pair.peer) == (is_wine(fixture) ? 10045 : over));
        BOOST_TEST(shut(world.udp_socket()) == 10045);
        BOOST_TEST(shut(world.never_a_handle()) == 10038);
    });
}

// Overlapped receives
// ----------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_receive_pends_until_bytes_come_and_takes_them, Fixture) {
    Receiving receiving(*this);
    BOOST_TEST(!receiving.start());
    BOOST_TEST(receiving.overlapped.internal == 0x103U);
    BOOST_TEST(receiving.packet() == -1);
    world.send(receiving.pair.peer, 3);
    BOOST_TEST(receiving.packet() == 0);
    BOOST_TEST(receiving.bytes == 3U);
    BOOST_TEST(receiving.buffer[2] != 0);
    BOOST_TEST(receiving.buffer[3] == 0);
    // It took the bytes, so the socket is not readable.
    BOOST_TEST(poll(receiving.pair.local, bits::rdnorm) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_receive_that_is_done_at_once_sends_a_packet_all_the_same, Fixture) {
    Receiving receiving(*this);
    world.send(receiving.pair.peer, 20);
    BOOST_TEST(!receiving.start());
    BOOST_TEST(receiving.packet() == 0);
    BOOST_TEST(receiving.bytes == receiving.buffer.size());
    BOOST_TEST(poll(receiving.pair.local, bits::rdnorm) == bits::rdnorm);
}

BOOST_FIXTURE_TEST_CASE(a_fin_ends_a_receive_with_no_bytes, Fixture) {
    Receiving receiving(*this);
    BOOST_TEST(!receiving.start());
    world.shutdown_send(receiving.pair.peer);
    BOOST_TEST(receiving.packet() == 0);
    BOOST_TEST(receiving.bytes == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_cancelled_receive_comes_back_aborted_once, Fixture) {
    Receiving receiving(*this);
    BOOST_TEST(!receiving.start());
    world.cancel(receiving.pair.local, &receiving.overlapped);
    world.cancel(receiving.pair.local, &receiving.overlapped);
    BOOST_TEST(receiving.packet() == 995);
    BOOST_TEST(receiving.packet() == -1);
}

BOOST_FIXTURE_TEST_CASE(a_reset_ends_a_receive_with_netname_deleted, Fixture) {
    Receiving receiving(*this);
    BOOST_TEST(!receiving.start());
    world.reset(receiving.pair.peer);
    BOOST_TEST(receiving.packet() == 64);
}

BOOST_AUTO_TEST_CASE(closing_the_socket_ends_its_receive_with_the_code_of_the_system) {
    on_each([](Fixture& fixture) {
        Receiving receiving(fixture);
        BOOST_TEST(!receiving.start());
        fixture.world.close(receiving.pair.local);
        const std::uint32_t status = fixture.kernel.traits().closed_connection_status;
        BOOST_TEST(receiving.packet() == static_cast<int>(sys::win32_code_of_status(status)));
    });
}

BOOST_AUTO_TEST_CASE(a_receive_on_a_reset_socket_fails_at_once_or_on_wine_ends) {
    on_each([](Fixture& fixture) {
        Receiving receiving(fixture);
        fixture.world.reset(receiving.pair.peer);
        BOOST_TEST(receiving.start().value() == (is_wine(fixture) ? 0 : 10054));
        BOOST_TEST(receiving.packet() == (is_wine(fixture) ? 0 : -1));
    });
}

BOOST_FIXTURE_TEST_CASE(a_set_low_bit_of_the_event_suppresses_the_packet, Fixture) {
    Receiving receiving(*this);
    receiving.overlapped.event = reinterpret_cast<void*>(std::uintptr_t{1});
    BOOST_TEST(!receiving.start());
    world.send(receiving.pair.peer, 1);
    BOOST_TEST(receiving.packet() == -1);
    BOOST_TEST(receiving.overlapped.internal_high == 1U);
}

BOOST_FIXTURE_TEST_CASE(several_receives_are_served_in_order, Fixture) {
    Receiving receiving(*this);
    NativeOverlapped second;
    std::array<std::uint8_t, 4> more = {};
    BOOST_TEST(!receiving.start());
    BOOST_TEST(!world.start_receive(receiving.pair.local, &second, more.data(), more.size()));
    world.send(receiving.pair.peer, 11);
    kernel.advance(1ms);
    std::array<sys::Packet, 4> packets;
    BOOST_TEST(receiving.port.dequeue(packets, 0).value() == 2U);
    BOOST_TEST(packets[0].overlapped == &receiving.overlapped);
    BOOST_TEST(packets[0].bytes == 8U);
    BOOST_TEST(packets[1].overlapped == &second);
    BOOST_TEST(packets[1].bytes == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
