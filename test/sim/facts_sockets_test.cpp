// What Wine's own tests assert about sockets on real Windows, fact by fact. A fact that the
// personality lacks is switched on here. What Wine 8 does instead is tested next to it.
#include <array>

#include "afd_fixture.hpp"
#include "tcp_socket.hpp"

namespace wakepoll::sim {
namespace {

/// A kernel that changes the personality's traits, without lateness.
Options with(void (*change)(Traits&), Personality personality = Personality::windows_11) {
    return {.personality = personality, .late_completions = false, .change = change};
}

struct Prompt : PortFixture {
    explicit Prompt(Personality personality = Personality::windows_11)
        : PortFixture(with(nullptr, personality)) {}

    Handle bound_socket() {
        const Handle socket = tie(world.tcp_socket());
        BOOST_TEST(!sys::bind_any(socket, world.refused_address()));
        return socket;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_facts_sockets)

BOOST_AUTO_TEST_CASE(a4_a_poll_that_may_not_wait_and_finds_nothing_succeeds) {
    on_each_device([](AfdFixture& fixture) {
        Request& request = fixture.make({{fixture.world.tcp_socket(), afd_all}});
        request.head().timeout = 0;
        BOOST_TEST(fixture.ask(request));
        BOOST_TEST(request.status.status == status::success);
        BOOST_TEST(request.head().count == 0U);
        BOOST_TEST(request.status.information == sizeof(sys::AfdRequest));
    });
}

BOOST_AUTO_TEST_CASE(a21_the_item_of_a_refused_connect_has_its_status) {
    on_each_device([](AfdFixture& fixture) {
        const Handle socket = fixture.world.connecting_refused();
        fixture.kernel.advance(5s);
        Request& request = fixture.make({{socket, afd_all}});
        BOOST_TEST(fixture.ask(request));
        BOOST_TEST(request.head().items()[0].events == afd::connect_fail);
        BOOST_TEST(request.head().items()[0].status == 0xC0000236U);
    });
}

BOOST_AUTO_TEST_CASE(w18_a_reset_leaves_the_socket_writable) {
    on_each([](Fixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.reset(pair.peer);
        BOOST_TEST(fixture.poll(pair.local) == (bits::err | bits::hup | bits::wrnorm));
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm) == (bits::err | bits::hup));
    });
}

BOOST_AUTO_TEST_CASE(s2_a_receive_after_a_send_to_a_closed_peer_fails_as_aborted) {
    Prompt windows;
    const auto pair = windows.tcp_pair();
    windows.world.close(pair.peer);
    BOOST_TEST(windows.world.send(pair.local, 1).bytes == 1U);
    BOOST_TEST(windows.world.receive(pair.local, 1).error.value() == 10053);
    Attempt attempt;
    BOOST_TEST(windows.receive(pair.local, attempt).error().value() == 10053);
    Prompt wine(Personality::wine_8);
    const auto other = wine.tcp_pair();
    wine.world.close(other.peer);
    BOOST_TEST(wine.world.send(other.local, 1).bytes == 1U);
    BOOST_TEST(!wine.world.receive(other.local, 1).error);
}

BOOST_AUTO_TEST_CASE(o6_skipping_hides_an_immediate_warning_too) {
    for (const Personality personality : all_personalities) {
        Prompt fixture(personality);
        const auto pair = fixture.world.udp_pair();
        fixture.tie(pair.local);
        BOOST_TEST(!sys::skip_packets_on_success(pair.local));
        fixture.put(pair.peer, "too long");
        Attempt attempt(4);
        BOOST_TEST(!fixture.receive(pair.local, attempt)->at_once);
        BOOST_TEST(fixture.packet() == (fixture.is_wine() ? 234 : PortFixture::none));
    }
}

BOOST_AUTO_TEST_CASE(o8_a_receive_of_a_connection_that_is_closed_ends_as_aborted) {
    PortFixture fixture(with(nullptr));
    const auto pair = fixture.tcp_pair();
    Attempt attempt;
    BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
    sys::close_socket(pair.local);
    BOOST_TEST(fixture.packet_of(attempt) == 1236);
}

BOOST_AUTO_TEST_CASE(o9_a_receive_of_a_datagram_socket_that_is_closed_ends_as_cancelled) {
    PortFixture fixture(with(nullptr));
    const auto pair = fixture.world.udp_pair();
    fixture.tie(pair.local);
    Attempt attempt;
    BOOST_TEST(fixture.receive(pair.local, attempt).has_value());
    sys::close_socket(pair.local);
    BOOST_TEST(fixture.packet_of(attempt) == 995);
}

BOOST_AUTO_TEST_CASE(o11_an_accept_whose_socket_is_closed_late_ends_as_cancelled_or_aborted) {
    std::array<int, 2> seen = {};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Options options = with([](Traits& traits) { traits.late_accept_may_abort = true; });
        options.seed = seed;
        PortFixture fixture(options);
        const Handle listener = fixture.tie(fixture.world.listener());
        const Handle socket = sys::socket_like(listener).value();
        Attempt attempt(2 * std::size_t{sys::accept_address_room} + 4);
        BOOST_TEST(sys::accept(listener, socket, attempt.bytes, attempt.overlapped).has_value());
        static_cast<void>(fixture.world.connecting(listener));
        sys::close_socket(socket);
        const int code = fixture.packet_of(attempt);
        BOOST_TEST((code == 995 || code == 1236));
        ++seen[code == 995 ? 0 : 1];
    }
    BOOST_TEST(seen[0] > 0);
    BOOST_TEST(seen[1] > 0);
}

