// P1 and P2: no wake is lost, and wakes that find one pending are one.
//
// "In every state" means: blocked at the port (no socket), blocked in WSAPoll or at the port by AFD
// (a socket), and the same with packets that may come (a socket and an associated handle).
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "parking.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(wake)

BOOST_DATA_TEST_CASE(wake_before_wait_is_not_lost, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_TEST(poller.post_wakeup());
        const auto waited = wait(poller);
        BOOST_TEST(waited.result.woken);
        BOOST_TEST(waited.count() == 0U);
        BOOST_TEST(!waited.result.error);
    });
}

BOOST_DATA_TEST_CASE(wake_during_wait_ends_it, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Waker waker = poller.waker();
        for (int round = 0; round < 5; ++round) {
            stage.world.beside([&] { stage.expect(waker.wake()); });
            const auto waited = wait(poller, wait_forever);
            BOOST_TEST(waited.result.woken);
            BOOST_TEST(waited.count() == 0U);
        }
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(a_wake_is_reported_once, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        BOOST_TEST(wait(poller).result.woken);
        stage.world.join();
        // A packet or a ring that is still under way must not make a second report of it.
        for (int again = 0; again < 3; ++again) {
            const auto waited = wait(poller, 2ms);
            BOOST_TEST(!waited.result.woken);
            BOOST_TEST(waited.count() == 0U);
            BOOST_TEST(!waited.result.error);
        }
    });
}

BOOST_DATA_TEST_CASE(many_wakes_before_a_wait_are_one, data::make(all_parkings), parking) {
    on_every_kernel(10, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        for (int i = 0; i < 1000; ++i) {
            BOOST_TEST(poller.post_wakeup());
        }
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(!wait(poller, 0ms).result.woken);
        const PollerStats stats = poller.stats();
        BOOST_TEST(stats.wakes_requested == 1000U);
        BOOST_TEST(stats.wakes_reported == 1U);
        BOOST_TEST(stats.wakes_coalesced() == 999U);
    });
}

BOOST_DATA_TEST_CASE(several_wakers_at_once_lose_nothing, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Waker waker = poller.waker();
        std::atomic<int> posted = 0;
        constexpr int wakers = 4;
        for (int i = 0; i < wakers; ++i) {
            stage.world.beside([&] {
                ++posted;
                stage.expect(waker.wake());
            });
        }
        // What a waker counted before its wake is visible once that wake is reported.
        while (posted < wakers) {
            const auto waited = wait(poller, patience);
            BOOST_REQUIRE(waited.result.woken);
        }
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(wake_and_events_come_together) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 7));
        BOOST_TEST(poller.post_wakeup());
        const auto waited = wait(poller);
        BOOST_TEST(waited.result.woken);
        BOOST_TEST(waited.mask_of(7) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(wake_comes_through_a_full_span) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair one = stage.world.udp_pair();
        BOOST_TEST(poller.register_handle(one.local, IoInterest::write, 1));
        BOOST_TEST(poller.register_handle(one.peer, IoInterest::write, 2));
        BOOST_TEST(poller.post_wakeup());
        const auto waited = wait<1>(poller);
        BOOST_TEST(waited.count() == 1U);
        BOOST_TEST(waited.result.woken);
    });
}

BOOST_AUTO_TEST_CASE(a_default_waker_refuses) {
    const Waker waker;
    BOOST_TEST(!waker.wake());
    BOOST_TEST(!waker.shutdown());
}

BOOST_AUTO_TEST_CASE(wakers_are_copied_moved_and_assigned) {
    on_every_kernel(1, [](Stage&) {
        OsPoller poller = make_poller();
        Waker first = poller.waker();
        Waker copy = first;
        Waker moved = std::move(first);
        BOOST_TEST(copy.wake());
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(moved.wake());
        BOOST_TEST(wait(poller).result.woken);
        copy = Waker{};
        BOOST_TEST(!copy.wake());
        copy = moved;
        moved = Waker{};
        BOOST_TEST(copy.wake());
        BOOST_TEST(wait(poller).result.woken);
    });
}

BOOST_AUTO_TEST_SUITE_END()
