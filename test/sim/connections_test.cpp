// Overlapped connects of the model. Its accepts are in accepts_test.cpp, in the same suite.
#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <stdexcept>

#include "port_fixture.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {
namespace {

/// A socket that is ready to be connected.
Handle bound(PortFixture& fixture) {
    const Handle socket = fixture.tie(fixture.world.tcp_socket());
    BOOST_TEST(!sys::bind_any(socket, fixture.world.refused_address()));
    return socket;
}

/// The error of an operation, from the call or from the packet.
int error_of(PortFixture& fixture, const Result<sys::Started>& begun, const Attempt& attempt) {
    return begun ? fixture.packet_of(attempt) : begun.error().value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_connections)

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

BOOST_AUTO_TEST_CASE(a_connect_without_a_listener_is_refused_when_the_system_gives_up) {
    on_each_port([](PortFixture& fixture) {
        const Handle socket = bound(fixture);
        Attempt attempt;
        const auto before = fixture.kernel.now();
        const auto begun =
            sys::connect(socket, fixture.world.refused_address(), attempt.overlapped);
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
            sys::connect(socket, fixture.world.refused_address(), attempt.overlapped);
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
            sys::connect(socket, fixture.world.refused_address(), attempt.overlapped);
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
    BOOST_TEST(error(world.connecting_refused(), target) == 10022);
    BOOST_TEST(error(bound(*this), std::span(target).first(8)) == 10047);
    BOOST_TEST(error(bound(*this), Address{.port = 0}.bytes()) == 10049);
    BOOST_TEST(error(bound(*this), Address{.host = 0, .port = 9}.bytes()) == 10049);
    BOOST_TEST(sys::update_connect_context(world.tcp_socket()).value() == 10057);
}

BOOST_FIXTURE_TEST_CASE(a_socket_is_bound_once, PortFixture) {
    const Handle socket = world.tcp_socket();
    const auto target = world.refused_address();
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
    BOOST_TEST((world.refused_address() != world.refused_address()));
    const auto address = Address::from(world.address_of(listener));
    BOOST_REQUIRE(address.has_value());
    BOOST_TEST(address->on_loopback());
    BOOST_TEST(address->port != 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