BOOST_AUTO_TEST_CASE(o17_a_connect_while_another_is_under_way_is_invalid) {
    for (const Personality personality : all_personalities) {
        Prompt fixture(personality);
        const Handle listener = fixture.world.listener();
        Attempt attempt;
        BOOST_TEST(sys::connect(fixture.world.connecting_refused(),
                                fixture.world.address_of(listener), attempt.overlapped)
                       .error()
                       .value() == (fixture.is_wine() ? 10037 : 10022));
    }
}

BOOST_AUTO_TEST_CASE(o18_a_connect_always_pends) {
    for (const Personality personality : all_personalities) {
        Prompt fixture(personality);
        const Handle listener = fixture.world.listener();
        const Handle socket = fixture.bound_socket();
        BOOST_TEST(!sys::skip_packets_on_success(socket));
        Attempt attempt;
        const auto begun =
            sys::connect(socket, fixture.world.address_of(listener), attempt.overlapped);
        BOOST_TEST(begun->at_once == fixture.is_wine());
        if (!fixture.is_wine()) {
            BOOST_TEST(fixture.packet_of(attempt) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(o19_a_refused_call_leaves_its_structure_pending) {
    for (const Personality personality : all_personalities) {
        Prompt fixture(personality);
        Attempt attempt;
        BOOST_TEST(sys::connect(fixture.world.tcp_socket(), fixture.world.refused_address(),
                                attempt.overlapped)
                       .error()
                       .value() == 10022);
        BOOST_TEST(attempt.overlapped.internal == (fixture.is_wine() ? 0U : status::pending));
    }
}

// Datagrams, room, and half of a connection
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(s5_a_send_takes_all_or_nothing) {
    constexpr std::size_t much = 50'000'000;
    Prompt fixture;
    const auto pair = fixture.world.tcp_pair();
    BOOST_TEST(fixture.world.send(pair.local, much).bytes == much);
    BOOST_TEST((fixture.world.send(pair.local, 1).error == std::errc::operation_would_block));
    BOOST_TEST(fixture.poll(pair.local) == 0);
    // There is no room until nearly all of it has been read.
    BOOST_TEST(fixture.world.receive(pair.peer, much - TcpSocket::buffer_size).bytes != 0U);
    BOOST_TEST(fixture.poll(pair.local) == 0);
    BOOST_TEST(fixture.world.receive(pair.peer, 1).bytes == 1U);
    BOOST_TEST(fixture.poll(pair.local) == bits::wrnorm);
    // Data that a send has taken is delivered after the socket is closed.
    fixture.world.close(pair.local);
    BOOST_TEST(fixture.world.receive(pair.peer, much).bytes == TcpSocket::buffer_size - 1);
}

BOOST_AUTO_TEST_CASE(s7_a_receive_of_an_unbound_datagram_socket_is_invalid) {
    for (const Personality personality : all_personalities) {
        Prompt fixture(personality);
        BOOST_TEST(fixture.world.receive(fixture.world.udp_socket(), 1).error.value() ==
                   (fixture.is_wine() ? 10035 : 10022));
    }
}

BOOST_AUTO_TEST_CASE(a_datagram_to_a_closed_port_makes_the_sender_readable_and_its_receive_fail) {
    Prompt fixture;
    const auto pair = fixture.world.udp_pair();
    fixture.tie(pair.local);
    fixture.world.close(pair.peer);
    BOOST_TEST(fixture.poll(pair.local) == bits::wrnorm);
    BOOST_TEST(fixture.world.send(pair.local, 1).bytes == 1U);
    BOOST_TEST(fixture.poll(pair.local) == (bits::wrnorm | bits::rdnorm));
    BOOST_TEST(fixture.world.receive(pair.local, 1).error.value() == 10054);
    BOOST_TEST(fixture.poll(pair.local) == bits::wrnorm);
    Attempt attempt;
    BOOST_TEST(!fixture.receive(pair.local, attempt)->at_once);
    BOOST_TEST(fixture.world.send(pair.local, 1).bytes == 1U);
    BOOST_TEST(fixture.packet_of(attempt) == 1234);
}

BOOST_AUTO_TEST_CASE(s10_two_out_of_band_bytes_both_stay_to_be_read) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.send_urgent(pair.peer);
        fixture.world.send_urgent(pair.peer);
        BOOST_TEST((fixture.now(pair.local) & afd::receive_expedited) != 0U);
        BOOST_TEST(fixture.world.receive_urgent(pair.local).bytes == 1U);
        if (fixture.kernel.traits().keeps_urgent_bytes) {
            BOOST_TEST((fixture.now(pair.local) & afd::receive_expedited) != 0U);
            BOOST_TEST(fixture.poll(pair.local) == (bits::wrnorm | bits::rdband));
            BOOST_TEST(fixture.world.receive_urgent(pair.local).bytes == 1U);
        }
        BOOST_TEST(fixture.now(pair.local) == afd::send);
        BOOST_TEST(fixture.world.receive_urgent(pair.local).error.value() == 10035);
    });
}

BOOST_AUTO_TEST_CASE(a15_after_sd_receive_a_socket_is_writable_and_its_peer_knows_nothing) {
    on_each_device([](AfdFixture& fixture) {
        const auto pair = fixture.world.tcp_pair();
        fixture.world.shutdown_receive(pair.local);
        BOOST_TEST(fixture.now(pair.local) == afd::send);
        BOOST_TEST(fixture.poll(pair.local) == bits::wrnorm);
        BOOST_TEST(fixture.now(pair.peer) == afd::send);
    });
}

BOOST_AUTO_TEST_CASE(s4_after_sd_receive_a_receive_fails_and_a_pending_one_gets_its_data) {
    Prompt fixture;
    const auto pair = fixture.tcp_pair();
    Attempt pending;
    BOOST_TEST(!fixture.receive(pair.local, pending)->at_once);
    fixture.world.shutdown_receive(pair.local);
    BOOST_TEST(fixture.world.receive(pair.local, 1).error.value() == 10058);
    Attempt refused;
    BOOST_TEST(fixture.receive(pair.local, refused).error().value() == 10058);
    fixture.put(pair.peer, "data");
    BOOST_TEST(fixture.packet_of(pending) == 0);
    BOOST_TEST(pending.text(fixture.last.bytes) == "data");
}

// WSAPoll's array, and connects that were refused
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(w3_w5_w6_illegal_bits_count_from_the_first_socket_on) {
    Prompt fixture;
    const auto ask = [&](std::array<Handle, 2> handles, std::array<std::int16_t, 2> events,
                         std::array<int, 2> expected) {
        std::array<sys::PollEntry, 2> entries = {
            sys::PollEntry{handles[0].value(), events[0], 0x55},
            sys::PollEntry{handles[1].value(), events[1], 0x55}};
        const auto count = sys::poll_sockets(entries, 0);
        BOOST_TEST(entries[0].revents == expected[0]);
        BOOST_TEST(entries[1].revents == expected[1]);
        return count ? static_cast<int>(*count) : -count.error().value();
    };
    const Handle none = fixture.world.never_a_handle();
    const Handle socket = fixture.world.tcp_socket();
    constexpr std::int16_t illegal = 0x0400;  // POLLPRI
    constexpr std::int16_t legal = bits::rdnorm;
    BOOST_TEST(ask({none, socket}, {illegal, legal}, {bits::nval, 0}) == 0);
    BOOST_TEST(ask({socket, none}, {legal, illegal}, {0, 0}) == -10022);
    BOOST_TEST(ask({none, none}, {illegal, illegal}, {bits::nval, bits::nval}) == -10038);
}

BOOST_AUTO_TEST_CASE(w15_a_blocked_poll_runs_apcs_and_goes_on) {
    on_each([](Fixture& fixture) {
        const bool wine = fixture.kernel.options().personality == Personality::wine_8;
        const auto pair = fixture.world.tcp_pair();
        bool ran = false;
        fixture.world.queue_apc([&] { ran = true; });
        const auto before = fixture.kernel.now();
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm, 50) == 0);
        BOOST_TEST(ran == !wine);
        BOOST_TEST((fixture.kernel.now() - before > 30ms));
        // A wait ends if the APC makes the socket ready.
        fixture.world.queue_apc([&] { fixture.world.send(pair.peer, 1); });
        BOOST_TEST(fixture.poll(pair.local, bits::rdnorm, 50) == (wine ? 0 : bits::rdnorm));
    });
}

