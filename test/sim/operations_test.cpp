// What all overlapped operations of the model have in common: packets, chance and handles.
#include <set>
#include <string>

#include "port_fixture.hpp"

namespace wakepoll::sim {
BOOST_AUTO_TEST_SUITE(sim_operations)

// Begin and end
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_operation_ends_with_one_packet_however_it_was_begun) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        fixture.put(pair.peer, "hello");
        Attempt attempt;
        const auto begun = fixture.receive(pair.local, attempt);
        BOOST_REQUIRE(begun.has_value());
        BOOST_TEST(begun->bytes == (begun->at_once ? 5U : 0U));
        BOOST_TEST(fixture.packet_of(attempt) == 0);
        BOOST_TEST(fixture.last.bytes == 5U);
        BOOST_TEST(attempt.text(5) == "hello");
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

BOOST_AUTO_TEST_CASE(chance_decides_what_is_done_at_once) {
    std::set<bool> seen;
    on_each_port([&](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        fixture.put(pair.peer, "x");
        Attempt attempt;
        seen.insert(fixture.receive(pair.local, attempt)->at_once);
        BOOST_TEST(fixture.packet_of(attempt) == 0);
    });
    BOOST_TEST(seen.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(without_lateness_all_that_can_be_done_is_done_at_once, PromptFixture) {
    const auto pair = tcp_pair();
    put(pair.peer, "x");
    Attempt first;
    BOOST_TEST(receive(pair.local, first)->at_once);
    Attempt second;
    BOOST_TEST(!receive(pair.local, second)->at_once);
    put(pair.peer, "y");
    BOOST_TEST(second.overlapped.internal == 0U);
    BOOST_TEST(packet_of(first) == 0);
    BOOST_TEST(packet_of(second) == 0);
}

BOOST_AUTO_TEST_CASE(the_buffer_is_written_when_the_operation_ends_and_not_before) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt attempt;
        BOOST_TEST(!fixture.receive(pair.local, attempt)->at_once);
        fixture.put(pair.peer, "hello");
        while (attempt.overlapped.internal == status::pending) {
            BOOST_TEST(attempt.is_untouched());
            fixture.kernel.advance(1us);
        }
        BOOST_TEST(attempt.text(5) == "hello");
        BOOST_TEST((attempt.bytes[5] == Attempt::untouched));
    });
}

BOOST_AUTO_TEST_CASE(what_is_under_way_ends_a_wait_at_the_port) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        Attempt attempt;
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        fixture.put(pair.peer, "x");
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(fixture.port.dequeue(packets, kernel_infinite).value() == 1U);
        BOOST_TEST(packets[0].overlapped == &attempt.overlapped);
        BOOST_TEST(!fixture.kernel.hung());
    });
}

BOOST_AUTO_TEST_CASE(operations_end_on_a_real_clock_too) {
    Options options{.mode = Mode::threaded, .early_waits = false};
    for (options.seed = 1; options.seed <= 20; ++options.seed) {
        PortFixture fixture(options);
        const auto pair = fixture.tcp_pair();
        Attempt attempt;
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        fixture.world.beside([&] { fixture.put(pair.peer, "x"); });
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(fixture.port.dequeue(packets, 10000).value() == 1U);
        BOOST_TEST(packets[0].overlapped == &attempt.overlapped);
        fixture.world.join();
    }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_run) {
    const auto run = [](std::uint64_t seed) {
        PortFixture fixture(Options{.seed = seed});
        const auto pair = fixture.tcp_pair();
        std::string beginnings;
        for (int i = 0; i < 20; ++i) {
            Attempt attempt;
            fixture.put(pair.peer, "x");
            beginnings += fixture.receive(pair.local, attempt)->at_once ? '!' : '.';
            BOOST_TEST(fixture.packet_of(attempt) == 0);
        }
        return beginnings;
    };
    BOOST_TEST(run(3) == run(3));
    BOOST_TEST(run(3) != run(4));
}

