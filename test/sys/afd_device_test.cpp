// sys::AfdDevice: how a request is answered, and what ends one.
//
// afd_situation_test.cpp tests what a request reports in each situation of a socket.
#include "sys/afd_device.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "afd_requests.hpp"
#include "support/win32_objects.hpp"
#include "sys/system.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace bits = sys::afd_bits;
namespace data = boost::unit_test::data;
using boost::test_tools::per_element;

BOOST_FIXTURE_TEST_SUITE(sys_afd_device, AfdFixture)

BOOST_AUTO_TEST_CASE(a_device_can_be_moved_and_closed) {
    sys::AfdDevice first = sys::AfdDevice::open().value();
    BOOST_TEST(first.is_open());
    sys::AfdDevice second = std::move(first);
    BOOST_TEST(second.is_open());
    second.close();
    BOOST_TEST(!second.is_open());
    second.close();  // Which does nothing.
    BOOST_TEST(!sys::AfdDevice().is_open());
}

BOOST_AUTO_TEST_CASE(a_device_belongs_to_one_port_for_its_life) {
    const sys::CompletionPort other = sys::CompletionPort::create().value();
    BOOST_TEST(other.associate(device.handle(), key).value() == 87);
}

BOOST_AUTO_TEST_CASE(what_is_ready_is_answered_at_once_without_a_packet) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = request({{pair.local, bits::send}});
    BOOST_TEST(answered_at_once(asked));
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::send}}), per_element());
    BOOST_TEST(asked.status.status == 0U);
    BOOST_TEST(asked.status.information == 32U);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(an_answer_at_once_posts_all_the_same_where_packets_are_not_skipped) {
    const sys::AfdDevice plain = sys::AfdDevice::open().value();
    BOOST_REQUIRE(!port.associate(plain.handle(), key));
    const SocketPair pair = world.tcp_pair();
    Request& asked = request({{pair.local, bits::send}});
    BOOST_TEST(plain.poll(asked.head(), asked.status).value());
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(what_is_not_ready_is_answered_by_one_packet) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    BOOST_TEST(is_silent());
    put(pair.peer, "x");
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::receive}}), per_element());
    // It has ended: nothing is reported again, though the byte is still there.
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_request_can_be_made_again_in_the_same_memory) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    put(pair.peer, "x");
    BOOST_TEST(packet_of(asked) == 0U);
    // The answer to one socket that was ready for all that was asked is the question again.
    BOOST_TEST(answered_at_once(asked));
    BOOST_TEST(taken(pair.local) == "x");
    BOOST_TEST(!answered_at_once(asked));
    put(pair.peer, "y");
    BOOST_TEST(packet_of(asked) == 0U);
}

BOOST_AUTO_TEST_CASE(the_ready_ones_are_told_in_the_order_of_the_request) {
    const SocketPair a = world.tcp_pair();
    const SocketPair b = world.tcp_pair();
    const SocketPair c = world.tcp_pair();
    const SocketPair d = world.tcp_pair();
    make_readable(b);
    make_readable(d);
    Request& asked = request({{d.local, bits::receive},
                              {a.local, bits::receive},
                              {c.local, bits::send},
                              {b.local, bits::receive | bits::send}});
    BOOST_TEST(answered_at_once(asked));
    const std::vector<Polled> expected = {
        {d.local, bits::receive}, {c.local, bits::send}, {b.local, bits::receive | bits::send}};
    BOOST_TEST(asked.told() == expected, per_element());
    BOOST_TEST(asked.status.information == 16U + 3U * 16U);
    BOOST_TEST(asked.head().timeout == sys::AfdRequest::forever);
}

BOOST_AUTO_TEST_CASE(a_request_in_flight_tells_of_the_one_that_ended_it) {
    const SocketPair a = world.tcp_pair();
    const SocketPair b = world.tcp_pair();
    const SocketPair c = world.tcp_pair();
    Request& asked =
        in_flight({{a.local, bits::receive}, {b.local, bits::receive}, {c.local, bits::receive}});
    // Both have come before the packet is taken, but the first of them was the end of it.
    make_readable(c);
    make_readable(a);
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{c.local, bits::receive}}), per_element());
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(without_time_a_request_is_answered_at_once_though_nothing_is_ready) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = request({{pair.local, bits::receive}}, 0);
    BOOST_TEST(answered_at_once(asked));
    BOOST_TEST(asked.head().count == 0U);
    BOOST_TEST(asked.status.status == 0U);
    BOOST_TEST(is_silent());
    make_readable(pair);
    BOOST_TEST(told_now(pair.local, bits::receive) == bits::receive);
}

