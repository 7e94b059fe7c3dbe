// sys::poll_sockets and sys::failed_connects: what WSAPoll and select report of a socket.
#include "sys/socket_poll.hpp"

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

#include "situations.hpp"
#include "support/win32_objects.hpp"
#include "sys_test.hpp"
#include "wakepoll/timeout.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::failed_connects;
using sys::poll_sockets;
using sys::PollEntry;
namespace data = boost::unit_test::data;

BOOST_FIXTURE_TEST_SUITE(sys_socket_poll, WorldFixture)

namespace bits = sys::poll_bits;

namespace {

constexpr std::int16_t read_and_write = bits::rdnorm | bits::wrnorm;

/// Asks for `failed_connects` until the socket is reported. Windows takes about two seconds to give
/// up on loopback, Wine none.
bool connect_fails(Handle socket) {
    const std::uintptr_t number = socket.value();
    for (std::uint32_t waited = 0; waited < patience_milliseconds; waited += quiet_milliseconds) {
        if (failed_connects({&number, 1}).value() == 1) {
            return true;
        }
        // WSAPoll ends this wait early if it reports a refused connect.
        static_cast<void>(revents(socket, 0, quiet_milliseconds));
    }
    return false;
}

constexpr int r = bits::rdnorm;
constexpr int w = bits::wrnorm;
constexpr int b = bits::rdband;
constexpr int hup = bits::hup;
constexpr int err = bits::err;

constexpr Situation<int> situations[] = {
    {"a connected socket, asked for reading", &quiet_pair, 0, r, 0},
    {"a connected socket, asked for writing", &quiet_pair, 0, w, w},
    {"a connected socket, asked for nothing", &quiet_pair, 0, 0, 0},
    {"data", &with_data, r, r | w, r | w},
    {"data, asked for writing only", &with_data, r, w, w},
    {"data, asked for nothing", &with_data, r, 0, 0},
    {"end of stream", &half_closed, r, r, hup},
    {"end of stream, asked for both", &half_closed, r, r | w, hup | w},
    {"end of stream, asked for nothing", &half_closed, r, 0, hup},
    // Windows has no more to say of the writing direction once both are shut, Wine 8 has.
    {"both directions shut", &fully_closed, r, r | w, hup, w},
    {"both directions shut, asked for nothing", &fully_closed, r, 0, hup},
    // Wine 8 adds wrnorm if it is asked for.
    {"reset", &was_reset, r, r | w, err | hup, w},
    {"reset, asked for nothing", &was_reset, r, 0, err | hup},
    {"an out-of-band byte", &with_urgent_byte, r | b, r | b, b},
    {"an out-of-band byte, rdband not asked for", &with_urgent_byte, r | b, r, 0},
    {"an out-of-band byte kept inline", &with_urgent_byte_inline, r | b, r | b, r},
    {"a listener without a connection", &quiet_listener, 0, r | w, 0},
    {"a listener with a connection", &listener_with_connection, r, r | w, r},
    {"a connect that succeeded", &connecting, w, r | w, w},
    {"a datagram", &with_datagram, r, r | w, r | w},
    {"an unbound UDP socket", &unbound_udp, 0, r | w, w},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_situation_is_told_in_wsapolls_bits, data::make(situations), situation) {
    const Handle socket = situation.arrange(world);
    if (situation.wait != 0) {
        BOOST_REQUIRE(becomes_ready(socket, situation.wait));
    }
    PollEntry entry{socket.value(), static_cast<std::int16_t>(situation.asked), 0x7F0F};
    const std::size_t count = poll_sockets({&entry, 1}, 0).value();
    BOOST_TEST((entry.revents & ~situation.maybe) == situation.told);
    BOOST_TEST(count == (entry.revents != 0 ? 1U : 0U));
    BOOST_TEST(entry.socket == socket.value());
    BOOST_TEST(entry.events == situation.asked);
}

BOOST_AUTO_TEST_CASE(what_is_told_once_is_told_again) {
    const Handle socket = with_data(world);
    for (int round = 0; round < 5; ++round) {
        BOOST_TEST(revents(socket, bits::rdnorm, patience_milliseconds) == bits::rdnorm);
    }
    BOOST_TEST(world.receive(socket, 100).bytes == 5U);
    BOOST_TEST(revents(socket, bits::rdnorm, 0) == 0);
}

BOOST_AUTO_TEST_CASE(no_entries_are_an_invalid_argument) {
    PollEntry entry{world.udp_socket().value(), bits::wrnorm, 0};
    BOOST_TEST(poll_sockets(std::span<PollEntry>(&entry, 0), 0).error().value() == 10022);
    BOOST_TEST(poll_sockets({}, 0).error().value() == 10022);
}

BOOST_AUTO_TEST_CASE(no_valid_socket_among_the_entries_is_not_a_socket) {
    const Handle closed = world.tcp_socket();
    world.close(closed);
    std::array<PollEntry, 2> entries = {
        PollEntry{closed.value(), bits::rdnorm, 0},
        PollEntry{world.never_a_handle().value(), bits::rdnorm, 0},
    };
    BOOST_TEST(poll_sockets(entries, 0).error().value() == 10038);
}

BOOST_AUTO_TEST_CASE(a_dead_socket_beside_a_live_one_is_marked_and_not_counted) {
    const Handle live = quiet_pair(world);
    const Handle closed = world.tcp_socket();
    world.close(closed);
    std::array<PollEntry, 4> entries = {
        PollEntry{closed.value(), bits::rdnorm, 0},
        PollEntry{live.value(), bits::wrnorm, 0},
        PollEntry{world.never_a_handle().value(), 0, 0},
        PollEntry{Handle().value(), bits::wrnorm, 0},
    };
    BOOST_TEST(poll_sockets(entries, 0).value() == 1U);
    BOOST_TEST(entries[0].revents == bits::nval);
    BOOST_TEST(entries[1].revents == bits::wrnorm);
    BOOST_TEST(entries[2].revents == bits::nval);
    BOOST_TEST(entries[3].revents == bits::nval);
}

BOOST_DATA_TEST_CASE(what_is_no_socket_is_marked, data::make(all_things), kind) {
    const Handle live = quiet_pair(world);
    const Handle thing = world.thing(kind);
    std::array<PollEntry, 2> entries = {
        PollEntry{live.value(), bits::rdnorm, 0},
        PollEntry{thing.value(), bits::rdnorm, 0},
    };
    BOOST_TEST(poll_sockets(entries, 0).value() == 0U);
    BOOST_TEST(entries[0].revents == 0);
    BOOST_TEST(entries[1].revents == bits::nval);
}

BOOST_AUTO_TEST_CASE(a_socket_closed_as_a_handle_is_marked_or_fails_the_call) {
    const Handle live = quiet_pair(world);
    const Handle closed = world.tcp_socket();
    world.close_handle(closed);
    std::array<PollEntry, 2> entries = {
        PollEntry{live.value(), bits::wrnorm, 0},
        PollEntry{closed.value(), bits::rdnorm, 0},
    };
    const Result<std::size_t> count = poll_sockets(entries, 0);
    if (count) {
        BOOST_TEST(entries[0].revents == bits::wrnorm);
        BOOST_TEST(entries[1].revents == bits::nval);
    } else {
        // Wine 8 keeps a list of sockets of its own, in which the number still is.
        BOOST_TEST(count.error().value() == 10038);
        BOOST_TEST(entries[0].revents == 0);
        BOOST_TEST(entries[1].revents == 0);
    }
    // So that Wine does not take the next socket with this number for two. Fails everywhere.
    ::closesocket(closed.value());
}

BOOST_AUTO_TEST_CASE(a_socket_closed_by_another_thread_is_marked) {
    const Handle quiet = quiet_pair(world);
    const Handle doomed = quiet_pair(world);
    std::array<PollEntry, 2> entries = {
        PollEntry{quiet.value(), bits::rdnorm, 0},
        PollEntry{doomed.value(), bits::rdnorm, 0},
    };
    world.beside([&] { world.close(doomed); });
    // In slices: a socket closed while the call waits ends it, but one that is closed already when
    // the call begins is marked when the time is over, on Wine 8 at least.
    for (std::uint32_t waited = 0; waited < patience_milliseconds && entries[1].revents == 0;
         waited += quiet_milliseconds) {
        BOOST_REQUIRE(poll_sockets(entries, quiet_milliseconds).has_value());
    }
    BOOST_TEST(entries[0].revents == 0);
    BOOST_TEST(entries[1].revents == bits::nval);
    world.join();
}

BOOST_AUTO_TEST_CASE(a_quiet_set_waits_until_the_time_is_over) {
    const Handle quiet = quiet_pair(world);
    const ULONGLONG start = ::GetTickCount64();
    BOOST_TEST(revents(quiet, bits::rdnorm, 200) == 0);
    // Windows may end a wait one tick of 15.6 ms early, and its tick count is as coarse.
    BOOST_TEST(::GetTickCount64() - start >= 160U);
}

BOOST_DATA_TEST_CASE(a_ready_socket_ends_any_timeout_at_once,
                     data::make({0U, 1U, kernel_wait_cap, kernel_wait_cap + 1, kernel_infinite}),
                     milliseconds) {
    BOOST_TEST(revents(quiet_pair(world), read_and_write, milliseconds) == bits::wrnorm);
}

BOOST_DATA_TEST_CASE(data_that_arrives_ends_a_blocked_poll,
                     data::make({patience_milliseconds, kernel_infinite}), milliseconds) {
    for (int round = 0; round < 50; ++round) {
        const SocketPair pair = world.tcp_pair();
        world.beside([&] { static_cast<void>(world.send(pair.peer, 1)); });
        BOOST_TEST(revents(pair.local, bits::rdnorm, milliseconds) == bits::rdnorm);
        world.join();
    }
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_found_and_stays_found) {
    const Handle refused = world.connecting_refused();
    BOOST_REQUIRE(connect_fails(refused));
    const std::uintptr_t number = refused.value();
    BOOST_TEST(failed_connects({&number, 1}).value() == 1U);
    // Nothing before build 19041, err on Wine, all three since.
    const int told = revents(refused, read_and_write, 0);
    BOOST_TEST((told == 0 || (told & bits::err) != 0), "revents " << told);
}

BOOST_AUTO_TEST_CASE(failed_connects_come_at_the_places_of_their_sockets) {
    std::vector<std::uintptr_t> sockets;
    for (std::size_t i = 0; i < sys::failed_connects_limit; ++i) {
        sockets.push_back(world.tcp_socket().value());
    }
    for (const std::size_t place : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
        const Handle refused = world.connecting_refused();
        BOOST_REQUIRE(connect_fails(refused));
        sockets[place] = refused.value();
    }
    const std::uint64_t expected = 1ULL | 1ULL << 31 | 1ULL << 63;
    BOOST_TEST(failed_connects(sockets).value() == expected);
}

BOOST_AUTO_TEST_CASE(sockets_that_are_well_have_no_failed_connect) {
    const Handle listener = world.listener();
    const std::array<std::uintptr_t, 5> sockets = {
        listener.value(),           world.connecting(listener).value(), quiet_pair(world).value(),
        world.udp_socket().value(), with_data(world).value(),
    };
    BOOST_TEST(failed_connects(sockets).value() == 0U);
}

BOOST_AUTO_TEST_CASE(failed_connects_refuses_none_and_too_many_and_the_dead) {
    std::vector<std::uintptr_t> sockets(sys::failed_connects_limit + 1, world.tcp_socket().value());
    BOOST_TEST(failed_connects(sockets).error().value() == 10022);
    BOOST_TEST(failed_connects({}).error().value() == 10022);
    sockets.pop_back();
    BOOST_TEST(failed_connects(sockets).value() == 0U);
    const Handle closed = world.tcp_socket();
    world.close(closed);
    sockets.back() = closed.value();
    BOOST_TEST(failed_connects(sockets).error().value() == 10038);
}

BOOST_AUTO_TEST_SUITE_END()
