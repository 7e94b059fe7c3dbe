// Overlapped sends and receives on the model's sockets, streams and datagrams.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "port_fixture.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {

BOOST_AUTO_TEST_SUITE(sim_transfers)

// Streams
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_receive_scatters_and_a_send_gathers) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt first("abc");
        Attempt second("de");
        const std::array out = {first.buffer(), second.buffer()};
        BOOST_TEST(sys::send(pair.local, out, first.overlapped).has_value());
        BOOST_TEST(fixture.packet_of(first) == 0);
        BOOST_TEST(fixture.last.bytes == 5U);
        BOOST_TEST(fixture.take(pair.peer) == "abcde");
        fixture.put(pair.peer, "12345");
        Attempt head(2);
        Attempt tail(8);
        const std::array in = {head.buffer(), tail.buffer()};
        BOOST_TEST(sys::receive(pair.local, in, head.overlapped).has_value());
        BOOST_TEST(fixture.packet_of(head) == 0);
        BOOST_TEST(head.text(2) == "12");
        BOOST_TEST(tail.text(3) == "345");
    });
}

BOOST_AUTO_TEST_CASE(a_send_pends_until_the_peer_has_room_for_all_of_it) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt large(std::string(TcpSocket::buffer_size + 3, 'a'));
        Attempt behind("b");
        BOOST_TEST(!fixture.send(pair.local, large)->at_once);
        BOOST_TEST(!fixture.send(pair.local, behind)->at_once);
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(fixture.take(pair.peer, 2) == "aa");
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(fixture.take(pair.peer, TcpSocket::buffer_size).size() ==
                   TcpSocket::buffer_size);
        BOOST_TEST(fixture.packet_of(large) == 0);
        BOOST_TEST(fixture.last.bytes == TcpSocket::buffer_size + 3);
        BOOST_TEST(fixture.packet_of(behind) == 0);
        BOOST_TEST(fixture.take(pair.peer) == "ab");
    });
}

BOOST_AUTO_TEST_CASE(a_fin_goes_out_behind_the_sends_that_are_pending) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt large(std::string(TcpSocket::buffer_size + 1, 'a'));
        BOOST_TEST(!fixture.send(pair.local, large)->at_once);
        fixture.world.shutdown_send(pair.local);
        Attempt late("x");
        BOOST_TEST(fixture.send(pair.local, late).error().value() == 10058);
        BOOST_TEST(fixture.take(pair.peer, TcpSocket::buffer_size).size() ==
                   TcpSocket::buffer_size);
        BOOST_TEST(fixture.packet_of(large) == 0);
        BOOST_TEST(fixture.take(pair.peer, 9) == "a");
        Attempt end;
        const auto taken = fixture.world.take(pair.peer, end.bytes);
        BOOST_TEST(taken.bytes == 0U);
        BOOST_TEST(!taken.error);
    });
}

BOOST_AUTO_TEST_CASE(a_receive_of_nothing_waits_for_bytes_and_takes_none) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt attempt(std::size_t{0});
        BOOST_TEST(!fixture.receive(pair.local, attempt)->at_once);
        BOOST_TEST(fixture.packet() == fixture.none);
        fixture.put(pair.peer, "x");
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 0U);
        BOOST_TEST(fixture.take(pair.local) == "x");
    });
}

BOOST_AUTO_TEST_CASE(what_a_receive_is_about_to_take_is_not_readable) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt attempt(4);
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        fixture.put(pair.peer, "abcd");
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm) == 0);
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm) == 0);
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        fixture.put(pair.peer, "abcde");
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm) == bits::rdnorm);
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.take(pair.local) == "e");
    });
}

BOOST_AUTO_TEST_CASE(a_reset_ends_both_directions_with_netname_deleted) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt reading;
        Attempt writing(std::string(TcpSocket::buffer_size + 1, 'a'));
        BOOST_TEST(!fixture.receive(pair.local, reading)->at_once);
        BOOST_TEST(!fixture.send(pair.local, writing)->at_once);
        fixture.world.reset(pair.peer);
        std::set<void*> seen;
        for (int i = 0; i < 2; ++i) {
            BOOST_TEST(fixture.packet() == 64);
            seen.insert(fixture.last.overlapped);
        }
        BOOST_TEST(seen.size() == 2U);
        BOOST_TEST(fixture.send(pair.local, writing).error().value() == 10054);
    });
}

BOOST_FIXTURE_TEST_CASE(a_socket_that_is_not_connected_neither_sends_nor_receives, PortFixture) {
    Attempt attempt;
    BOOST_TEST(receive(world.tcp_socket(), attempt).error().value() == 10057);
    BOOST_TEST(send(world.tcp_socket(), attempt).error().value() == 10057);
    BOOST_TEST(receive(world.listener(), attempt).error().value() == 10057);
    BOOST_TEST(receive(world.udp_socket(), attempt).error().value() == 10022);
    BOOST_TEST(send(world.udp_socket(), attempt).error().value() == 10057);
}