// Packets
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(skipping_packets_concerns_only_success_at_once) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        BOOST_TEST(!sys::skip_packets_on_success(pair.local));
        fixture.put(pair.peer, "x");
        Attempt attempt;
        if (fixture.receive(pair.local, attempt)->at_once) {
            BOOST_TEST(attempt.overlapped.internal == 0U);
            BOOST_TEST(attempt.overlapped.internal_high == 1U);
        } else {
            BOOST_TEST(fixture.packet_of(attempt) == 0);
        }
        BOOST_TEST(attempt.text(1) == "x");
        BOOST_TEST(fixture.packet() == fixture.none);
        Attempt pending;
        BOOST_TEST(!fixture.receive(pair.local, pending)->at_once);
        fixture.put(pair.peer, "y");
        BOOST_TEST(fixture.packet_of(pending) == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_set_low_bit_of_the_event_suppresses_the_packet_of_any_operation) {
    on_each_port([](PortFixture& fixture) {
        const Handle file = fixture.tie(fixture.world.file_of(10));
        Attempt attempt;
        attempt.overlapped.event = reinterpret_cast<void*>(std::uintptr_t{1});
        BOOST_TEST(fixture.read(file, attempt).has_value());
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(attempt.overlapped.internal_high == 10U);
    });
}

BOOST_AUTO_TEST_CASE(an_object_without_a_port_sends_no_packet) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Attempt attempt;
        BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
        fixture.put(pair.peer, "x");
        // Only operations that end after the association have one.
        BOOST_TEST(fixture.packet() == fixture.none);
        BOOST_TEST(attempt.overlapped.internal_high == 1U);
        fixture.tie(pair.local);
        BOOST_TEST(fixture.packet() == fixture.none);
    });
}

BOOST_AUTO_TEST_CASE(packets_of_one_stream_come_in_the_order_the_operations_were_begun) {
    on_each_port([](PortFixture& fixture) {
        const auto pair = fixture.tcp_pair();
        std::array<Attempt, 6> reads;
        for (Attempt& read : reads) {
            BOOST_TEST(fixture.receive(pair.local, read).has_value());
        }
        for (const char* text : {"a", "b", "c", "d", "e", "f"}) {
            fixture.put(pair.peer, text);
            fixture.kernel.advance(20us);
        }
        fixture.world.shutdown_send(pair.peer);
        std::string all;
        for (Attempt& read : reads) {
            BOOST_TEST(fixture.packet_of(read) == 0);
            all += read.text(fixture.last.bytes);
        }
        BOOST_TEST(all == "abcdef");
    });
}

