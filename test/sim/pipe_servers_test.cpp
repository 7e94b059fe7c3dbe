// The model's servers of pipes: waiting for a client, one that is there already, one that has gone.
#include "pipe.hpp"
#include "port_fixture.hpp"
#include "sys/pipe.hpp"

namespace wakepoll::sim {

using test::PipeKind;

BOOST_AUTO_TEST_SUITE(sim_pipe_servers)

BOOST_FIXTURE_TEST_CASE(a_server_without_a_client_is_listening, PortFixture) {
    Attempt attempt;
    for (const test::Thing thing : {test::Thing::named_pipe, test::Thing::synchronous_pipe}) {
        const Handle pipe = world.thing(thing);
        BOOST_TEST(read(pipe, attempt).error().value() == 536);
        BOOST_TEST(write(pipe, attempt).error().value() == 536);
        BOOST_TEST(sys::readable_bytes(pipe).error().value() == 230);
    }
    BOOST_TEST(sys::readable_bytes(world.thing(test::Thing::anonymous_pipe)).value() == 0U);
}

BOOST_AUTO_TEST_CASE(a_server_waits_for_a_client_and_finds_one_that_is_there) {
    on_each_port([](PortFixture& fixture) {
        const Handle server = fixture.tie(fixture.world.pipe_server());
        Attempt attempt;
        BOOST_TEST(!sys::connect_pipe(server, attempt.overlapped)->at_once);
        BOOST_TEST(fixture.packet() == fixture.none);
        const Handle client = fixture.world.open_pipe(server);
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 0U);
        BOOST_TEST(!static_cast<bool>(fixture.world.open_pipe(server)));
        // The client is there: success, and no packet.
        const auto again = sys::connect_pipe(server, attempt.overlapped);
        BOOST_TEST(again->at_once);
        BOOST_TEST(again->without_packet);
        BOOST_TEST(fixture.packet() == fixture.none);
        fixture.put(client, "abc");
        BOOST_TEST(fixture.take(server) == "abc");
        // The client is gone, and has to be disconnected before the next can open the pipe.
        fixture.world.close_handle(client);
        BOOST_TEST(sys::connect_pipe(server, attempt.overlapped).error().value() == 232);
        BOOST_TEST(!static_cast<bool>(fixture.world.open_pipe(server)));
        fixture.world.disconnect_pipe(server);
        BOOST_TEST(!sys::connect_pipe(server, attempt.overlapped)->at_once);
        const Handle next = fixture.world.open_pipe(server);
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        fixture.put(next, "next");
        BOOST_TEST(fixture.take(server) == "next");
    });
}

BOOST_AUTO_TEST_CASE(a_server_that_waits_is_canceled_closed_and_disconnected) {
    on_each_port([](PortFixture& fixture) {
        const Handle server = fixture.tie(fixture.world.pipe_server());
        Attempt attempt;
        BOOST_TEST(!sys::connect_pipe(server, attempt.overlapped)->at_once);
        BOOST_TEST(!sys::cancel(server, attempt.overlapped));
        BOOST_TEST(fixture.packet_of(attempt) == 995);
        BOOST_TEST(!sys::connect_pipe(server, attempt.overlapped)->at_once);
        fixture.world.disconnect_pipe(server);
        BOOST_TEST(fixture.packet_of(attempt) == 233);
        BOOST_TEST(!sys::connect_pipe(server, attempt.overlapped)->at_once);
        fixture.world.close_handle(server);
        BOOST_TEST(fixture.packet_of(attempt) == (fixture.is_wine() ? 676 : 109));
    });
}

BOOST_FIXTURE_TEST_CASE(only_a_servers_end_waits_for_a_client, PortFixture) {
    Attempt attempt;
    const auto refusal = [&](Handle handle) {
        return sys::connect_pipe(handle, attempt.overlapped).error().value();
    };
    BOOST_TEST(refusal(world.pipe_pair(PipeKind::both_overlapped).peer) == 1);
    BOOST_TEST(refusal(world.pipe_pair(PipeKind::anonymous).local) == 1);
    BOOST_TEST(refusal(world.never_a_handle()) == 6);
    BOOST_TEST(refusal(world.thing(test::Thing::event)) == 6);
    const Handle impatient = world.pipe_server();
    world.set_nowait(impatient);
    BOOST_TEST(refusal(impatient) == 536);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