BOOST_AUTO_TEST_CASE(a_request_whose_time_is_over_tells_of_nothing) {
    const SocketPair pair = world.tcp_pair();
    constexpr std::int64_t one_millisecond = -10'000;  // Negative: from now, in 100 ns.
    Request& asked = request({{pair.local, bits::receive}}, one_millisecond);
    BOOST_TEST(!answered_at_once(asked));
    constexpr std::uint32_t timed_out = 0x102;
    BOOST_TEST(packet_of(asked) == timed_out);
    BOOST_TEST(asked.head().count == 0U);
}

BOOST_AUTO_TEST_CASE(a_request_of_no_sockets_is_an_invalid_argument) {
    Request& asked = request({});
    BOOST_TEST(poll(asked).error().value() == 87);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(one_that_is_no_socket_fails_the_whole_request) {
    const SocketPair pair = world.tcp_pair();
    const SocketPair closed = world.tcp_pair();
    world.close(closed.local);
    const Handle strangers[] = {world.never_a_handle(), closed.local, world.thing(Thing::event),
                                world.thing(Thing::named_pipe)};
    for (const Handle stranger : strangers) {
        for (const bool first : {true, false}) {
            const Polled good{pair.local, bits::send};
            const Polled bad{stranger, bits::receive};
            Request& asked = request({first ? bad : good, first ? good : bad});
            BOOST_TEST(poll(asked).error().value() == 6);
            BOOST_TEST(asked.head().count == 2U);  // It was left as it was.
            BOOST_TEST(is_silent());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_device_that_is_closed_is_refused) {
    const SocketPair pair = world.tcp_pair();
    device.close();
    Request& asked = request({{pair.local, bits::send}});
    BOOST_TEST(poll(asked).error().value() == 6);
}

BOOST_AUTO_TEST_CASE(a_device_that_is_closed_ends_its_requests) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    device.close();
    constexpr std::uint32_t handles_closed = 0x8000000A;  // Wine 8's word for it.
    const std::uint32_t status = packet_of(asked);
    BOOST_TEST((status == handles_closed || status == cancelled_status), status);
    // The socket is as good as before.
    device = tied_device();
    make_readable(pair);
    BOOST_TEST(told_now(pair.local, bits::receive) == bits::receive);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_request_that_is_cancelled_ends_with_a_packet) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    BOOST_TEST(!device.cancel(asked.status));
    // On Wine 8 it is queued when cancel returns. Windows promises only that it comes.
    BOOST_TEST(packet_of(asked) == cancelled_status);
    BOOST_TEST(device.cancel(asked.status).value() == 1168);
    BOOST_TEST(is_silent());
    // The socket is as good as before.
    make_readable(pair);
    BOOST_TEST(told_now(pair.local, bits::receive) == bits::receive);
}

BOOST_AUTO_TEST_CASE(a_request_answered_at_once_is_not_found_by_cancel) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = request({{pair.local, bits::send}});
    BOOST_TEST(answered_at_once(asked));
    BOOST_TEST(device.cancel(asked.status).value() == 1168);
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_request_whose_packet_is_queued_is_not_found_by_cancel) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    make_readable(pair);
    BOOST_TEST(device.cancel(asked.status).value() == 1168);
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::receive}}), per_element());
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(cancel_ends_the_one_request_it_is_asked_to) {
    const SocketPair pair = world.tcp_pair();
    Request& first = in_flight({{pair.local, bits::receive}});
    Request& second = in_flight({{pair.local, bits::receive}});
    BOOST_TEST(!device.cancel(second.status));
    BOOST_TEST(packet_of(second) == cancelled_status);
    put(pair.peer, "x");
    BOOST_TEST(packet_of(first) == 0U);
}