BOOST_FIXTURE_TEST_CASE(a_port_that_was_closed_gets_no_packet, PortFixture) {
    const auto pair = tcp_pair();
    Attempt attempt;
    BOOST_TEST(receive(pair.local, attempt).has_value());
    port.close();
    put(pair.peer, "x");
    kernel.advance(1ms);
    BOOST_TEST(attempt.overlapped.internal_high == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_foreign_port_has_the_handle_for_itself, PortFixture) {
    const auto pair = world.tcp_pair();
    world.associate(pair.local, world.foreign_port());
    BOOST_TEST(port.associate(pair.local, 1).value() == 87);
    Attempt attempt;
    put(pair.peer, "x");
    BOOST_TEST(receive(pair.local, attempt).has_value());
    BOOST_TEST(packet() == none);
    BOOST_CHECK_THROW(world.associate(pair.local, port.handle()), std::runtime_error);
    BOOST_CHECK_THROW(world.associate(world.thing(test::Thing::event), port.handle()),
                      std::runtime_error);
}

// Handles
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_closed_handle_fails_every_call, PortFixture) {
    const Handle closed = world.never_a_handle();
    Attempt attempt(288);
    const auto target = world.refused_address();
    BOOST_TEST(receive(closed, attempt).error().value() == 10038);
    BOOST_TEST(send(closed, attempt).error().value() == 10038);
    BOOST_TEST(read(closed, attempt).error().value() == 6);
    BOOST_TEST(write(closed, attempt).error().value() == 6);
    BOOST_TEST(sys::socket_like(closed).error().value() == 10038);
    BOOST_TEST(sys::accept(closed, closed, attempt.bytes, attempt.overlapped).error().value() ==
               10038);
    BOOST_TEST(sys::accepted_addresses(closed, attempt.bytes).local.empty());
    BOOST_TEST(sys::update_accept_context(closed, closed).value() == 10038);
    BOOST_TEST(sys::bind_any(closed, target).value() == 10038);
    BOOST_TEST(sys::connect(closed, target, attempt.overlapped).error().value() == 10038);
    BOOST_TEST(sys::update_connect_context(closed).value() == 10038);
    BOOST_TEST(sys::has_file_handles(closed).error().value() == 10038);
    BOOST_TEST(sys::skip_packets_on_success(closed).value() == 6);
    BOOST_TEST(sys::is_overlapped(closed).error().value() == 6);
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(a_pipe_is_no_socket_to_winsock, PortFixture) {
    const auto pipe = world.pipe_pair(test::PipeKind::bytes);
    Attempt attempt;
    BOOST_TEST(receive(pipe.local, attempt).error().value() == 10038);
    BOOST_TEST(send(pipe.local, attempt).error().value() == 10038);
    BOOST_TEST(sys::has_file_handles(pipe.local).error().value() == 10038);
}

BOOST_FIXTURE_TEST_CASE(winsock_has_to_be_started_for_its_calls, PortFixture) {
    const auto pair = tcp_pair();
    const auto target = world.refused_address();
    winsock.end();
    Attempt attempt(288);
    BOOST_TEST(receive(pair.local, attempt).error().value() == 10093);
    BOOST_TEST(send(pair.local, attempt).error().value() == 10093);
    BOOST_TEST(sys::socket_like(pair.local).error().value() == 10093);
    BOOST_TEST(
        sys::accept(pair.local, pair.peer, attempt.bytes, attempt.overlapped).error().value() ==
        10093);
    BOOST_TEST(sys::accepted_addresses(pair.local, attempt.bytes).remote.empty());
    BOOST_TEST(sys::bind_any(pair.local, target).value() == 10093);
    BOOST_TEST(sys::connect(pair.local, target, attempt.overlapped).error().value() == 10093);
    BOOST_TEST(sys::has_file_handles(pair.local).error().value() == 10093);
}

BOOST_FIXTURE_TEST_CASE(a_planned_fault_starts_nothing, PortFixture) {
    const auto pair = tcp_pair();
    put(pair.peer, "x");
    Attempt attempt;
    kernel.fail_next(Call::receive, 10055);
    BOOST_TEST(receive(pair.local, attempt).error().value() == 10055);
    BOOST_TEST(packet() == none);
    BOOST_TEST(attempt.is_untouched());
    BOOST_TEST(take(pair.local) == "x");
}

BOOST_FIXTURE_TEST_CASE(files_and_sockets_say_how_they_were_opened, PortFixture) {
    using test::Thing;
    BOOST_TEST(sys::is_overlapped(world.tcp_socket()).value());
    BOOST_TEST(sys::is_overlapped(world.thing(Thing::disk_file)).value());
    BOOST_TEST(sys::is_overlapped(world.thing(Thing::named_pipe)).value());
    for (const Thing thing :
         {Thing::synchronous_file, Thing::synchronous_pipe, Thing::anonymous_pipe}) {
        const Handle handle = world.thing(thing);
        BOOST_TEST(!sys::is_overlapped(handle).value());
        BOOST_TEST(port.associate(handle, 1).value() == 87);
    }
    BOOST_TEST(sys::is_overlapped(world.thing(Thing::event)).error().value() == 6);
    BOOST_TEST(sys::has_file_handles(world.tcp_socket()).value());
}

BOOST_AUTO_TEST_CASE(a_layered_provider_has_no_file_handles) {
    PortFixture fixture(Options{.layered_sockets = true});
    BOOST_TEST(!sys::has_file_handles(fixture.world.tcp_socket()).value());
}

BOOST_AUTO_TEST_CASE(every_status_has_its_code) {
    constexpr std::pair<std::uint32_t, std::uint32_t> rows[] = {
        {0xC0000120, 995},  {0xC000020D, 64},  {0xC0000236, 1225}, {0xC000023C, 1231},
        {0xC000023D, 1232}, {0xC0000011, 38},  {0xC000014B, 109},  {0xC00000B1, 232},
        {0x80000005, 234},  {0xC00000B5, 121}, {0x8000000A, 676},  {0xC000009A, 1450}};
    for (const auto& [status, code] : rows) {
        BOOST_TEST(sys::win32_code_of_status(status) == code);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