// Datagrams
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_datagram_is_received_as_a_whole) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.world.udp_pair();
        fixture.tie(pair.local);
        Attempt first;
        Attempt second;
        BOOST_TEST(fixture.receive(pair.local, first).has_value());
        BOOST_TEST(fixture.receive(pair.local, second).has_value());
        fixture.put(pair.peer, "abc");
        fixture.put(pair.peer, "de");
        fixture.put(pair.peer, "f");
        BOOST_TEST(fixture.packet_of(first) == 0);
        BOOST_TEST(fixture.packet_of(second) == 0);
        BOOST_TEST(first.text(3) == "abc");
        BOOST_TEST(second.text(2) == "de");
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm) == bits::rdnorm);
        Attempt out("out");
        BOOST_TEST(fixture.send(pair.local, out).has_value());
        BOOST_TEST(fixture.packet_of(out) == 0);
        BOOST_TEST(fixture.take(pair.peer) == "out");
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_that_does_not_fit_is_more_data_and_its_rest_is_lost) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.world.udp_pair();
        fixture.tie(pair.local);
        fixture.put(pair.peer, "abcdef");
        Attempt attempt(4);
        // WSAEMSGSIZE fails and posts a packet; the call reports pending.
        BOOST_TEST(!fixture.receive(pair.local, attempt)->at_once);
        BOOST_TEST(fixture.packet_of(attempt) == 234);
        BOOST_TEST(fixture.last.bytes == 4U);
        BOOST_TEST(attempt.text(4) == "abcd");
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(fixture.take(pair.local).empty());
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_with_an_address_comes_with_that_of_its_sender) {
    on_each_port([](PortFixture& fixture) {
        const Handle server = fixture.tie(fixture.world.bound_udp());
        const Handle client = fixture.tie(fixture.world.udp_socket());
        const auto address = fixture.world.address_of(server);
        Attempt receiving;
        Attempt sending("abc");
        std::array<std::byte, 32> from{};
        std::int32_t size = from.size();
        BOOST_TEST(
            !sys::receive_from(server, receiving.buffer(), from.data(), size, receiving.overlapped)
                 ->at_once);
        BOOST_TEST(sys::send_to(client, sending.buffer(), address, sending.overlapped).has_value());
        // The send has bound the socket.
        const auto senders = fixture.world.address_of(client);
        for (int i = 0; i < 2; ++i) {
            BOOST_TEST(fixture.packet() == 0);
            BOOST_TEST(fixture.last.bytes == 3U);
        }
        BOOST_TEST(receiving.text(3) == "abc");
        BOOST_TEST(size == 16);
        BOOST_TEST(std::equal(senders.begin(), senders.end(), from.begin()));
    });
}

BOOST_AUTO_TEST_CASE(a_connected_datagram_socket_hears_its_peer_alone) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.world.udp_pair();
        const Handle stranger = fixture.tie(fixture.world.bound_udp());
        Attempt sending("abc");
        BOOST_TEST(sys::send_to(stranger, sending.buffer(), fixture.world.address_of(pair.local),
                                sending.overlapped)
                       .has_value());
        BOOST_TEST(fixture.packet_of(sending) == 0);
        BOOST_TEST(fixture.take(pair.local).empty());
    });
}

BOOST_FIXTURE_TEST_CASE(addresses_that_cannot_be_are_refused, PortFixture) {
    const Handle socket = world.bound_udp();
    const auto address = world.address_of(socket);
    Attempt attempt;
    const auto send = [&](std::span<const std::byte> to) {
        return sys::send_to(socket, attempt.buffer(), to, attempt.overlapped).error().value();
    };
    BOOST_TEST(send(std::span(address).first(15)) == 10014);
    std::vector<std::byte> other = address;
    other[0] = std::byte{23};
    BOOST_TEST(send(other) == 10047);
    other = address;
    other[2] = other[3] = std::byte{0};
    BOOST_TEST(send(other) == 10049);
    std::array<std::byte, 15> from{};
    std::int32_t size = from.size();
    const auto receive = [&](Handle handle) {
        return sys::receive_from(handle, attempt.buffer(), from.data(), size, attempt.overlapped)
            .error()
            .value();
    };
    BOOST_TEST(receive(socket) == 10014);
    size = 16;
    BOOST_TEST(receive(world.udp_socket()) == 10022);
    BOOST_TEST(receive(world.thing(test::Thing::event)) == 10038);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
