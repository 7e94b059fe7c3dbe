// Overlapped accepts and connects of the model.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "port_fixture.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {
namespace {

constexpr std::size_t room = 2 * std::size_t{sys::accept_address_room};

/// A listener at the port, and an accept with room for that much first data.
struct Accept {
    explicit Accept(PortFixture& owner, Handle from, std::size_t first_data = 0)
        : fixture(owner), listener(from), attempt(room + first_data) {
        begun.emplace(sys::accept(listener, socket, attempt.bytes, attempt.overlapped));
    }

    PortFixture& fixture;
    Handle listener;
    Handle socket = sys::socket_like(listener).value();
    Attempt attempt;
    std::optional<Result<sys::Started>> begun;
};

Handle tied_listener(PortFixture& fixture) { return fixture.tie(fixture.world.listener()); }

/// A socket that can be connected.
Handle bound(PortFixture& fixture) {
    const Handle socket = fixture.tie(fixture.world.tcp_socket());
    BOOST_TEST(!sys::bind_any(socket, fixture.world.address_of_nobody()));
    return socket;
}

/// The error of a call, whichever way it comes.
int error_of(PortFixture& fixture, const Result<sys::Started>& begun, const Attempt& attempt) {
    return begun ? fixture.packet_of(attempt) : begun.error().value();
}

std::vector<std::byte> copy(std::span<const std::byte> bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_connections)

// Accepts
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_accept_pends_until_somebody_connects) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept accept(fixture, listener);
        BOOST_TEST(!accept.begun->value().at_once);
        BOOST_TEST(fixture.packet() == fixture.none);
        const Handle client = fixture.world.connecting(listener);
        BOOST_TEST(fixture.packet_of(accept.attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 0U);
        BOOST_TEST(!fixture.world.accept(listener));
        BOOST_TEST(!sys::update_accept_context(accept.socket, listener));
        BOOST_TEST(sys::is_connected(accept.socket).value());
        fixture.put(client, "hello");
        BOOST_TEST(fixture.take(accept.socket) == "hello");
        fixture.put(accept.socket, "there");
        BOOST_TEST(fixture.take(client) == "there");
    });
}

BOOST_AUTO_TEST_CASE(an_accept_takes_a_connection_that_waits_and_tells_the_addresses) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        const Handle client = fixture.world.connecting(listener);
        Accept accept(fixture, listener);
        BOOST_TEST(fixture.packet_of(accept.attempt) == 0);
        const auto addresses = sys::accepted_addresses(listener, accept.attempt.bytes);
        BOOST_TEST((copy(addresses.local) == fixture.world.address_of(listener)));
        BOOST_TEST((copy(addresses.remote) == fixture.world.address_of(client)));
        BOOST_TEST((copy(addresses.local) != copy(addresses.remote)));
        BOOST_TEST((fixture.world.address_of(accept.socket) == copy(addresses.local)));
    });
}

BOOST_AUTO_TEST_CASE(an_accept_with_room_waits_for_first_data_or_the_end) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept with_data(fixture, listener, 4);
        Accept with_end(fixture, listener, 4);
        const Handle first = fixture.world.connecting(listener);
        const Handle second = fixture.world.connecting(listener);
        BOOST_TEST(fixture.packet() == fixture.none);
        // The one that was begun later can end earlier.
        fixture.world.shutdown_send(second);
        BOOST_TEST(fixture.packet_of(with_end.attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 0U);
        fixture.put(first, "hello");
        BOOST_TEST(fixture.packet_of(with_data.attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 4U);
        BOOST_TEST(with_data.attempt.text(4) == "hell");
        BOOST_TEST(fixture.take(with_data.socket) == "o");
        const auto addresses = sys::accepted_addresses(listener, with_data.attempt.bytes);
        BOOST_TEST((copy(addresses.remote) == fixture.world.address_of(first)));
    });
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_reset_before_its_data_fails_the_accept) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept accept(fixture, listener, 4);
        fixture.world.reset(fixture.world.connecting(listener));
        BOOST_TEST(fixture.packet_of(accept.attempt) == 64);
        // The socket can be used for another accept.
        const auto again =
            sys::accept(listener, accept.socket, accept.attempt.bytes, accept.attempt.overlapped);
        BOOST_TEST(again.has_value());
    });
}

