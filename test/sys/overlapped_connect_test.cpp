// sys: AcceptEx and ConnectEx, and what completes their sockets.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <vector>

#include "packets.hpp"
#include "support/win32_objects.hpp"
#include "sys/overlapped_io.hpp"
#include "sys/socket.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::Started;

namespace {

constexpr std::size_t addresses = std::size_t{2} * sys::accept_address_room;

struct OverlappedConnectFixture : PortFixture {
    Handle listener = tied(world.listener());
    std::array<std::byte, addresses + 8> room = {};
    Handle accepted;

    ~OverlappedConnectFixture() {
        if (accepted) {
            sys::close_socket(accepted);
        }
    }

    /// `first` bytes of data are waited for.
    Result<Started> accept(std::size_t first = 0) {
        accepted = sys::socket_like(listener).value();
        return sys::accept(listener, accepted, std::span(room).first(addresses + first),
                           overlapped);
    }

    Result<Started> connect(Handle socket, std::span<const std::byte> address) {
        return sys::connect(socket, address, overlapped);
    }

    /// A socket for ConnectEx: bound, its packets come to the port.
    Handle bound() {
        const Handle socket = tied(world.tcp_socket());
        BOOST_REQUIRE(!sys::bind_any(socket, world.address_of(listener)));
        return socket;
    }
};

/// IPv4 address and port of a sockaddr.
std::pair<ULONG, USHORT> parts_of(std::span<const std::byte> address) {
    BOOST_REQUIRE(address.size() >= sizeof(sockaddr_in));
    sockaddr_in in;
    std::memcpy(&in, address.data(), sizeof(in));
    BOOST_TEST(in.sin_family == AF_INET);
    return {in.sin_addr.s_addr, in.sin_port};
}

bool has_peer(Handle socket) {
    sockaddr_in address = {};
    int size = sizeof(address);
    return ::getpeername(socket.value(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_overlapped_connect, OverlappedConnectFixture)

BOOST_AUTO_TEST_CASE(an_accept_pends_until_somebody_connects) {
    BOOST_TEST(is_pending(accept()));
    const Handle client = world.connecting(listener);
    BOOST_TEST(finished() == (Finished{0, 0}));
    BOOST_TEST(is_silent());

    const sys::AcceptedAddresses found =
        sys::accepted_addresses(listener, std::span(room).first(addresses));
    BOOST_TEST((parts_of(found.local) == parts_of(world.address_of(listener))));
    BOOST_TEST((parts_of(found.remote) == parts_of(world.address_of(client))));
}

BOOST_AUTO_TEST_CASE(an_accept_of_a_connection_that_is_there_posts_too) {
    const Handle client = world.connecting(listener);
    BOOST_REQUIRE(revents(listener, sys::poll_bits::rdnorm, patience_milliseconds) != 0);
    BOOST_REQUIRE(accept().has_value());
    BOOST_TEST(finished() == (Finished{0, 0}));
    BOOST_TEST(is_silent());
    BOOST_TEST(!sys::update_accept_context(accepted, listener));
    BOOST_TEST(has_peer(client));
}

BOOST_AUTO_TEST_CASE(an_accept_with_room_for_data_waits_for_the_first) {
    BOOST_TEST(is_pending(accept(8)));
    const Handle client = world.connecting(listener);
    BOOST_REQUIRE(revents(client, sys::poll_bits::wrnorm, patience_milliseconds) != 0);
    BOOST_TEST(is_silent());
    put(client, "abc");
    BOOST_TEST(finished() == (Finished{0, 3}));
    BOOST_TEST(std::memcmp(room.data(), "abc", 3) == 0);
    const sys::AcceptedAddresses found = sys::accepted_addresses(listener, room);
    BOOST_TEST((parts_of(found.local) == parts_of(world.address_of(listener))));
    BOOST_TEST((parts_of(found.remote) == parts_of(world.address_of(client))));
}

BOOST_AUTO_TEST_CASE(an_accepted_socket_is_whole_once_its_context_is_updated) {
    BOOST_TEST(is_pending(accept()));
    const Handle client = world.connecting(listener);
    BOOST_TEST(finished() == (Finished{0, 0}));
    BOOST_TEST(!sys::update_accept_context(accepted, listener));
    BOOST_TEST(has_peer(accepted));
    BOOST_TEST(sys::is_connected(accepted).value());
    BOOST_TEST(::shutdown(accepted.value(), SD_SEND) == 0);
    BOOST_REQUIRE(revents(client, sys::poll_bits::rdnorm, patience_milliseconds) != 0);
    std::array<std::byte, 4> bytes;
    const Transfer end = world.take(client, bytes);
    BOOST_TEST(!end.error);
    BOOST_TEST(end.bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_accept_reports_aborted) {
    BOOST_TEST(is_pending(accept()));
    BOOST_TEST(!sys::cancel(listener, overlapped));
    BOOST_TEST(finished() == aborted);
    BOOST_TEST(sys::cancel(listener, overlapped).value() == 1168);
}

BOOST_AUTO_TEST_CASE(a_closed_listener_ends_its_accept) {
    BOOST_TEST(is_pending(accept()));
    world.close(listener);
    const Finished end = finished();  // As of a receive.
    BOOST_TEST((end == aborted || end == Finished{676, 0}), end);
}

BOOST_AUTO_TEST_CASE(an_accept_without_a_listener_is_refused) {
    accepted = sys::socket_like(listener).value();
    const auto refused = [&](Handle at) {
        return refusal(sys::accept(at, accepted, std::span(room).first(addresses), overlapped));
    };
    // Windows refuses it; on Wine 8 it pends forever.
    const Handle quiet = tied(world.tcp_socket());
    const int code = refused(quiet);
    if (code != 0) {
        BOOST_TEST(code == 10022);
    } else {
        BOOST_TEST(!sys::cancel(quiet, overlapped));
        BOOST_TEST(finished() == aborted);
    }
    BOOST_TEST(refused(world.never_a_handle()) == 10038);
    BOOST_TEST(refused(world.thing(Thing::event)) == 10038);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(an_accept_without_room_for_addresses_is_refused) {
    accepted = sys::socket_like(listener).value();
    BOOST_TEST(refusal(sys::accept(listener, accepted, std::span(room).first(addresses - 1),
                                   overlapped)) == 10014);
    const sys::AcceptedAddresses none =
        sys::accepted_addresses(listener, std::span(room).first(addresses - 1));
    BOOST_TEST(none.local.empty());
    BOOST_TEST(none.remote.empty());
    BOOST_TEST(sys::accepted_addresses(world.never_a_handle(), room).remote.empty());
}

BOOST_AUTO_TEST_CASE(a_socket_like_a_listener_is_new_and_of_its_kind) {
    const Handle socket = sys::socket_like(listener).value();
    accepted = socket;
    BOOST_TEST((sys::socket_kind(socket).value() == sys::SocketKind::stream));
    BOOST_TEST(!sys::is_listening(socket).value());
    DWORD flags = 0;
    BOOST_REQUIRE(::GetHandleInformation(socket.native(), &flags) != FALSE);
    BOOST_TEST((flags & HANDLE_FLAG_INHERIT) == 0U);
    BOOST_TEST(!port.associate(socket, 2));  // So it is for overlapped use.

    const Handle datagrams = sys::socket_like(world.udp_socket()).value();
    BOOST_TEST((sys::socket_kind(datagrams).value() == sys::SocketKind::datagram));
    sys::close_socket(datagrams);
}

BOOST_AUTO_TEST_CASE(a_socket_like_one_of_ipv6_is_of_ipv6) {
    const SOCKET model = ::socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
    BOOST_REQUIRE(model != INVALID_SOCKET);
    accepted = sys::socket_like(Handle(std::uintptr_t{model})).value();
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    BOOST_TEST(!sys::bind_any(accepted, std::as_bytes(std::span(&address, 1))));
    ::closesocket(model);
}

BOOST_AUTO_TEST_CASE(a_connect_completes_and_the_socket_is_whole_once_its_context_is_updated) {
    const Handle socket = bound();
    BOOST_REQUIRE(connect(socket, world.address_of(listener)).has_value());
    BOOST_TEST(finished() == (Finished{0, 0}));
    BOOST_TEST(is_silent());
    BOOST_TEST(!sys::update_connect_context(socket));
    BOOST_TEST(sys::is_connected(socket).value());
    BOOST_TEST(has_peer(socket));
    BOOST_TEST(::shutdown(socket.value(), SD_SEND) == 0);
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_not_bound_can_not_connect) {
    const Handle socket = tied(world.tcp_socket());
    const std::vector<std::byte> address = world.address_of(listener);
    BOOST_TEST(refusal(connect(socket, address)) == 10022);
    BOOST_TEST(is_silent());
    BOOST_TEST(!sys::bind_any(socket, address));
    BOOST_TEST(sys::bind_any(socket, address).value() == 10022);
    BOOST_TEST(connect(socket, address).has_value());
    BOOST_TEST(finished() == (Finished{0, 0}));
}

BOOST_AUTO_TEST_CASE(bind_any_takes_the_wildcard_address_and_a_free_port) {
    const Handle socket = world.tcp_socket();
    const std::vector<std::byte> address = world.address_of(listener);
    BOOST_REQUIRE(!sys::bind_any(socket, address));
    sockaddr_in own = {};
    int size = sizeof(own);
    BOOST_REQUIRE(::getsockname(socket.value(), reinterpret_cast<sockaddr*>(&own), &size) == 0);
    BOOST_TEST(own.sin_addr.s_addr == 0U);
    BOOST_TEST(own.sin_port != 0);
    BOOST_TEST(own.sin_port != parts_of(address).second);
    // What is no address is not looked at.
    BOOST_TEST(sys::bind_any(socket, std::span(address).first(1)).value() == 10014);
    const std::vector<std::byte> long_one(200);
    BOOST_TEST(sys::bind_any(socket, long_one).value() == 10014);
}

BOOST_AUTO_TEST_CASE(a_connect_without_a_listener_is_refused_by_its_packet) {
    const Handle socket = bound();
    BOOST_TEST(connect(socket, world.refused_address()).has_value());
    BOOST_TEST(finished() == (Finished{1225, 0}));
    BOOST_TEST(!sys::is_connected(socket).value());
}

BOOST_AUTO_TEST_CASE(a_connected_socket_can_not_connect_again) {
    const Handle socket = bound();
    BOOST_REQUIRE(connect(socket, world.address_of(listener)).has_value());
    BOOST_TEST(finished() == (Finished{0, 0}));
    BOOST_TEST(!sys::update_connect_context(socket));
    overlapped = {};
    BOOST_TEST(refusal(connect(socket, world.address_of(listener))) == 10056);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_can_not_connect) {
    const std::vector<std::byte> address = world.address_of(listener);
    BOOST_TEST(refusal(connect(world.never_a_handle(), address)) == 10038);
    BOOST_TEST(sys::bind_any(world.never_a_handle(), address).value() == 10038);
    // Wine 8 takes these two of anything: it needs no update.
    for (const std::error_code error :
         {sys::update_connect_context(world.never_a_handle()),
          sys::update_accept_context(world.never_a_handle(), listener)}) {
        BOOST_TEST((!error || error.value() == 10038), error.value());
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_connect_reports_aborted) {
    // A listener whose queue is full does not answer.
    const Handle full = world.tcp_socket();
    bind_to_free_port(full.value());
    BOOST_REQUIRE(::listen(full.value(), 1) == 0);
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(world.connecting(full));
    }
    const Handle socket = bound();
    BOOST_TEST(is_pending(connect(socket, world.address_of(full))));
    BOOST_TEST(!sys::cancel(socket, overlapped));
    BOOST_TEST(finished() == aborted);
    BOOST_TEST(sys::cancel(socket, overlapped).value() == 1168);
}

BOOST_AUTO_TEST_SUITE_END()
