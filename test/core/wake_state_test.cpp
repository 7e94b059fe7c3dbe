// WakeState, transition by transition, on one thread. wake_protocol_test.cpp and
// wake_threads_test.cpp test it with many threads.
#include "core/wake_state.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "wake_delivery.hpp"

namespace wakepoll::core::test {
namespace {

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(wake_state)

BOOST_AUTO_TEST_CASE(a_new_one_is_open_and_nothing_has_come) {
    WakeState wake;
    BOOST_TEST(!wake.is_closed());
    BOOST_TEST(!wake.is_shut_down());
    BOOST_TEST(!wake.is_watch_armed());
    BOOST_TEST(!wake.consume());
    BOOST_TEST(wake.requests() == 0U);
    BOOST_TEST(wake.park(Park::port));
}

BOOST_AUTO_TEST_CASE(wakes_of_an_owner_who_is_awake_need_no_call_and_coalesce_until_consumed) {
    WakeState wake;
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(is_done(wake.begin_wake()));
    }
    BOOST_TEST(wake.consume());
    BOOST_TEST(!wake.consume());
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(wake.consume());
}

BOOST_DATA_TEST_CASE(a_wake_of_a_parked_owner_is_delivered_where_it_is, data::make(places), place) {
    const Park where = place.where;
    WakeState wake;
    BOOST_TEST(wake.park(where));
    const Delivery delivery = wake.begin_wake();
    BOOST_TEST(delivers(delivery, where));
    wake.finish(delivery, true);
    wake.unpark();
    BOOST_TEST(wake.consume());
    BOOST_TEST(!wake.consume());
}

BOOST_AUTO_TEST_CASE(an_owner_who_parks_elsewhere_is_roused_there) {
    WakeState wake;
    for (const Park where : {Park::sockets, Park::port, Park::sockets}) {
        BOOST_TEST(is_done(wake.begin_wake()));  // It is not parked any more.
        BOOST_TEST(wake.consume());
        BOOST_TEST(wake.park(where));
        const Delivery delivery = wake.begin_wake();
        BOOST_TEST(delivers(delivery, where));
        wake.finish(delivery, true);
        wake.unpark();
        BOOST_TEST(wake.consume());
    }
}

BOOST_DATA_TEST_CASE(nobody_relies_on_a_delivery_that_is_still_under_way, data::make(places),
                     place) {
    const Park where = place.where;
    WakeState wake;
    BOOST_TEST(wake.park(where));
    const Delivery first = wake.begin_wake();
    const Delivery second = wake.begin_wake();
    BOOST_TEST(delivers(first, where));
    BOOST_TEST(delivers(second, where));
    wake.finish(second, true);
    BOOST_TEST(is_done(wake.begin_wake()));  // From here on one may.
    wake.finish(first, false);
    BOOST_TEST(is_done(wake.begin_wake()));  // A failure takes nothing back.
}

BOOST_AUTO_TEST_CASE(after_a_failed_delivery_the_next_wake_tries_again) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    for (int i = 0; i < 5; ++i) {
        const Delivery delivery = wake.begin_wake();
        BOOST_TEST(delivers(delivery, Park::port));
        wake.finish(delivery, false);
    }
    const Delivery delivery = wake.begin_wake();
    BOOST_TEST(delivers(delivery, Park::port));
    wake.finish(delivery, true);
    BOOST_TEST(is_done(wake.begin_wake()));
}

BOOST_AUTO_TEST_CASE(a_wake_whose_delivery_failed_is_seen_by_an_owner_who_looks) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    wake.finish(wake.begin_wake(), false);
    wake.unpark();
    BOOST_TEST(wake.consume());
    BOOST_TEST(!wake.consume());
}

BOOST_AUTO_TEST_CASE(a_slow_success_is_not_taken_for_that_of_a_later_wake) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    const Delivery slow = wake.begin_wake();
    wake.unpark();
    BOOST_TEST(wake.consume());  // It was seen, although its caller is not back yet.
    BOOST_TEST(wake.park(Park::port));
    const Delivery later = wake.begin_wake();
    BOOST_TEST(delivers(later, Park::port));
    wake.finish(slow, true);
    const Delivery last = wake.begin_wake();
    BOOST_TEST(delivers(last, Park::port));  // `later` may fail.
    wake.finish(later, false);
    wake.finish(last, true);
    BOOST_TEST(is_done(wake.begin_wake()));
}