BOOST_AUTO_TEST_CASE(several_accepts_take_the_connections_as_they_come) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept first(fixture, listener);
        Accept second(fixture, listener);
        const Handle one = fixture.world.connecting(listener);
        const Handle two = fixture.world.connecting(listener);
        const Handle three = fixture.world.connecting(listener);
        BOOST_TEST(fixture.packet() == 0);
        BOOST_TEST(fixture.packet() == 0);
        BOOST_TEST(fixture.packet() == fixture.none);
        fixture.put(one, "1");
        fixture.put(two, "2");
        BOOST_TEST(fixture.take(first.socket) == "1");
        BOOST_TEST(fixture.take(second.socket) == "2");
        const Handle third = fixture.world.accept(listener);
        fixture.put(three, "3");
        BOOST_TEST(fixture.take(third) == "3");
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_accept_leaves_the_connections_to_others) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept accept(fixture, listener);
        BOOST_TEST(!sys::cancel(listener, accept.attempt.overlapped));
        BOOST_TEST(fixture.packet_of(accept.attempt) == 995);
        const Handle client = fixture.world.connecting(listener);
        BOOST_TEST(!sys::is_connected(accept.socket).value());
        const Handle accepted = fixture.world.accept(listener);
        fixture.put(client, "x");
        BOOST_TEST(fixture.take(accepted) == "x");
    });
}

BOOST_AUTO_TEST_CASE(no_connection_is_lost_between_an_accept_and_its_cancel) {
    std::set<int> seen;
    on_each_port([&](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        const Handle client = fixture.world.connecting(listener);
        Accept accept(fixture, listener);
        fixture.world.cancel(listener, &accept.attempt.overlapped);
        const int code = fixture.packet_of(accept.attempt);
        seen.insert(code);
        const Handle accepted = code == 0 ? accept.socket : fixture.world.accept(listener);
        fixture.put(client, "x");
        BOOST_TEST(fixture.take(accepted) == "x");
    });
    BOOST_TEST(seen == (std::set<int>{0, 995}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cancelled_accept_that_waits_for_data_aborts_its_connection) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept accept(fixture, listener, 4);
        const Handle client = fixture.world.connecting(listener);
        BOOST_TEST(!sys::cancel(listener, accept.attempt.overlapped));
        BOOST_TEST(fixture.packet_of(accept.attempt) == 995);
        BOOST_TEST((fixture.poll(client) & bits::hup) == bits::hup);
    });
}

BOOST_AUTO_TEST_CASE(closing_the_listener_ends_its_accepts) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept waiting(fixture, listener);
        Accept with_data(fixture, listener, 4);
        static_cast<void>(fixture.world.connecting(listener));
        const Handle second = fixture.world.connecting(listener);
        BOOST_TEST(fixture.packet_of(waiting.attempt) == 0);
        sys::close_socket(listener);
        BOOST_TEST(fixture.packet_of(with_data.attempt) == (fixture.is_wine() ? 676 : 995));
        BOOST_TEST((fixture.poll(second) & bits::hup) == bits::hup);
    });
}

BOOST_AUTO_TEST_CASE(closing_the_socket_to_be_accepted_ends_the_accept) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = tied_listener(fixture);
        Accept accept(fixture, listener);
        sys::close_socket(accept.socket);
        BOOST_TEST(fixture.packet_of(accept.attempt) == 995);
        static_cast<void>(fixture.world.connecting(listener));
        BOOST_TEST(static_cast<bool>(fixture.world.accept(listener)));
    });
}

BOOST_FIXTURE_TEST_CASE(an_accept_needs_a_listener_a_fresh_socket_and_room, PromptFixture) {
    const Handle listener = world.listener();
    const auto error = [&](Handle from, Handle into, std::size_t size) {
        Attempt attempt(size);
        const auto begun = sys::accept(from, into, attempt.bytes, attempt.overlapped);
        return begun.error().value();
    };
    BOOST_TEST(error(world.tcp_socket(), world.tcp_socket(), room) == 10022);
    BOOST_TEST(error(listener, world.tcp_pair().local, room) == 10022);
    BOOST_TEST(error(listener, listener, room) == 10022);
    BOOST_TEST(error(listener, world.udp_socket(), room) == 10022);
    BOOST_TEST(error(listener, world.never_a_handle(), room) == 10038);
    BOOST_TEST(error(listener, world.tcp_socket(), room - 1) == 10022);
    const Handle bound_socket = world.tcp_socket();
    BOOST_TEST(!sys::bind_any(bound_socket, world.address_of(listener)));
    BOOST_TEST(error(listener, bound_socket, room) == 10022);
    // One socket for two accepts.
    Accept accept(*this, listener);
    BOOST_TEST(error(listener, accept.socket, room) == 10022);
}

