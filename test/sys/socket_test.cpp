// sys::WinsockSession, and what getsockopt reports of a socket.
#include "sys/socket.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <utility>

#include "support/win32_objects.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::SocketKind;
using sys::WinsockSession;
namespace data = boost::unit_test::data;

namespace {

/// A socket can be opened: Winsock is started.
bool winsock_works() {
    const SOCKET socket = ::socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    if (socket == INVALID_SOCKET) {
        BOOST_TEST(::WSAGetLastError() == WSANOTINITIALISED);
        return false;
    }
    ::closesocket(socket);
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sys_socket)

BOOST_AUTO_TEST_CASE(winsock_works_while_a_session_is_open) {
    BOOST_REQUIRE(!winsock_works());
    {
        const Result<WinsockSession> session = WinsockSession::start();
        BOOST_REQUIRE(session.has_value());
        BOOST_TEST(winsock_works());
    }
    BOOST_TEST(!winsock_works());
}

BOOST_AUTO_TEST_CASE(sessions_are_counted_and_ending_one_twice_counts_once) {
    WinsockSession first = WinsockSession::start().value();
    WinsockSession second = WinsockSession::start().value();
    first.end();
    first.end();
    BOOST_TEST(winsock_works());
    second.end();
    BOOST_TEST(!winsock_works());
}

BOOST_AUTO_TEST_CASE(a_moved_session_ends_once) {
    WinsockSession outer;
    {
        WinsockSession first = WinsockSession::start().value();
        WinsockSession second(std::move(first));
        outer = std::move(second);
    }
    BOOST_TEST(winsock_works());
    outer.end();
    BOOST_TEST(!winsock_works());
}

BOOST_AUTO_TEST_CASE(an_empty_session_ends_nothing) {
    const WinsockSession session = WinsockSession::start().value();
    WinsockSession empty;
    empty.end();
    BOOST_TEST(winsock_works());
}

BOOST_FIXTURE_TEST_CASE(a_socket_knows_its_kind, WorldFixture) {
    BOOST_TEST((sys::socket_kind(world.tcp_socket()).value() == SocketKind::stream));
    BOOST_TEST((sys::socket_kind(world.listener()).value() == SocketKind::stream));
    BOOST_TEST((sys::socket_kind(world.tcp_pair().peer).value() == SocketKind::stream));
    BOOST_TEST((sys::socket_kind(world.udp_socket()).value() == SocketKind::datagram));
    BOOST_TEST((sys::socket_kind(world.udp_pair().local).value() == SocketKind::datagram));
}

BOOST_DATA_TEST_CASE_F(WorldFixture, other_things_are_not_sockets, data::make(all_things), kind) {
    const Handle thing = world.thing(kind);
    BOOST_TEST(sys::socket_kind(thing).error().value() == 10038);
    BOOST_TEST(sys::is_connected(thing).error().value() == 10038);
    BOOST_TEST(sys::is_listening(thing).error().value() == 10038);
}

BOOST_FIXTURE_TEST_CASE(what_is_not_open_is_not_a_socket, WorldFixture) {
    const Handle closed = world.tcp_socket();
    world.close(closed);
    for (const Handle handle : {closed, world.never_a_handle(), Handle(), Handle(0)}) {
        BOOST_TEST(sys::socket_kind(handle).error().value() == 10038);
        BOOST_TEST(sys::is_connected(handle).error().value() == 10038);
        BOOST_TEST(sys::is_listening(handle).error().value() == 10038);
    }
}

BOOST_FIXTURE_TEST_CASE(a_socket_closed_as_a_handle_is_not_a_socket, WorldFixture) {
    const Handle closed = world.tcp_socket();
    world.close_handle(closed);
    BOOST_TEST(sys::socket_kind(closed).error().value() == 10038);
    // So that Wine does not take the next socket with this number for two. Fails everywhere.
    ::closesocket(closed.value());
}

BOOST_FIXTURE_TEST_CASE(only_a_connection_that_is_up_is_connected, WorldFixture) {
    const SocketPair pair = world.tcp_pair();
    BOOST_TEST(sys::is_connected(pair.local).value());
    BOOST_TEST(sys::is_connected(pair.peer).value());
    BOOST_TEST(!sys::is_connected(world.tcp_socket()).value());

    const Handle listener = world.listener();
    BOOST_TEST(!sys::is_connected(listener).value());
    const Handle connecting = world.connecting(listener);
    BOOST_REQUIRE(becomes_ready(connecting, sys::poll_bits::wrnorm));
    BOOST_TEST(sys::is_connected(connecting).value());
}

BOOST_FIXTURE_TEST_CASE(a_half_closed_connection_is_connected, WorldFixture) {
    const SocketPair pair = world.tcp_pair();
    world.shutdown_send(pair.peer);
    BOOST_REQUIRE(becomes_ready(pair.local, sys::poll_bits::rdnorm));
    BOOST_TEST(sys::is_connected(pair.local).value());
}

BOOST_FIXTURE_TEST_CASE(both_directions_are_shut_once_both_ends_have_sent_fin, WorldFixture) {
    const SocketPair pair = world.tcp_pair();
    const auto shut = [&] {
        const Result<bool> answer = sys::is_shut_both_ways(pair.local);
        return answer ? static_cast<int>(*answer) : answer.error().value();
    };
    if (runs_on_wine()) {
        BOOST_TEST(shut() == 10045);
        return;
    }
    BOOST_TEST(shut() == 0);
    world.shutdown_send(pair.peer);
    BOOST_REQUIRE(becomes_ready(pair.local, sys::poll_bits::rdnorm));
    BOOST_TEST(shut() == 0);
    world.shutdown_send(pair.local);
    // The connection may be gone altogether.
    BOOST_TEST((shut() == 1 || shut() == 10057));
    BOOST_TEST(sys::is_shut_both_ways(world.udp_socket()).error().value() == 10045);
    BOOST_TEST(sys::is_shut_both_ways(world.never_a_handle()).error().value() == 10038);
}

BOOST_FIXTURE_TEST_CASE(a_refused_connect_is_never_connected, WorldFixture) {
    const Handle refused = world.connecting_refused();
    BOOST_TEST(!sys::is_connected(refused).value());
    static_cast<void>(revents(refused, 0, quiet_milliseconds));
    BOOST_TEST(!sys::is_connected(refused).value());
}

BOOST_FIXTURE_TEST_CASE(only_a_listener_is_listening, WorldFixture) {
    BOOST_TEST(sys::is_listening(world.listener()).value());
    BOOST_TEST(!sys::is_listening(world.tcp_socket()).value());
    BOOST_TEST(!sys::is_listening(world.tcp_pair().local).value());
    BOOST_TEST(!sys::is_listening(world.tcp_pair().peer).value());
}

BOOST_AUTO_TEST_SUITE_END()
