// sys::AfdDevice: what a request reports in each situation of a socket.
//
// afd_device_test.cpp tests how a request is answered, and what else ends one.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <vector>

#include "afd_requests.hpp"
#include "situations.hpp"
#include "sys/afd_device.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;
using boost::test_tools::per_element;

BOOST_FIXTURE_TEST_SUITE(sys_afd_situation, AfdFixture)

namespace bits = sys::afd_bits;

namespace {

constexpr std::uint32_t all = bits::receive | bits::receive_expedited | bits::send |
                              bits::disconnect | bits::abort | bits::accept | bits::connect_fail;
constexpr std::uint32_t r = bits::receive;
constexpr std::uint32_t urgent = bits::receive_expedited;
constexpr std::uint32_t w = bits::send;
constexpr std::uint32_t fin = bits::disconnect;
constexpr std::uint32_t reset = bits::abort;

// What WSAPoll is asked for while a situation comes about.
constexpr int in = sys::poll_bits::rdnorm;
constexpr int pri = sys::poll_bits::rdband;
constexpr int out = sys::poll_bits::wrnorm;

constexpr Situation<std::uint32_t> situations[] = {
    {"a connected socket", &quiet_pair, 0, all, w},
    {"a connected socket, asked for reading", &quiet_pair, 0, r, 0},
    {"a connected socket, asked for nothing", &quiet_pair, 0, 0, 0},
    {"data", &with_data, in, all, r | w},
    {"data, asked for the end of the stream", &with_data, in, fin | reset, 0},
    // Windows may call the end of the stream readable as well; Wine 8 does not.
    {"end of stream", &half_closed, in, all, fin | w, r},
    {"end of stream, asked for it alone", &half_closed, in, fin, fin},
    {"end of stream, asked for a reset", &half_closed, in, reset, 0},
    {"end of stream, asked for nothing", &half_closed, in, 0, 0},
    // Wine 8 reports the end once the data is read, Windows together with the data.
    {"data and end of stream", &with_data_and_half_closed, in, all, r | w, fin},
    // What Windows says of a direction that was shut here is not known.
    {"own direction shut", &shut_here, 0, all & ~w, 0},
    {"both directions shut", &fully_closed, in, all, fin, r | w},
    {"both directions shut, asked for nothing", &fully_closed, in, 0, 0},
    // Windows may call a reset connection readable and ended as well; Wine 8 does not.
    {"reset", &was_reset, in, all, reset, r | w | fin},
    {"reset, asked for it alone", &was_reset, in, reset, reset},
    {"reset, asked for nothing", &was_reset, in, 0, 0},
    {"an out-of-band byte", &with_urgent_byte, in | pri, all, urgent | w},
    {"an out-of-band byte, not asked for", &with_urgent_byte, in | pri, r, 0},
    {"an out-of-band byte kept inline", &with_urgent_byte_inline, in | pri, all, r | w},
    {"a socket never connected", &never_connected, 0, all, 0},
    {"a listener", &quiet_listener, 0, all, 0},
    {"a listener with a connection", &listener_with_connection, in, all, bits::accept},
    {"a listener with a connection, asked for reading", &listener_with_connection, in, r | w, 0},
    {"a connect that succeeded", &connecting, out, all, w},
    {"a quiet UDP socket", &quiet_udp, 0, all, w},
    {"a datagram", &with_datagram, in, all, r | w},
    {"an unbound UDP socket", &unbound_udp, 0, all, w},
    {"an unbound UDP socket, asked for reading", &unbound_udp, 0, r, 0},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_situation_is_told_in_the_bits_of_afd, data::make(situations), situation) {
    const Handle socket = situation.arrange(world);
    if (situation.wait != 0) {
        BOOST_REQUIRE(becomes_ready(socket, situation.wait));
    }
    const std::uint32_t told = told_now(socket, situation.asked);
    BOOST_TEST((told & ~situation.maybe) == situation.told, "told " << told);
    BOOST_TEST((told & ~situation.asked) == 0U, "told " << told);
    // It is the state of the socket, not a message: it is reported each time.
    BOOST_TEST(told_now(socket, situation.asked) == told);
}

BOOST_AUTO_TEST_CASE(data_end_a_request_in_flight) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive | bits::disconnect | bits::abort}});
    put(pair.peer, "x");
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.head().items()->events == bits::receive);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_ends_a_request_in_flight) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive | bits::disconnect | bits::abort}});
    world.shutdown_send(pair.peer);
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST((asked.head().items()->events & bits::disconnect) != 0U);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_is_told_once_the_data_before_it_is_read) {
    const SocketPair pair = world.tcp_pair();
    put(pair.peer, pair.local, "x");
    world.shutdown_send(pair.peer);
    BOOST_TEST(taken(pair.local) == "x");
    Request& asked = request({{pair.local, bits::disconnect}});
    if (!answered_at_once(asked)) {
        BOOST_TEST(packet_of(asked) == 0U);
    }
    BOOST_TEST(asked.head().items()->events == bits::disconnect);
}