BOOST_FIXTURE_TEST_CASE(an_accepted_socket_is_shut_down_only_with_its_context, PromptFixture) {
    const Handle listener = world.listener();
    static_cast<void>(world.connecting(listener));
    Accept accept(*this, listener);
    BOOST_TEST(accept.begun->value().at_once);
    BOOST_TEST(sys::is_connected(accept.socket).value());
    BOOST_CHECK_THROW(world.shutdown_send(accept.socket), std::runtime_error);
    BOOST_TEST(sys::update_accept_context(accept.socket, world.listener()).value() == 10022);
    BOOST_TEST(sys::update_accept_context(world.tcp_socket(), listener).value() == 10057);
    BOOST_TEST(!sys::update_accept_context(accept.socket, listener));
    world.shutdown_send(accept.socket);
}

BOOST_FIXTURE_TEST_CASE(a_socket_like_another_is_of_its_kind, PortFixture) {
    const auto kind_like = [](Handle socket) {
        return sys::socket_kind(sys::socket_like(socket).value()).value();
    };
    BOOST_TEST((kind_like(world.listener()) == sys::SocketKind::stream));
    BOOST_TEST((kind_like(world.udp_socket()) == sys::SocketKind::datagram));
    const std::size_t open = kernel.open_handles();
    const Handle socket = sys::socket_like(world.tcp_socket()).value();
    BOOST_TEST(kernel.open_handles() == open + 2);
    sys::close_socket(socket);
    BOOST_TEST(kernel.open_handles() == open + 1);
}