BOOST_AUTO_TEST_CASE(a_request_is_cancelled_on_its_own_device_only) {
    const sys::AfdDevice other = tied_device();
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    BOOST_TEST(other.cancel(asked.status).value() == 1168);
    BOOST_TEST(is_silent());
    BOOST_TEST(!device.cancel(asked.status));
    BOOST_TEST(packet_of(asked) == cancelled_status);
}

BOOST_AUTO_TEST_CASE(one_socket_in_two_requests_ends_both) {
    const SocketPair a = world.tcp_pair();
    const SocketPair b = world.tcp_pair();
    const sys::AfdDevice other = tied_device();
    Request& alone = in_flight({{a.local, bits::receive}});
    Request& group = request({{b.local, bits::receive}, {a.local, bits::receive}});
    BOOST_REQUIRE(!other.poll(group.head(), group.status).value());
    // A third, answered at once, disturbs neither.
    BOOST_TEST(told_now(a.local, bits::send) == bits::send);
    BOOST_TEST(is_silent());
    put(a.peer, "x");
    std::size_t ended = 0;
    while (ended < 2) {
        std::array<sys::Packet, 2> packets;
        const std::size_t came = port.dequeue(packets, patience_milliseconds).value();
        BOOST_REQUIRE(came != 0U);
        ended += came;
    }
    BOOST_TEST(alone.told() == (std::vector<Polled>{{a.local, bits::receive}}), per_element());
    BOOST_TEST(group.told() == (std::vector<Polled>{{a.local, bits::receive}}), per_element());
    BOOST_TEST(is_silent());
}

BOOST_AUTO_TEST_CASE(a_request_is_answered_while_its_thread_only_looks) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = in_flight({{pair.local, bits::receive}});
    const auto limit = sys::now() + std::chrono::milliseconds(patience_milliseconds);
    std::thread beside([&] { world.send(pair.peer, 1); });
    std::array<sys::Packet, 2> packets;
    std::size_t came = 0;
    while (came == 0 && sys::now() < limit) {
        came = port.dequeue(packets, 0).value();
    }
    beside.join();
    BOOST_REQUIRE(came == 1U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::receive}}), per_element());
}

BOOST_AUTO_TEST_CASE(a_request_outlives_the_thread_that_made_it) {
    const SocketPair pair = world.tcp_pair();
    Request& asked = request({{pair.local, bits::receive}});
    bool at_once = true;
    std::thread([&] { at_once = answered_at_once(asked); }).join();
    BOOST_REQUIRE(!at_once);
    BOOST_TEST(is_silent());
    put(pair.peer, "x");
    BOOST_TEST(packet_of(asked) == 0U);
    BOOST_TEST(asked.told() == (std::vector<Polled>{{pair.local, bits::receive}}), per_element());
}

BOOST_DATA_TEST_CASE(one_request_takes_thousands_of_sockets, data::make({1000U, 5000U}), count) {
    std::vector<Handle> sockets(count);
    for (Handle& socket : sockets) {
        socket = world.udp_socket();
        bind_to_free_port(socket.value());
    }
    const Handle sender = world.udp_socket();
    const auto send_to = [&](Handle socket) {
        const sockaddr_in address = loopback(port_of(socket.value()));
        BOOST_REQUIRE(::sendto(sender.value(), "x", 1, 0,
                               reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 1);
        BOOST_REQUIRE(becomes_ready(socket, sys::poll_bits::rdnorm));
    };
    std::vector<Polled> asked;
    asked.reserve(sockets.size());
    for (const Handle socket : sockets) {
        asked.push_back({socket, bits::receive});
    }

    Request& pending = request(asked);
    BOOST_REQUIRE(!answered_at_once(pending));
    send_to(sockets[count / 2]);
    BOOST_TEST(packet_of(pending) == 0U);
    std::vector<Polled> expected = {asked[count / 2]};
    BOOST_TEST(pending.told() == expected, per_element());

    send_to(sockets.back());
    send_to(sockets.front());
    expected = {asked.front(), asked[count / 2], asked.back()};
    BOOST_TEST(told_now(asked) == expected, per_element());

    for (Polled& polled : asked) {
        polled.events = bits::send;
    }
    BOOST_TEST(told_now(asked) == asked, per_element());
}

BOOST_AUTO_TEST_SUITE_END()
