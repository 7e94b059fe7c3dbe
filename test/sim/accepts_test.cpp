// Overlapped accepts of the model.
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

#include "port_fixture.hpp"

namespace wakepoll::sim {
namespace {

constexpr std::size_t room = 2 * std::size_t{sys::accept_address_room};

/// A listener associated with the port, and an accept with room for this much first data.
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

std::vector<std::byte> copy(std::span<const std::byte> bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_connections)

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
        // The later accept can end first.
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
    // Two accepts with one socket.
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