BOOST_AUTO_TEST_CASE(a_ring_for_a_packet_is_not_taken_for_the_delivery_of_a_wake) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::sockets));
    const Delivery ring = wake.begin_port_signal();
    BOOST_TEST(delivers(ring, Park::sockets));
    // The owner has heard it and returns before the ringing thread does.
    wake.unpark();
    BOOST_TEST(!wake.consume());
    BOOST_TEST(wake.park(Park::sockets));
    const Delivery first = wake.begin_wake();
    wake.finish(ring, true);
    wake.finish(first, false);
    BOOST_TEST(delivers(wake.begin_wake(), Park::sockets));
}

BOOST_AUTO_TEST_CASE(a_late_finish_leaves_no_wake_behind) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    const Delivery slow = wake.begin_wake();
    wake.unpark();
    BOOST_TEST(wake.consume());
    wake.finish(slow, true);
    BOOST_TEST(!wake.consume());
    BOOST_TEST(wake.park(Park::port));
}

BOOST_AUTO_TEST_CASE(parking_is_refused_over_a_pending_wake) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(!wake.park(Park::port));
    BOOST_TEST(!wake.park(Park::sockets));
    BOOST_TEST(is_done(wake.begin_wake()));  // A refused owner counts as awake.
    BOOST_TEST(wake.consume());
    BOOST_TEST(wake.park(Park::sockets));
}

BOOST_AUTO_TEST_CASE(parking_is_refused_while_a_delivery_is_under_way) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    const Delivery delivery = wake.begin_wake();
    wake.unpark();
    BOOST_TEST(!wake.park(Park::port));
    wake.finish(delivery, true);
    BOOST_TEST(!wake.park(Park::port));
    BOOST_TEST(wake.consume());
    BOOST_TEST(wake.park(Park::port));
}

BOOST_AUTO_TEST_CASE(a_shutdown_refuses_wakes_and_parking_for_good) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_shutdown()));
    BOOST_TEST(wake.is_shut_down());
    BOOST_TEST(!wake.is_closed());
    BOOST_TEST(is_refused(wake.begin_wake()));
    BOOST_TEST(!wake.park(Park::port));
    BOOST_TEST(!wake.park(Park::sockets));
    BOOST_TEST(!wake.consume());
    BOOST_TEST(is_done(wake.begin_shutdown()));
}

BOOST_DATA_TEST_CASE(a_shutdown_rouses_a_parked_owner_as_often_as_it_is_asked, data::make(places),
                     place) {
    const Park where = place.where;
    WakeState wake;
    BOOST_TEST(wake.park(where));
    for (const bool delivered : {false, true, true}) {
        const Delivery delivery = wake.begin_shutdown();
        BOOST_TEST(delivers(delivery, where));
        wake.finish(delivery, delivered);
        BOOST_TEST(wake.is_shut_down());
    }
    BOOST_TEST(!wake.consume());
}

BOOST_AUTO_TEST_CASE(a_wake_before_the_shutdown_is_still_consumed) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(is_done(wake.begin_shutdown()));
    BOOST_TEST(is_refused(wake.begin_wake()));
    BOOST_TEST(wake.consume());
}

BOOST_AUTO_TEST_CASE(a_port_signal_rings_only_for_an_owner_in_the_sockets) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_port_signal()));
    BOOST_TEST(wake.park(Park::port));
    BOOST_TEST(is_done(wake.begin_port_signal()));
    wake.unpark();
    BOOST_TEST(wake.park(Park::sockets));
    const Delivery failed = wake.begin_port_signal();
    BOOST_TEST(delivers(failed, Park::sockets));
    wake.finish(failed, false);
    const Delivery again = wake.begin_port_signal();
    BOOST_TEST(delivers(again, Park::sockets));
    wake.finish(again, true);
    wake.unpark();
    BOOST_TEST(!wake.consume());  // It is no wake.
}

