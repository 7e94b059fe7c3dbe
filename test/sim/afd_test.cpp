// The model's AFD device: what it answers for each socket, and which sockets it accepts. How
// requests end is in afd_lifetimes_test.cpp.
#include <array>
#include <optional>
#include <vector>

#include "afd_fixture.hpp"

namespace wakepoll::sim {

BOOST_AUTO_TEST_SUITE(sim_afd)

// One socket, state by state
// ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_connected_socket_has_room_to_send_until_the_peer_is_full) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        BOOST_TEST(fixture.now(pair.local) == afd::send);
        while (!fixture.world.send(pair.local, 10'000).error) {
        }
        BOOST_TEST(fixture.now(pair.local) == 0U);
        Request& request = fixture.park({{pair.local, afd::send}});
        fixture.world.receive(pair.peer, 10'000);
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::send);
    });
}

BOOST_AUTO_TEST_CASE(only_what_was_asked_for_is_told) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send(pair.peer, 1);
        BOOST_TEST(fixture.now(pair.local) == (afd::receive | afd::send));
        BOOST_TEST(fixture.now(pair.local, afd::receive) == afd::receive);
        BOOST_TEST(fixture.now(pair.local, afd::disconnect | afd::abort) == 0U);
        BOOST_TEST(fixture.now(pair.local, 0) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_fin_is_a_disconnect_that_wine_hides_behind_data) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send(pair.peer, 2);
        fixture.world.shutdown_send(pair.peer);
        const std::uint32_t hidden = fixture.is_wine() ? 0 : afd::disconnect;
        BOOST_TEST(fixture.now(pair.local) == (afd::receive | afd::send | hidden));
        fixture.world.receive(pair.local, 1);
        BOOST_TEST(fixture.now(pair.local) == (afd::receive | afd::send | hidden));
        fixture.world.receive(pair.local, 1);
        BOOST_TEST(fixture.now(pair.local) == (afd::send | afd::disconnect));
    });
}

BOOST_AUTO_TEST_CASE(a_peer_that_closes_reads_as_a_fin) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::disconnect}});
        fixture.world.close(pair.peer);
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::disconnect);
    });
}

BOOST_AUTO_TEST_CASE(a_reset_is_an_abort) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive | afd::abort}});
        fixture.world.reset(pair.peer);
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::abort);
        BOOST_TEST(fixture.now(pair.local) == (afd::abort | afd::send));
        BOOST_TEST(fixture.now(pair.local, afd::receive | afd::disconnect) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(an_out_of_band_byte_is_expedited_or_inline_data) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.park({{pair.local, afd::receive | afd::receive_expedited}});
        fixture.world.send_urgent(pair.peer);
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::receive_expedited);

        const auto second = fixture.world.tcp_pair();
        fixture.world.keep_urgent_inline(second.local);
        Request& inlined = fixture.park({{second.local, afd::receive | afd::receive_expedited}});
        fixture.world.send_urgent(second.peer);
        fixture.answered(inlined);
        BOOST_TEST(inlined.told_of(second.local) == afd::receive);
    });
}