BOOST_AUTO_TEST_CASE(w21_a_later_success_takes_a_refused_socket_out_of_the_except_set) {
    on_each([](Fixture& fixture) {
        const auto is_exceptional = [&](Handle socket) {
            return sys::failed_connects(std::array{socket.value()}).value() == 1;
        };
        const Handle socket = fixture.world.connecting_refused();
        fixture.kernel.advance(5s);
        BOOST_TEST(is_exceptional(socket));
        fixture.world.connect_refused(socket);
        fixture.kernel.advance(5s);
        BOOST_TEST(is_exceptional(socket));
        const Handle listener = fixture.world.listener();
        fixture.world.connect(socket, listener);
        BOOST_TEST(!is_exceptional(socket));
        BOOST_TEST(fixture.poll(socket) == bits::wrnorm);
    });
}

BOOST_AUTO_TEST_CASE(a22_a_refused_socket_that_connects_again_is_silent_until_that_is_decided) {
    for (const Personality personality :
         {Personality::windows_11, Personality::windows_server_2019}) {
        AfdFixture fixture(with(nullptr, personality));
        const Handle socket = fixture.world.connecting_refused();
        fixture.kernel.advance(5s);
        BOOST_TEST(fixture.now(socket) == afd::connect_fail);
        fixture.world.connect_refused(socket);
        BOOST_TEST(fixture.now(socket) == 0U);
        BOOST_TEST(fixture.poll(socket) == 0);
        Request& request = fixture.park({{socket, afd_all}});
        fixture.kernel.advance(5s);
        fixture.answered(request);
        BOOST_TEST(request.told_of(socket) == afd::connect_fail);
    }
}

