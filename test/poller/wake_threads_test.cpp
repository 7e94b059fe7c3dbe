// P1 with real threads: four of them post 250,000 wakes each against a loop that parks between
// them.
//
// Natively this runs on the simulated kernel's threaded mode, under ThreadSanitizer too; under Wine
// on Windows' own calls.
#include <array>
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <thread>
#include <vector>

#include "parking.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

constexpr std::uint64_t wakers = 4;
constexpr std::uint64_t wakes_each = sanitized ? 40'000 : 250'000;
constexpr std::uint64_t wakes_between_pauses = 20;

}  // namespace

BOOST_AUTO_TEST_SUITE(wake_threads)

BOOST_DATA_TEST_CASE(a_million_wakes_none_lost, data::make(all_places()), place) {
    ThreadedStage stage(place.backend);
    OsPoller poller = make_poller();
    const Parked parked(stage.world, poller, place.parking);
    std::array<std::atomic<std::uint64_t>, wakers> posted{};
    std::atomic<std::uint64_t> refused = 0;
    std::vector<std::jthread> threads;
    for (std::atomic<std::uint64_t>& mine : posted) {
        threads.emplace_back([&mine, &refused, waker = poller.waker()] {
            for (std::uint64_t i = 0; i < wakes_each; ++i) {
                // Relaxed: it is the wake that must make the count visible to the loop.
                mine.store(i + 1, std::memory_order_relaxed);
                if (!waker.wake()) {
                    ++refused;
                }
                if (i % wakes_between_pauses == 0) {
                    std::this_thread::yield();  // So that the loop gets to park in between.
                }
            }
        });
    }
    std::uint64_t seen = 0;
    while (seen < wakers * wakes_each) {
        const auto waited = wait(poller, patience);
        BOOST_REQUIRE_MESSAGE(waited.result.woken,
                              "a wake was lost: " << seen << " seen and nothing more came");
        seen = 0;
        for (const std::atomic<std::uint64_t>& one : posted) {
            seen += one.load(std::memory_order_relaxed);
        }
    }
    threads.clear();
    BOOST_TEST(refused == 0U);
    const PollerStats stats = poller.stats();
    BOOST_TEST(stats.wakes_requested == wakers * wakes_each);
    BOOST_TEST(stats.wakes_reported <= stats.wakes_requested);
    BOOST_TEST_MESSAGE("parked by " << place << ": " << stats.wakes_reported << " reported, "
                                    << stats.wakes_coalesced() << " coalesced, " << stats.blocked
                                    << " blocks");
}

BOOST_DATA_TEST_CASE(ping_pong_parks_every_time, data::make(all_places()), place) {
    // One wake a round, posted only once the last was reported: the loop parks in most rounds.
    ThreadedStage stage(place.backend);
    OsPoller poller = make_poller();
    const Parked parked(stage.world, poller, place.parking);
    constexpr int rounds = 2000;
    std::atomic<int> reported = 0;
    std::atomic<bool> given_up = false;
    std::jthread pinger([&, waker = poller.waker()] {
        for (int round = 0; round < rounds; ++round) {
            while (reported < round && !given_up) {
                std::this_thread::yield();
            }
            stage.expect(waker.wake());
        }
    });
    for (int round = 0; round < rounds; ++round) {
        const auto waited = wait(poller, patience);
        given_up = !waited.result.woken;
        BOOST_REQUIRE_MESSAGE(waited.result.woken, "the wake of round " << round << " was lost");
        reported = round + 1;
    }
}

BOOST_DATA_TEST_CASE(dispose_from_another_thread_ends_the_wait, data::make(all_places()), place) {
    for (int round = 0; round < 50; ++round) {
        ThreadedStage stage(place.backend);
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, place.parking);
        std::jthread disposer([&] { poller.dispose(); });
        std::error_code ended;
        for (int waits = 0; !ended && waits < 1000; ++waits) {
            ended = wait(poller, patience).result.error;
        }
        BOOST_TEST(ended == std::errc::operation_canceled);
        disposer.join();
        BOOST_TEST(!poller.is_valid());
    }
}

BOOST_DATA_TEST_CASE(wakers_storm_through_dispose, data::make(wanted_backends()), backend) {
    for (int round = 0; round < 50; ++round) {
        ThreadedStage stage(backend);
        std::vector<std::jthread> threads;
        {
            OsPoller poller = make_poller();
            const Parked parked(stage.world, poller, Parking::socket);
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([waker = poller.waker()] {
                    while (waker.wake()) {
                    }
                });
            }
            for (int waits = 0; waits < 20; ++waits) {
                BOOST_TEST(!wait(poller, patience).result.error);
            }
        }
        threads.clear();
    }
}

BOOST_DATA_TEST_CASE(a_second_wait_is_refused_and_other_calls_are_not,
                     data::make(wanted_backends()), backend) {
    ThreadedStage stage(backend);
    OsPoller poller = make_poller();
    const SocketPair pair = stage.world.tcp_pair();
    BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
    std::jthread waiting([&] {
        // It may itself be refused, while the wait below is in the poller.
        WaitResult result;
        do {
            result = wait(poller, patience).result;
        } while (result.error == std::errc::device_or_resource_busy);
        stage.expect(result.woken);
    });
    // Until the other thread waits, this one may.
    std::error_code refused;
    while (!refused) {
        refused = wait(poller, 0ms).result.error;
        std::this_thread::yield();
    }
    BOOST_TEST(refused == errc::another_wait);
    BOOST_TEST(poller.modify_handle(pair.local, IoInterest::priority, 2));
    BOOST_TEST(poller.register_handle(pair.peer, IoInterest::read, 3));
    BOOST_TEST(poller.registration_count() == 2U);
    BOOST_TEST(poller.unregister_handle(pair.peer));
    BOOST_TEST(poller.stats().waits >= 1U);
    BOOST_TEST(poller.post_wakeup());
    waiting.join();
    BOOST_TEST(poller.registration_count() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
