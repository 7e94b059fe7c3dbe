// WakeState's signals, transition by transition, on one thread: how the owner learns that a handle
// or the timer was signalled. See wake_state_test.cpp for wakes.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/wake_state.hpp"
#include "wake_delivery.hpp"

namespace wakepoll::core::test {
namespace {

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(wake_signal)

BOOST_AUTO_TEST_CASE(none_has_come_to_a_new_one) {
    WakeState wake;
    BOOST_TEST(!wake.consume_signal());
    BOOST_TEST(wake.park(Park::port));
}

BOOST_DATA_TEST_CASE(a_signal_keeps_an_awake_owner_from_parking_until_consumed, data::make(places),
                     place) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_signal()));
    BOOST_TEST(is_done(wake.begin_signal()));
    BOOST_TEST(!wake.park(place.where));
    BOOST_TEST(!wake.park(place.where));  // Trying does not consume it.
    BOOST_TEST(wake.consume_signal());
    BOOST_TEST(!wake.consume_signal());
    BOOST_TEST(wake.park(place.where));
    wake.wait_for_deliveries();  // Would hang if a signal that needed no call were counted.
}

BOOST_DATA_TEST_CASE(a_signal_of_a_parked_owner_is_delivered_where_it_is, data::make(places),
                     place) {
    WakeState wake;
    BOOST_TEST(wake.park(place.where));
    const Delivery first = wake.begin_signal();
    BOOST_TEST(delivers(first, place.where));
    BOOST_TEST(!first.carries_wake);
    // Not coalesced: the first delivery may fail yet.
    const Delivery second = wake.begin_signal();
    BOOST_TEST(delivers(second, place.where));
    wake.finish(first, false);
    wake.finish(second, true);
    wake.unpark();
    BOOST_TEST(wake.consume_signal());
    BOOST_TEST(!wake.consume_signal());
}

BOOST_DATA_TEST_CASE(an_owner_who_unparked_meanwhile_finds_the_signal, data::make(places), place) {
    // Its wait was over just before the ring: the signal must not depend on the ring's being heard.
    for (const bool delivered : {true, false}) {
        WakeState wake;
        BOOST_TEST(wake.park(place.where));
        const Delivery delivery = wake.begin_signal();
        wake.unpark();
        BOOST_TEST(!wake.park(place.where));
        BOOST_TEST(wake.consume_signal());
        BOOST_TEST(wake.park(place.where));
        wake.finish(delivery, delivered);
        wake.unpark();
        BOOST_TEST(!wake.consume_signal());
    }
}

BOOST_AUTO_TEST_CASE(a_signal_is_no_wake_and_a_wake_no_signal) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_signal()));
    BOOST_TEST(!wake.consume());
    BOOST_TEST(wake.requests() == 0U);
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(wake.consume_signal());
    BOOST_TEST(!wake.park(Park::port));
    BOOST_TEST(wake.consume());
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(!wake.consume_signal());
    BOOST_TEST(wake.consume());
    BOOST_TEST(wake.requests() == 2U);
}

BOOST_AUTO_TEST_CASE(the_ring_of_a_signal_is_not_taken_for_a_wakes) {
    // A wake is being delivered; the signal's ring may have been heard before the wake began.
    WakeState wake;
    BOOST_TEST(wake.park(Park::sockets));
    const Delivery signal = wake.begin_signal();
    const Delivery begun = wake.begin_wake();
    BOOST_TEST(delivers(begun, Park::sockets));
    wake.finish(signal, true);
    BOOST_TEST(delivers(wake.begin_wake(), Park::sockets));  // Not done yet.
}

BOOST_AUTO_TEST_CASE(the_watch_of_the_port_is_left_alone) {
    WakeState wake;
    wake.set_watch_armed(true);
    BOOST_TEST(is_done(wake.begin_signal()));
    BOOST_TEST(wake.consume_signal());
    BOOST_TEST(wake.is_watch_armed());
    BOOST_TEST(wake.park(Park::sockets));
    wake.finish(wake.begin_signal(), true);
    wake.unpark();
    BOOST_TEST(wake.is_watch_armed());
    BOOST_TEST(is_done(wake.begin_port_signal()));
    BOOST_TEST(wake.consume_signal());
    BOOST_TEST(!wake.is_watch_armed());
}

BOOST_AUTO_TEST_CASE(a_signal_after_the_shutdown_still_rouses_and_after_the_end_is_refused) {
    // Disposal waits for deliveries in progress, so it may come until then.
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_shutdown()));
    BOOST_TEST(is_done(wake.begin_signal()));
    BOOST_TEST(wake.is_shut_down());
    wake.close();
    BOOST_TEST(is_refused(wake.begin_signal()));
    BOOST_TEST(wake.is_closed());
}

BOOST_AUTO_TEST_CASE(two_hundred_and_fifty_five_can_be_under_way) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    std::array<Delivery, 255> deliveries;
    for (Delivery& delivery : deliveries) {
        delivery = wake.begin_signal();
        BOOST_REQUIRE(delivers(delivery, Park::port));
    }
    for (const Delivery& delivery : deliveries) {
        wake.finish(delivery, true);
    }
    wake.wait_for_deliveries();
    wake.unpark();
    BOOST_TEST(!wake.consume());
    BOOST_TEST(wake.consume_signal());
    BOOST_TEST(wake.park(Park::port));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