BOOST_AUTO_TEST_CASE(a_port_signal_says_that_the_watch_is_no_longer_armed) {
    WakeState wake;
    wake.set_watch_armed(true);
    BOOST_TEST(wake.is_watch_armed());
    BOOST_TEST(is_done(wake.begin_port_signal()));
    BOOST_TEST(!wake.is_watch_armed());

    wake.set_watch_armed(true);
    BOOST_TEST(wake.park(Park::sockets));
    BOOST_TEST(wake.is_watch_armed());
    BOOST_TEST(delivers(wake.begin_port_signal(), Park::sockets));
    BOOST_TEST(!wake.is_watch_armed());

    wake.set_watch_armed(true);
    wake.set_watch_armed(false);
    BOOST_TEST(!wake.is_watch_armed());
}

BOOST_AUTO_TEST_CASE(wakes_leave_the_watch_alone) {
    WakeState wake;
    wake.set_watch_armed(true);
    BOOST_TEST(wake.park(Park::sockets));
    wake.finish(wake.begin_wake(), true);
    wake.unpark();
    BOOST_TEST(wake.consume());
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(wake.is_watch_armed());
}

BOOST_AUTO_TEST_CASE(a_close_refuses_every_delivery_even_over_a_pending_wake) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_wake()));
    wake.close();
    BOOST_TEST(wake.is_closed());
    BOOST_TEST(wake.is_shut_down());
    BOOST_TEST(is_refused(wake.begin_wake()));
    BOOST_TEST(is_refused(wake.begin_shutdown()));
    BOOST_TEST(is_refused(wake.begin_port_signal()));
    BOOST_TEST(wake.consume());
    BOOST_TEST(!wake.park(Park::port));
    wake.wait_for_deliveries();
}

BOOST_AUTO_TEST_CASE(what_began_before_the_close_can_finish_after_it) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::sockets));
    std::array<Delivery, 3> deliveries = {wake.begin_wake(), wake.begin_port_signal(),
                                          wake.begin_shutdown()};
    wake.close();
    bool delivered = false;
    for (const Delivery& delivery : deliveries) {
        BOOST_TEST(delivers(delivery, Park::sockets));
        wake.finish(delivery, delivered);
        delivered = !delivered;
    }
    wake.wait_for_deliveries();  // Would hang if one were still counted.
    BOOST_TEST(is_refused(wake.begin_wake()));
}

BOOST_AUTO_TEST_CASE(deliveries_are_counted_up_to_255_and_down_again) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    std::array<Delivery, 255> deliveries;
    for (Delivery& delivery : deliveries) {
        delivery = wake.begin_wake();
        BOOST_TEST_REQUIRE(delivers(delivery, Park::port));
        BOOST_TEST_REQUIRE(delivery.generation == deliveries[0].generation);
    }
    for (const Delivery& delivery : deliveries) {
        wake.finish(delivery, false);
    }
    wake.wait_for_deliveries();
    BOOST_TEST(delivers(wake.begin_wake(), Park::port));
    BOOST_TEST(wake.requests() == 256U);
}

BOOST_AUTO_TEST_CASE(every_request_is_counted_whatever_becomes_of_it) {
    WakeState wake;
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(is_done(wake.begin_wake()));
    BOOST_TEST(wake.consume());
    BOOST_TEST(wake.park(Park::port));
    wake.finish(wake.begin_wake(), false);
    BOOST_TEST(is_done(wake.begin_shutdown()) == false);
    BOOST_TEST(is_refused(wake.begin_wake()));
    BOOST_TEST(wake.requests() == 4U);
}

BOOST_AUTO_TEST_CASE(generations_wrap_without_touching_anything_else) {
    WakeState wake;
    wake.set_watch_armed(true);
    constexpr std::uint32_t wakes = 3 * 0x10000 + 5;
    for (std::uint32_t i = 1; i <= wakes; ++i) {
        BOOST_REQUIRE(wake.park(Park::sockets));
        const Delivery delivery = wake.begin_wake();
        BOOST_REQUIRE(delivers(delivery, Park::sockets));
        BOOST_REQUIRE(delivery.generation == static_cast<std::uint16_t>(i - 1));
        wake.finish(delivery, true);
        wake.unpark();
        BOOST_REQUIRE(wake.consume());
        BOOST_REQUIRE(wake.requests() == i);
    }
    BOOST_TEST(wake.is_watch_armed());
    BOOST_TEST(!wake.is_shut_down());
    wake.wait_for_deliveries();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