BOOST_AUTO_TEST_CASE(w23_a_listener_whose_connect_was_refused_stays_in_the_except_set) {
    for (const bool outlasts : {false, true}) {
        PortFixture fixture(
            outlasts ? with([](Traits& traits) { traits.refusal_outlasts_listen = true; })
                     : with(nullptr, Personality::wine_8));
        const Handle socket = fixture.world.connecting_refused();
        fixture.kernel.advance(5s);
        fixture.world.listen(socket);
        BOOST_TEST(sys::is_listening(socket).value());
        BOOST_TEST(sys::failed_connects(std::array{socket.value()}).value() ==
                   (outlasts ? 1U : 0U));
        static_cast<void>(fixture.world.connecting(socket));
        BOOST_TEST(fixture.poll(socket) == bits::rdnorm);
    }
}

BOOST_AUTO_TEST_CASE(w23_afd_reports_the_refusal_of_a_listener_as_select_does) {
    for (const Personality personality : all_personalities) {
        AfdFixture fixture(with(nullptr, personality));
        const bool outlasts = fixture.kernel.traits().refusal_outlasts_listen;
        const Handle socket = fixture.world.connecting_refused();
        fixture.kernel.advance(5s);
        fixture.world.listen(socket);
        BOOST_TEST(fixture.now(socket) == (outlasts ? afd::connect_fail : 0U));
        static_cast<void>(fixture.world.connecting(socket));
        BOOST_TEST(fixture.now(socket) == (afd::accept | (outlasts ? afd::connect_fail : 0U)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