// Connects
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_connect_to_a_listener_succeeds) {
    on_each_port([](PortFixture& fixture) {
        const Handle listener = fixture.world.listener();
        const Handle socket = bound(fixture);
        Attempt attempt;
        BOOST_TEST(sys::connect(socket, fixture.world.address_of(listener), attempt.overlapped)
                       .has_value());
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 0U);
        BOOST_TEST(!fixture.kernel.hung());
        BOOST_TEST(sys::is_connected(socket).value());
        BOOST_CHECK_THROW(fixture.world.shutdown_send(socket), std::runtime_error);
        BOOST_TEST(!sys::update_connect_context(socket));
        const Handle accepted = fixture.world.accept(listener);
        fixture.put(socket, "hello");
        BOOST_TEST(fixture.take(accepted) == "hello");
        fixture.world.shutdown_send(socket);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_to_nobody_is_refused_when_the_system_gives_up) {
    on_each_port([](PortFixture& fixture) {
        const Handle socket = bound(fixture);
        Attempt attempt;
        const auto before = fixture.kernel.now();
        const auto begun =
            sys::connect(socket, fixture.world.address_of_nobody(), attempt.overlapped);
        if (!begun) {
            BOOST_TEST(fixture.is_wine());
            BOOST_TEST(begun.error().value() == 10061);
            return;
        }
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(fixture.port.dequeue(packets, kernel_infinite).value() == 1U);
        BOOST_TEST(sys::win32_code_of_status(packets[0].status()) == 1225U);
        BOOST_TEST((fixture.kernel.now() - before >= fixture.kernel.traits().refusal_delay));
        BOOST_TEST(!sys::is_connected(socket).value());
    });
}

BOOST_AUTO_TEST_CASE(a_refused_socket_can_be_connected_again) {
    on_each_port([](PortFixture& fixture) {
        const Handle socket = bound(fixture);
        Attempt attempt;
        const auto refused =
            sys::connect(socket, fixture.world.address_of_nobody(), attempt.overlapped);
        fixture.kernel.advance(3s);
        error_of(fixture, refused, attempt);
        const auto listener = fixture.world.address_of(fixture.world.listener());
        const auto begun = sys::connect(socket, listener, attempt.overlapped);
        BOOST_TEST(error_of(fixture, begun, attempt) == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_closed_listener_and_a_full_one_refuse) {
    on_each_port([](PortFixture& fixture) {
        const Handle full = fixture.world.listener();
        for (std::size_t i = 0; i != TcpSocket::backlog_limit; ++i) {
            static_cast<void>(fixture.world.connecting(full));
        }
        const Handle closed = fixture.world.listener();
        const auto target = fixture.world.address_of(closed);
        fixture.world.close(closed);
        for (const auto& address : {fixture.world.address_of(full), target}) {
            Attempt attempt;
            const auto begun = sys::connect(bound(fixture), address, attempt.overlapped);
            fixture.kernel.advance(3s);
            const int code = error_of(fixture, begun, attempt);
            BOOST_TEST(code == (begun ? 1225 : 10061));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_connect_to_where_no_packet_gets_is_unreachable) {
    std::set<int> seen;
    on_each_port([&](PortFixture& fixture) {
        const auto bytes = Address{.host = 0xC0000201, .port = 9}.bytes();
        Attempt attempt;
        const auto begun = sys::connect(bound(fixture), bytes, attempt.overlapped);
        seen.insert(error_of(fixture, begun, attempt));
    });
    BOOST_TEST(seen == (std::set<int>{1231, 1232, 10051, 10065}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cancelled_connect_ends_aborted_and_leaves_no_connection) {
    on_each_port([](PortFixture& fixture) {
        const Handle socket = bound(fixture);
        Attempt attempt;
        const auto begun =
            sys::connect(socket, fixture.world.address_of_nobody(), attempt.overlapped);
        if (!fixture.is_wine()) {
            BOOST_REQUIRE(begun.has_value());
            BOOST_TEST(!sys::cancel(socket, attempt.overlapped));
            BOOST_TEST(fixture.packet_of(attempt) == 995);
        }
        fixture.kernel.advance(3s);
        static_cast<void>(fixture.packet());
        BOOST_TEST(!sys::is_connected(socket).value());
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

BOOST_AUTO_TEST_CASE(a_connection_is_up_or_gone_after_a_cancel) {
    std::set<int> seen;
    on_each_port([&](PortFixture& fixture) {
        const Handle listener = fixture.world.listener();
        const Handle socket = bound(fixture);
        Attempt attempt;
        const auto target = fixture.world.address_of(listener);
        BOOST_TEST(sys::connect(socket, target, attempt.overlapped).has_value());
        fixture.world.cancel(socket, &attempt.overlapped);
        const int code = fixture.packet_of(attempt);
        seen.insert(code);
        BOOST_TEST(sys::is_connected(socket).value() == (code == 0));
        const Handle accepted = fixture.world.accept(listener);
        BOOST_TEST((fixture.poll(accepted) & bits::hup) == (code == 0 ? 0 : bits::hup));
    });
    BOOST_TEST(seen == (std::set<int>{0, 995}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_connect_needs_a_bound_socket_that_has_no_connection, PromptFixture) {
    const Handle listener = world.listener();
    const auto target = world.address_of(listener);
    const auto error = [&](Handle socket, std::span<const std::byte> address) {
        Attempt attempt;
        return sys::connect(socket, address, attempt.overlapped).error().value();
    };
    BOOST_TEST(error(world.tcp_socket(), target) == 10022);
    BOOST_TEST(error(listener, target) == 10022);
    BOOST_TEST(error(world.udp_socket(), target) == 10022);
    BOOST_TEST(error(world.tcp_pair().local, target) == 10056);
    BOOST_TEST(error(world.connecting_to_nobody(), target) == 10037);
    BOOST_TEST(error(bound(*this), std::span(target).first(8)) == 10047);
    BOOST_TEST(error(bound(*this), Address{.port = 0}.bytes()) == 10049);
    BOOST_TEST(error(bound(*this), Address{.host = 0, .port = 9}.bytes()) == 10049);
    BOOST_TEST(sys::update_connect_context(world.tcp_socket()).value() == 10057);
}

BOOST_FIXTURE_TEST_CASE(a_socket_is_bound_once, PortFixture) {
    const Handle socket = world.tcp_socket();
    const auto target = world.address_of_nobody();
    BOOST_TEST(sys::bind_any(socket, {}).value() == 10047);
    BOOST_TEST(!sys::bind_any(socket, target));
    BOOST_TEST(sys::bind_any(socket, target).value() == 10022);
    BOOST_TEST(sys::bind_any(world.tcp_pair().local, target).value() == 10022);
    const Handle datagrams = world.udp_socket();
    BOOST_TEST(!sys::bind_any(datagrams, target));
    Attempt attempt;
    BOOST_TEST(!receive(datagrams, attempt)->at_once);
}

BOOST_FIXTURE_TEST_CASE(every_socket_has_an_address_of_its_own, PortFixture) {
    const Handle listener = world.listener();
    BOOST_TEST((world.address_of(listener) == world.address_of(listener)));
    BOOST_TEST((world.address_of(listener) != world.address_of(world.listener())));
    BOOST_TEST((world.address_of_nobody() != world.address_of_nobody()));
    const auto address = Address::from(world.address_of(listener));
    BOOST_REQUIRE(address.has_value());
    BOOST_TEST(address->on_loopback());
    BOOST_TEST(address->port != 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
