// How operations of the model end when they are cancelled, or when their object is closed.
#include <array>
#include <set>

#include "port_fixture.hpp"

namespace wakepoll::sim {

BOOST_AUTO_TEST_SUITE(sim_cancels)

BOOST_AUTO_TEST_CASE(a_cancelled_operation_ends_aborted_once) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt attempt;
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        BOOST_TEST(!sys::cancel(pair.local, attempt.overlapped));
        BOOST_TEST(attempt.overlapped.internal == status::cancelled);
        BOOST_TEST(sys::cancel(pair.local, attempt.overlapped).value() == 1168);
        BOOST_TEST(fixture.packet_of(attempt) == 995);
        BOOST_TEST(fixture.packet() == fixture.none);
        // A cancelled receive takes no bytes.
        fixture.put(pair.peer, "x");
        BOOST_TEST(fixture.take(pair.local) == "x");
    });
}

BOOST_AUTO_TEST_CASE(the_packet_of_a_cancelled_operation_can_come_a_moment_later) {
    std::set<bool> seen;
    on_each_port([&](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt attempt;
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        fixture.world.cancel(pair.local, &attempt.overlapped);
        std::array<sys::Packet, 1> packets;
        seen.insert(fixture.port.dequeue(packets, 0).value() == 1);
        fixture.kernel.advance(1ms);
    });
    BOOST_TEST(seen.size() == 2U);
}

BOOST_AUTO_TEST_CASE(one_operation_is_cancelled_and_no_other) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt first;
        Attempt second;
        BOOST_TEST(fixture.receive(pair.local, first).has_value());
        BOOST_TEST(fixture.receive(pair.local, second).has_value());
        BOOST_TEST(!sys::cancel(pair.local, first.overlapped));
        BOOST_TEST(fixture.packet_of(first) == 995);
        fixture.put(pair.peer, "x");
        BOOST_TEST(fixture.packet_of(second) == 0);
        BOOST_TEST(second.text(1) == "x");
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_was_under_way_may_win_against_its_cancel) {
    std::set<int> seen;
    on_each_port([&](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        fixture.put(pair.peer, "x");
        Attempt attempt;
        const bool at_once = fixture.receive(pair.local, attempt)->at_once;
        const std::error_code error = sys::cancel(pair.local, attempt.overlapped);
        const int code = fixture.packet_of(attempt);
        // Unless it was too late, the cancel succeeds, whichever side wins.
        BOOST_TEST((!error || (error.value() == 1168 && code == 0)));
        BOOST_TEST((!at_once || error));
        BOOST_TEST((code == 0 || code == 995));
        BOOST_TEST((at_once ? code == 0 : true));
        if (!error) {
            seen.insert(code);
        }
        // Whichever side wins, no byte is lost.
        BOOST_TEST((code == 0 ? attempt.text(1) : fixture.take(pair.local)) == "x");
    });
    BOOST_TEST(seen.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(what_is_not_in_flight_can_not_be_cancelled, PortFixture) {
    const auto pair = tcp_pair();
    Attempt attempt;
    BOOST_TEST(sys::cancel(pair.local, attempt.overlapped).value() == 1168);
    BOOST_TEST(receive(pair.local, attempt).has_value());
    // By another object's handle.
    BOOST_TEST(sys::cancel(pair.peer, attempt.overlapped).value() == 1168);
    BOOST_TEST(sys::cancel(world.never_a_handle(), attempt.overlapped).value() == 6);
    BOOST_TEST(sys::cancel(world.thing(test::Thing::event), attempt.overlapped).value() == 6);
    BOOST_TEST(attempt.overlapped.internal == status::pending);
    // A duplicate refers to the same object.
    BOOST_TEST(!sys::cancel(world.duplicate(pair.local), attempt.overlapped));
}

BOOST_AUTO_TEST_CASE(closing_the_last_handle_ends_what_is_in_flight) {
    on_each_port([](PortFixture& fixture) {
        const Traits& traits = fixture.kernel.traits();
        const auto code_of = [](std::uint32_t status) {
            return static_cast<int>(sys::win32_code_of_status(status));
        };
        const auto tcp = fixture.tcp_pair();
        const auto udp = fixture.world.udp_pair();
        const auto pipe = fixture.world.pipe_pair(test::PipeKind::bytes);
        fixture.tie(udp.local);
        fixture.tie(pipe.local);
        Attempt attempt;
        BOOST_TEST(fixture.receive(tcp.local, attempt).has_value());
        sys::close_socket(tcp.local);
        BOOST_TEST(fixture.packet_of(attempt) == code_of(traits.closed_connection_status));
        BOOST_TEST(fixture.receive(udp.local, attempt).has_value());
        fixture.world.close(udp.local);
        BOOST_TEST(fixture.packet_of(attempt) == (fixture.is_wine() ? 676 : 995));
        BOOST_TEST(fixture.read(pipe.local, attempt).has_value());
        fixture.world.close_handle(pipe.local);
        BOOST_TEST(fixture.packet_of(attempt) == code_of(traits.closed_pipe_status));
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

BOOST_AUTO_TEST_CASE(closing_a_handle_that_has_a_duplicate_ends_nothing) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        const Handle duplicate = fixture.world.duplicate(pair.local);
        Attempt attempt;
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        sys::close_socket(pair.local);
        BOOST_TEST(fixture.packet() == fixture.none);
        fixture.put(pair.peer, "x");
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        // The association belongs to the object, not to the handle.
        fixture.put(pair.peer, "y");
        Attempt another;
        BOOST_TEST(fixture.receive(duplicate, another).has_value());
        BOOST_TEST(fixture.packet_of(another) == 0);
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
