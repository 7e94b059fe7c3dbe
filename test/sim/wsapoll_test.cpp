// The model's WSAPoll and select, checked row by row against what is known of Windows and Wine.
#include <array>
#include <vector>

#include "fixture.hpp"

namespace wakepoll::sim {
namespace {

using sys::PollEntry;

bool is(const Fixture& fixture, Personality personality) {
    return fixture.kernel.options().personality == personality;
}

/// Checks what a state reports with nothing asked for and with everything asked for.
void reads_as(Fixture& fixture, Handle socket, int unasked, int asked) {
    BOOST_TEST(fixture.poll(socket, 0) == unasked);
    BOOST_TEST(fixture.poll(socket, ask_all) == asked);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_wsapoll)

// The array as a whole
// ----------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(no_entries_are_an_invalid_argument_and_no_sleep, Fixture) {
    const auto before = kernel.now();
    BOOST_TEST(sys::poll_sockets({}, 1000).error().value() == 10022);
    BOOST_TEST((kernel.now() - before < 1ms));
}

BOOST_FIXTURE_TEST_CASE(before_winsock_is_started_nothing_can_be_polled, Fixture) {
    const Handle socket = world.tcp_socket();
    winsock.end();
    BOOST_TEST(poll(socket) == -10093);
    BOOST_TEST(sys::socket_kind(socket).error().value() == 10093);
}

BOOST_FIXTURE_TEST_CASE(numbers_that_are_no_socket_get_nval_and_are_not_counted, Fixture) {
    const auto pair = world.tcp_pair();
    std::array<PollEntry, 4> entries = {{{world.never_a_handle().value(), ask_all, 0},
                                         {pair.local.value(), bits::wrnorm, 0},
                                         {~std::uintptr_t{0}, ask_all, 0},
                                         {world.thing(test::Thing::event).value(), 0, 0}}};
    BOOST_TEST(sys::poll_sockets(entries, 0).value() == 1U);
    BOOST_TEST(entries[0].revents == bits::nval);
    BOOST_TEST(entries[1].revents == bits::wrnorm);
    BOOST_TEST(entries[2].revents == bits::nval);
    BOOST_TEST(entries[3].revents == bits::nval);
}

BOOST_FIXTURE_TEST_CASE(a_number_that_is_no_socket_does_not_end_the_wait, Fixture) {
    const auto pair = world.tcp_pair();
    std::array<PollEntry, 2> entries = {
        {{pair.local.value(), bits::rdnorm, 0}, {world.never_a_handle().value(), bits::rdnorm, 0}}};
    const auto before = kernel.now();
    BOOST_TEST(sys::poll_sockets(entries, 300).value() == 0U);
    BOOST_TEST((kernel.now() - before >= 285ms));
    BOOST_TEST(entries[1].revents == bits::nval);
}

BOOST_FIXTURE_TEST_CASE(no_socket_at_all_fails_the_call, Fixture) {
    std::array<PollEntry, 2> entries = {
        {{world.never_a_handle().value(), ask_all, 0}, {~std::uintptr_t{0}, ask_all, 0}}};
    BOOST_TEST(sys::poll_sockets(entries, 1000).error().value() == 10038);
    BOOST_TEST(entries[0].revents == bits::nval);
    BOOST_TEST(kernel.blocked_calls() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_socket_closed_by_closehandle_fails_the_whole_call, Fixture) {
    const auto pair = world.tcp_pair();
    const auto quiet = world.tcp_pair();
    world.close_handle(pair.local);
    std::array<PollEntry, 2> entries = {
        {{pair.local.value(), bits::rdnorm, 0}, {quiet.local.value(), bits::wrnorm, 99}}};
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(sys::poll_sockets(entries, 0).error().value() == 10038);
        BOOST_TEST(entries[0].revents == 0);
        BOOST_TEST(entries[1].revents == 0);
        // Polled alone it fails, too, and that does not mend it.
        BOOST_TEST(poll(pair.local) == -10038);
        BOOST_TEST(sys::socket_kind(pair.local).error().value() == 10038);
    }
    // A new socket with the number works.
    test::SocketPair next;
    BOOST_TEST(world.recycle(pair.local, next));
    BOOST_TEST(sys::poll_sockets(entries, 0).value() == 1U);
}

BOOST_FIXTURE_TEST_CASE(closesocket_mends_a_number_that_closehandle_orphaned, Fixture) {
    const auto pair = world.tcp_pair();
    const auto quiet = world.tcp_pair();
    world.close_handle(pair.local);
    world.close(pair.local);
    std::array<PollEntry, 2> entries = {
        {{pair.local.value(), bits::rdnorm, 0}, {quiet.local.value(), bits::wrnorm, 0}}};
    BOOST_TEST(sys::poll_sockets(entries, 0).value() == 1U);
    BOOST_TEST(entries[0].revents == bits::nval);
}

BOOST_AUTO_TEST_CASE(bits_that_may_not_be_asked_for_are_refused_except_by_wine) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        constexpr int pri = 0x0400;
        constexpr int write_band = 0x0020;
        for (const int bit : {pri, write_band, int{bits::err}, int{bits::hup}, int{bits::nval}}) {
            const int answer =
                fixture.poll(pair.local, static_cast<std::int16_t>(bit | bits::rdnorm));
            BOOST_TEST(answer == (is(fixture, Personality::wine_8) ? 0 : -10022));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_socket_closed_while_polled_ends_the_wait_with_nval) {
    on_each([](Fixture& fixture) {
        for (const bool by_close_handle : {false, true}) {
            const auto pair = fixture.world.tcp_pair();
            const auto quiet = fixture.world.tcp_pair();
            fixture.kernel.at(50ms, [&] {
                by_close_handle ? fixture.world.close_handle(pair.local)
                                : fixture.world.close(pair.local);
            });
            std::array<PollEntry, 2> entries = {
                {{quiet.local.value(), bits::rdnorm, 0}, {pair.local.value(), bits::rdnorm, 0}}};
            BOOST_TEST(sys::poll_sockets(entries, kernel_infinite).value() == 1U);
            BOOST_TEST(entries[0].revents == 0);
            BOOST_TEST(entries[1].revents == bits::nval);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_recycled_number_is_not_the_socket_that_is_polled, Fixture) {
    const auto pair = world.tcp_pair();
    test::SocketPair next;
    kernel.when_blocked([&] {
        world.close(pair.local);
        BOOST_TEST(world.recycle(pair.local, next));
        BOOST_TEST(world.send(next.peer, 1).bytes == 1U);
    });
    BOOST_TEST(poll(pair.local, bits::rdnorm, kernel_infinite) == bits::nval);
    BOOST_TEST(poll(pair.local, bits::rdnorm) == bits::rdnorm);
}

BOOST_FIXTURE_TEST_CASE(closing_one_of_two_handles_to_a_socket_does_not_end_its_poll, Fixture) {
    const auto pair = world.tcp_pair();
    const Handle duplicate = world.duplicate(pair.local);
    kernel.when_blocked([&] { world.close(pair.local); });
    kernel.at(50ms, [&] { world.send(pair.peer, 1); });
    BOOST_TEST(poll(duplicate, bits::rdnorm, kernel_infinite) == bits::rdnorm);
}

// One socket, state by state
// ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_connected_socket_is_writable_and_readable_while_there_is_data) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        reads_as(fixture, pair.local, 0, bits::wrnorm);
        fixture.world.send(pair.peer, 2);
        reads_as(fixture, pair.local, 0, bits::wrnorm | bits::rdnorm);
        fixture.world.receive(pair.local, 1);
        reads_as(fixture, pair.local, 0, bits::wrnorm | bits::rdnorm);
        fixture.world.receive(pair.local, 1);
        reads_as(fixture, pair.local, 0, bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_without_room_to_send_is_not_writable) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        while (!fixture.world.send(pair.local, 10000).error) {
        }
        reads_as(fixture, pair.local, 0, 0);
        fixture.world.receive(pair.peer, 10000);
        reads_as(fixture, pair.local, 0, bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(a_fin_reads_as_hangup_without_data) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.shutdown_send(pair.peer);
        reads_as(fixture, pair.local, bits::hup, bits::hup | bits::wrnorm);
        // With both directions shut down WSAPoll reports the same.
        fixture.world.shutdown_send(pair.local);
        reads_as(fixture, pair.local, bits::hup, bits::hup | bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(data_before_a_fin_hides_the_hangup_on_wine_only) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send(pair.peer, 1);
        fixture.world.shutdown_send(pair.peer);
        const int hangup = is(fixture, Personality::wine_8) ? 0 : bits::hup;
        reads_as(fixture, pair.local, hangup, hangup | bits::rdnorm | bits::wrnorm);
        fixture.world.receive(pair.local, 1);
        reads_as(fixture, pair.local, bits::hup, bits::hup | bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(data_before_a_fin_hides_no_hangup_once_both_have_sent_one) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send(pair.peer, 1);
        fixture.world.shutdown_send(pair.peer);
        fixture.world.shutdown_send(pair.local);
        reads_as(fixture, pair.local, bits::hup, bits::hup | bits::rdnorm | bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(ones_own_fin_changes_nothing_but_the_room_on_wine) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.shutdown_send(pair.local);
        reads_as(fixture, pair.local, 0, bits::wrnorm);
        const auto full = fixture.world.tcp_pair();
        while (!fixture.world.send(full.local, 10000).error) {
        }
        fixture.world.shutdown_send(full.local);
        reads_as(fixture, full.local, 0, is(fixture, Personality::wine_8) ? bits::wrnorm : 0);
    });
}

BOOST_AUTO_TEST_CASE(a_reset_reads_as_error_and_hangup) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.reset(pair.peer);
        reads_as(fixture, pair.local, bits::err | bits::hup, bits::err | bits::hup | bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_told_as_each_windows_tells_it) {
    on_each([](Fixture& fixture) {
        const Handle socket = fixture.world.connecting_refused();
        if (!is(fixture, Personality::wine_8)) {
            reads_as(fixture, socket, 0, 0);
            fixture.kernel.advance(1900ms);
            reads_as(fixture, socket, 0, 0);
            BOOST_TEST(sys::failed_connects(std::array{socket.value()}).value() == 0U);
            fixture.kernel.advance(100ms);
        }
        switch (fixture.kernel.options().personality) {
            case Personality::windows_11:
                reads_as(fixture, socket, bits::err | bits::hup,
                         bits::err | bits::hup | bits::wrnorm);
                break;
            case Personality::windows_server_2019:
                fixture.kernel.advance(1h);
                reads_as(fixture, socket, 0, 0);
                break;
            case Personality::wine_8:
                reads_as(fixture, socket, bits::err, bits::err);
                break;
        }
        BOOST_TEST(sys::failed_connects(std::array{socket.value()}).value() == 1U);
        BOOST_TEST(!sys::is_connected(socket).value());
    });
}

BOOST_AUTO_TEST_CASE(a_wait_lasts_until_the_connect_is_refused) {
    on_each([](Fixture& fixture) {
        const auto before = fixture.kernel.now();
        const Handle socket = fixture.world.connecting_refused();
        const int answer = fixture.poll(socket, bits::wrnorm, 60'000);
        const auto waited = fixture.kernel.now() - before;
        switch (fixture.kernel.options().personality) {
            case Personality::windows_11:
                BOOST_TEST(answer == (bits::err | bits::hup | bits::wrnorm));
                BOOST_TEST((waited >= 2s && waited < 2100ms));
                break;
            case Personality::windows_server_2019:
                BOOST_TEST(answer == 0);
                BOOST_TEST((waited >= 59s));
                break;
            case Personality::wine_8:
                BOOST_TEST(answer == bits::err);
                BOOST_TEST((waited < 1ms));
                break;
        }
    });
}

BOOST_AUTO_TEST_CASE(a_never_connected_tcp_socket_says_nothing) {
    on_each([](Fixture& fixture) {
        const Handle socket = fixture.world.tcp_socket();
        reads_as(fixture, socket, 0, 0);
        BOOST_TEST(fixture.poll(socket, ask_all, 100'000) == 0);
        BOOST_TEST(sys::failed_connects(std::array{socket.value()}).value() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_listener_is_readable_while_connections_wait) {
    on_each([](Fixture& fixture) {
        const Handle listener = fixture.world.listener();
        reads_as(fixture, listener, 0, 0);
        const Handle client = fixture.world.connecting(listener);
        reads_as(fixture, client, 0, bits::wrnorm);
        reads_as(fixture, listener, 0, bits::rdnorm);
        BOOST_TEST(static_cast<bool>(fixture.world.accept(listener)));
        reads_as(fixture, listener, 0, 0);
    });
}

BOOST_AUTO_TEST_CASE(udp_is_writable_bound_or_not_and_readable_while_datagrams_wait) {
    on_each([](Fixture& fixture) {
        reads_as(fixture, fixture.world.udp_socket(), 0, bits::wrnorm);
        const auto pair = fixture.world.udp_pair();
        fixture.world.send(pair.peer, 5);
        reads_as(fixture, pair.local, 0, bits::wrnorm | bits::rdnorm);
        BOOST_TEST(fixture.world.receive(pair.local, 64).bytes == 5U);
        reads_as(fixture, pair.local, 0, bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(an_out_of_band_byte_reads_as_rdband_or_inline_as_data) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send_urgent(pair.peer);
        reads_as(fixture, pair.local, 0, bits::rdband | bits::wrnorm);
        BOOST_TEST(sys::failed_connects(std::array{pair.local.value()}).value() == 1U);

        const auto second = fixture.world.tcp_pair();
        fixture.world.keep_urgent_inline(second.local);
        fixture.world.send_urgent(second.peer);
        reads_as(fixture, second.local, 0, bits::rdnorm | bits::wrnorm);
        BOOST_TEST(sys::failed_connects(std::array{second.local.value()}).value() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(the_except_set_numbers_sockets_and_takes_no_stranger, Fixture) {
    std::vector<std::uintptr_t> sockets;
    for (std::size_t i = 0; i < sys::failed_connects_limit; ++i) {
        const bool refused = i % 21 == 0;
        sockets.push_back((refused ? world.connecting_refused() : world.tcp_socket()).value());
    }
    kernel.advance(2s);
    constexpr std::uint64_t expected = 1U | 1ULL << 21U | 1ULL << 42U | 1ULL << 63U;
    BOOST_TEST(sys::failed_connects(sockets).value() == expected);
    sockets[5] = world.never_a_handle().value();
    BOOST_TEST(sys::failed_connects(sockets).error().value() == 10038);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