BOOST_AUTO_TEST_CASE(a_listener_accepts_while_connections_wait) {
    on_each_device([](AfdFixture& fixture) {
        const Handle listener = fixture.world.listener();
        Request& request = fixture.park({{listener, afd_all}});
        static_cast<void>(fixture.world.connecting(listener));
        fixture.answered(request);
        BOOST_TEST(request.told_of(listener) == afd::accept);
        BOOST_TEST(fixture.now(listener) == afd::accept);
        static_cast<void>(fixture.world.accept(listener));
        BOOST_TEST(fixture.now(listener) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_never_connected_is_told_of_when_it_is) {
    on_each_device([](AfdFixture& fixture) {
        const Handle listener = fixture.world.listener();
        const Handle socket = fixture.world.tcp_socket();
        BOOST_TEST(fixture.now(socket) == 0U);
        Request& request = fixture.park({{socket, afd_all}});
        BOOST_TEST(fixture.packet() == PortFixture::none);
        fixture.world.connect(socket, listener);
        fixture.answered(request);
        BOOST_TEST(request.told_of(socket) == afd::send);
    });
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_told_on_every_windows) {
    on_each_device([](AfdFixture& fixture) {
        const auto before = fixture.kernel.now();
        const Handle socket = fixture.world.connecting_refused();
        Request& request = fixture.make({{socket, afd_all}});
        if (!fixture.ask(request)) {
            std::array<sys::Packet, 1> packets;
            BOOST_TEST(fixture.port.dequeue(packets, kernel_infinite).value() == 1U);
            BOOST_TEST(packets[0].overlapped == &request.status);
        }
        const auto waited = fixture.kernel.now() - before;
        BOOST_TEST((waited >= fixture.kernel.traits().refusal_delay));
        BOOST_TEST((waited < fixture.kernel.traits().refusal_delay + 1ms));
        BOOST_TEST(request.told_of(socket) == afd::connect_fail);
        BOOST_TEST(fixture.now(socket) == afd::connect_fail);
        BOOST_TEST(fixture.now(socket, afd_all & ~afd::connect_fail) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_that_is_begun_while_asked_about_is_refused_in_time) {
    on_each_device([](AfdFixture& fixture) {
        const Handle closed = fixture.world.listener();
        const Handle socket = fixture.world.tcp_socket();
        Request& request = fixture.park({{socket, afd_all}});
        // A listener whose backlog is full refuses.
        for (int i = 0; i < 200; ++i) {
            static_cast<void>(fixture.world.connecting(closed));
        }
        fixture.world.connect(socket, closed);
        if (!fixture.is_wine()) {
            fixture.kernel.advance(1s);
            BOOST_TEST(fixture.packet() == PortFixture::none);
            fixture.kernel.advance(1s);
        }
        fixture.answered(request);
        BOOST_TEST(request.told_of(socket) == afd::connect_fail);
    });
}

BOOST_AUTO_TEST_CASE(udp_has_room_always_and_data_while_datagrams_wait) {
    on_each_device([](AfdFixture& fixture) {
        BOOST_TEST(fixture.now(fixture.world.udp_socket()) == afd::send);
        const auto pair = fixture.world.udp_pair();
        Request& request = fixture.park({{pair.local, afd::receive}});
        fixture.world.send(pair.peer, 3);
        fixture.answered(request);
        BOOST_TEST(request.told_of(pair.local) == afd::receive);
        BOOST_TEST(fixture.now(pair.local) == (afd::receive | afd::send));
        fixture.world.receive(pair.local, 10);
        BOOST_TEST(fixture.now(pair.local) == afd::send);
    });
}

BOOST_FIXTURE_TEST_CASE(what_a_receive_is_about_to_take_is_not_told, PromptAfdFixture) {
    for (const auto& pair : {tcp_pair(), world.udp_pair()}) {
        if (sys::socket_kind(pair.local).value() == sys::SocketKind::datagram) {
            tie(pair.local);
        }
        Attempt attempt;
        BOOST_TEST(!receive(pair.local, attempt).value().at_once);
        Request& request = park({{pair.local, afd::receive}});
        world.send(pair.peer, 3);
        BOOST_TEST(packet_of(attempt) == 0);
        BOOST_TEST(packet() == none);
        world.send(pair.peer, 1);
        answered(request);
    }
}

// Which sockets, and which codes
// ------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(an_answer_holds_the_ready_ones_in_the_order_of_the_request, AfdFixture) {
    std::vector<test::SocketPair> pairs;
    std::vector<Request::Asked> asked;
    for (std::size_t i = 0; i != 6; ++i) {
        pairs.push_back(world.tcp_pair());
        asked.emplace_back(pairs[i].local, afd::receive);
    }
    for (const std::size_t i : {4U, 1U, 2U}) {
        world.send(pairs[i].peer, 1);
    }
    Request& request = make(asked);
    BOOST_TEST(ask(request));
    BOOST_TEST(request.head().count == 3U);
    BOOST_TEST(request.head().items()[0].socket == pairs[1].local.value());
    BOOST_TEST(request.head().items()[1].socket == pairs[2].local.value());
    BOOST_TEST(request.head().items()[2].socket == pairs[4].local.value());
    BOOST_TEST(request.status.status == 0U);
    BOOST_TEST(request.status.information == 16U + 3 * sizeof(sys::AfdItem));
    BOOST_TEST(packet() == none);
}

BOOST_FIXTURE_TEST_CASE(without_skipping_an_answer_at_once_posts_its_packet_too, PortFixture) {
    const auto pair = world.tcp_pair();
    Request request({{pair.local, afd::send}});
    const auto device = sys::AfdDevice::open().value();
    tie(device.handle());
    BOOST_TEST(device.poll(request.head(), request.status).value());
    BOOST_TEST(request.told_of(pair.local) == afd::send);
    BOOST_TEST(packet() == 0);
    BOOST_TEST(last.overlapped == &request.status);
    BOOST_TEST(last.bytes == request.status.information);
}

BOOST_AUTO_TEST_CASE(with_no_time_to_wait_the_answer_may_be_that_nothing_is_ready) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        Request& request = fixture.make({{pair.local, afd::receive}});
        request.head().timeout = 0;
        BOOST_TEST(fixture.ask(request));
        BOOST_TEST(request.head().count == 0U);
        BOOST_TEST(request.status.status == 0U);
        BOOST_TEST(request.status.information == 16U);
        BOOST_TEST(fixture.kernel.afd_requests() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(one_that_is_no_socket_fails_the_whole_request, AfdFixture) {
    const auto pair = world.tcp_pair();
    const auto closed = world.tcp_pair();
    world.close(closed.local);
    const auto orphaned = world.tcp_pair();
    world.close_handle(orphaned.local);
    world.send(pair.peer, 1);
    for (const Handle other : {world.never_a_handle(), closed.local, orphaned.local,
                               world.thing(test::Thing::event), Handle(~std::uintptr_t{0})}) {
        Request& request = make({{pair.local, afd::receive}, {other, afd::receive}});
        BOOST_TEST(device.poll(request.head(), request.status).error().value() == 6);
        BOOST_TEST(request.head().count == 2U);
        BOOST_TEST(kernel.afd_requests() == 0U);
    }
    BOOST_TEST(packet() == none);
    // Nothing was submitted for the valid socket, and its memory can be used again.
    BOOST_TEST(now(pair.local) == (afd::receive | afd::send));
}

BOOST_FIXTURE_TEST_CASE(a_planned_fault_asks_nothing, AfdFixture) {
    const auto pair = world.tcp_pair();
    Request& request = make({{pair.local, afd::receive}});
    kernel.fail_next(Call::afd_poll, code::no_system_resources);
    BOOST_TEST(device.poll(request.head(), request.status).error().value() == 1450);
    BOOST_TEST(kernel.afd_requests() == 0U);
    kernel.fail_next(Call::afd_open, code::not_enough_memory);
    BOOST_TEST(sys::AfdDevice::open().error().value() == 8);
    BOOST_TEST(kernel.calls(Call::afd_poll) == 1U);
    BOOST_TEST(std::string(name_of(Call::afd_poll)) == "afd_poll");
    BOOST_TEST(std::string(name_of(Call::next_socket)) == "next_socket");
}

BOOST_AUTO_TEST_CASE(a_system_without_the_device_says_so) {
    Fixture fixture(Options{.afd_opens = false});
    BOOST_TEST(sys::AfdDevice::open().error().value() == 2);
}

BOOST_FIXTURE_TEST_CASE(a_device_is_one_handle_and_none_when_it_is_closed, Fixture) {
    const std::size_t before = kernel.open_handles();
    auto device = sys::AfdDevice::open().value();
    BOOST_TEST(kernel.open_handles() == before + 1);
    sys::AfdDevice moved = std::move(device);
    BOOST_TEST(!device.is_open());
    moved.close();
    moved.close();
    BOOST_TEST(kernel.open_handles() == before);
    BOOST_TEST(kernel.calls(Call::afd_close) == 1U);
}

// Base sockets
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(without_layers_a_socket_is_its_own_base) {
    on_each([](Fixture& fixture) {
        const Handle socket = fixture.world.tcp_pair().local;
        BOOST_TEST((sys::base_socket(socket).value() == socket));
        const auto next = sys::next_socket(socket);
        if (fixture.kernel.options().personality == Personality::wine_8) {
            BOOST_TEST(next.error().value() == 10045);
        } else {
            BOOST_TEST((next.value() == socket));
        }
        const Handle event = fixture.world.thing(test::Thing::event);
        for (const Handle other : {event, fixture.world.never_a_handle()}) {
            BOOST_TEST(sys::base_socket(other).error().value() == 10038);
            BOOST_TEST(sys::next_socket(other).error().value() == 10038);
        }
    });
}

BOOST_AUTO_TEST_CASE(of_a_layered_socket_only_the_base_is_taken) {
    AfdFixture fixture(Options{.layered_sockets = true});
    const auto pair = fixture.world.tcp_pair();
    const std::size_t handles = fixture.kernel.open_handles();
    const Handle base = sys::base_socket(pair.local).value();
    BOOST_TEST((base != pair.local));
    BOOST_TEST((sys::base_socket(pair.local).value() == base));
    BOOST_TEST((sys::base_socket(base).value() == base));
    BOOST_TEST((sys::next_socket(pair.local).value() == base));
    BOOST_TEST(fixture.kernel.open_handles() == handles);

    Request& refused = fixture.make({{pair.local, afd::send}});
    BOOST_TEST(fixture.device.poll(refused.head(), refused.status).error().value() == 6);
    BOOST_TEST(fixture.poll(pair.local, bits::wrnorm) == bits::wrnorm);
    BOOST_TEST(fixture.now(base) == afd::send);

    Request& request = fixture.park({{base, afd::receive}});
    fixture.world.close(pair.local);
    fixture.answered(request);
    BOOST_TEST(request.told_of(base) == afd::local_close);
    BOOST_TEST(sys::base_socket(base).error().value() == 10038);
    BOOST_TEST(fixture.kernel.open_handles() == handles - 1);
}

BOOST_AUTO_TEST_CASE(a_layer_may_refuse_to_tell_its_base_and_tell_the_next) {
    for (const Personality personality : all_personalities) {
        Fixture fixture(Options{
            .personality = personality, .layered_sockets = true, .layered_refuses_base = true});
        const Handle socket = fixture.world.tcp_pair().local;
        BOOST_TEST(sys::base_socket(socket).error().value() == 10045);
        if (personality == Personality::wine_8) {
            BOOST_TEST(sys::next_socket(socket).error().value() == 10045);
        } else {
            BOOST_TEST((sys::next_socket(socket).value() != socket));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