BOOST_AUTO_TEST_CASE(a_reset_ends_a_request_in_flight) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive | bits::abort}});
    world.reset(pair.peer);
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST((asked.head().items()->events & bits::abort) != 0U);
}

BOOST_AUTO_TEST_CASE(a_connection_ends_a_listeners_request_in_flight) {
    const Handle listener = world.listener();
    Request& asked = in_flight({{listener, bits::accept}});
    static_cast<void>(world.connecting(listener));
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.head().items()->events == bits::accept);
}

BOOST_AUTO_TEST_CASE(room_to_send_ends_a_request_in_flight) {
    const SocketPair pair = world.tcp_pair();
    std::size_t sent = 0;
    while (revents(pair.local, out, quiet_milliseconds) != 0) {
        sent += world.send(pair.local, 1U << 20U).bytes;
    }
    Request& asked = in_flight({{pair.local, bits::send}});
    for (std::size_t received = 0; received < sent;) {
        BOOST_REQUIRE(becomes_ready(pair.peer, in));
        received += world.receive(pair.peer, sent - received).bytes;
    }
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.head().items()->events == bits::send);
}

BOOST_AUTO_TEST_CASE(a_connect_that_succeeds_ends_a_request_made_before_it) {
    const Handle socket = world.tcp_socket();
    Request& asked = in_flight({{socket, bits::send | bits::connect_fail}});
    world.connect(socket, world.listener());
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.head().items()->events == bits::send);
}

// Windows takes about two seconds to give up on loopback, Wine none: it is answered at once or by a
// packet. WSAPoll needs a new build of Windows to report it, this does not.
BOOST_AUTO_TEST_CASE(a_refused_connect_is_told_with_its_reason_each_time) {
    const Handle socket = world.connecting_refused();
    Request& asked = request({{socket, bits::receive | bits::send | bits::connect_fail}});
    if (!answered_at_once(asked)) {
        BOOST_TEST(packet_of(asked) == 0U);
    }
    BOOST_REQUIRE(asked.head().count == 1U);
    const sys::AfdItem& item = *asked.head().items();
    // Wine 8 calls it readable as well, the first time.
    BOOST_TEST((item.events & ~bits::receive) == bits::connect_fail);
    constexpr std::uint32_t connection_refused = 0xC0000236;
    BOOST_TEST(item.status == connection_refused);
    BOOST_TEST(told_now(socket, bits::connect_fail) == bits::connect_fail);
}

BOOST_AUTO_TEST_CASE(a_socket_closed_here_ends_its_request_with_local_close) {
    const SocketPair other = world.tcp_pair();
    for (const std::uint32_t events : {bits::receive, 0U}) {
        const SocketPair pair = world.tcp_pair();
        Request& asked = in_flight({{other.local, bits::receive}, {pair.local, events}});
        world.close(pair.local);
        BOOST_TEST(packet_of(asked) == 0U);
        BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::local_close}}),
                   per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_socket_closed_as_a_handle_ends_its_request_with_local_close) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    world.close_handle(pair.local);
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::local_close}}),
               per_element());
}

BOOST_AUTO_TEST_CASE(a_socket_that_lives_on_as_a_duplicate_is_told_of_by_its_old_number) {
    const SocketPair pair = world.tcp_pair();
    const Handle duplicate = world.duplicate(pair.local);
    Request& asked = in_flight({{pair.local, bits::receive}});
    world.close(pair.local);
    BOOST_TEST(is_silent());
    put(pair.peer, duplicate, "x");
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::receive}}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()
