// sys::base_socket and sys::next_socket: the socket that a request must name.
#include <boost/test/unit_test.hpp>

#include "sys/afd_device.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_FIXTURE_TEST_SUITE(sys_afd_socket, WorldFixture)

BOOST_AUTO_TEST_CASE(a_plain_socket_is_its_own_base) {
    for (const Handle socket : {world.tcp_socket(), world.udp_socket(), world.listener()}) {
        BOOST_TEST((sys::base_socket(socket).value() == socket));
    }
}

BOOST_AUTO_TEST_CASE(a_plain_socket_is_its_own_next_or_wine_does_not_know) {
    const Handle socket = world.tcp_socket();
    const Result<Handle> next = sys::next_socket(socket);
    // Wine 8 has no such question; if there is no provider below, Windows may say so as well.
    BOOST_TEST((next.has_value() ? *next == socket : next.error().value() == 10045));
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_has_no_base_or_wine_takes_it_for_one) {
    for (const Handle handle : {world.thing(Thing::event), world.never_a_handle()}) {
        const Result<Handle> base = sys::base_socket(handle);
        // Wine 8 returns any number unchanged.
        BOOST_TEST((base.has_value() ? *base == handle : base.error().value() == 10038));
        BOOST_TEST(!sys::next_socket(handle).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
