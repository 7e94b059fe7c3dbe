// Operations and the wait: a completion ends it wherever it is parked (P3), each of many sources
// gets its turn (P6), and what is done at once never makes it block.
#include <set>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "operation_support.hpp"
#include "parking.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(operations_wait)

BOOST_DATA_TEST_CASE(a_completion_ends_a_wait_wherever_it_is_parked,
                     data::make(all_parkings) * data::make(all_carriers), parking, carrier) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Ends pair = ends(stage.world, carrier);
        for (std::uint64_t round = 0; round < 3; ++round) {
            std::array<std::byte, 4> buffer{};
            (void)started(poller.submit_read(pair.local, buffer, round));
            stage.world.beside([&] { stage.world.put(pair.peer, bytes_of("data")); });
            const auto waited = wait(poller, wait_forever);
            BOOST_REQUIRE(waited.count() == 1U);
            BOOST_TEST(waited.events[0].data.u64 == round);
            BOOST_TEST(waited.events[0].completion->bytes == 4U);
            stage.world.join();
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_completion_ends_a_wait_in_500_sockets) {
    on_every_kernel(2, [](Stage& stage) {
        OsPoller poller = make_poller();
        for (std::uint64_t i = 0; i < 500; ++i) {
            // Never readable: nothing is sent to them.
            BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::read, i));
        }
        const Ends pair = ends(stage.world, Carrier::tcp);
        for (std::uint64_t round = 0; round < 3; ++round) {
            std::array<std::byte, 4> buffer{};
            (void)started(poller.submit_read(pair.local, buffer, 1000 + round));
            stage.world.beside([&] { stage.world.put(pair.peer, bytes_of("data")); });
            const auto waited = wait(poller, wait_forever);
            BOOST_REQUIRE(waited.count() == 1U);
            BOOST_TEST(waited.events[0].data.u64 == 1000 + round);
            stage.world.join();
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(a_wake_and_a_completion_are_both_told, data::make(all_parkings), parking) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        stage.world.beside([&] { stage.world.put(pair.peer, bytes_of("data")); });
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        bool woken = false;
        std::size_t completed = 0;
        while (!woken || completed == 0) {
            const auto waited = wait(poller, wait_forever);
            BOOST_REQUIRE(!waited.result.error);
            woken = woken || waited.result.woken;
            completed += waited.count();
        }
        BOOST_TEST(completed == 1U);
        stage.world.join();
        check_that_nothing_is_left(poller);
    });
}

BOOST_DATA_TEST_CASE(what_is_done_at_once_is_reported_by_a_wait_that_may_not_block,
                     data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Ends pair = ends(stage.world, Carrier::tcp);
        for (std::uint64_t round = 0; round < 5; ++round) {
            const std::uint64_t before = poller.stats().operations_at_once;
            (void)started(poller.submit_write(pair.local, bytes_of("x"), round));
            if (poller.stats().operations_at_once > before) {
                const auto waited = wait(poller, 0ms);
                BOOST_REQUIRE(waited.count() == 1U);
                BOOST_TEST(waited.events[0].data.u64 == round);
            } else {
                BOOST_TEST(report(poller).data == round);
            }
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_finite_wait_with_operations_in_flight_never_ends_early) {
    on_every_kernel(200, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        const Clock::time_point before = Clock::now();
        BOOST_TEST(wait(poller, 20ms).count() == 0U);
        BOOST_TEST((Clock::now() - before >= 20ms));
        poller.dispose();
    });
}

BOOST_AUTO_TEST_CASE(every_source_has_its_turn) {
    // Sockets and events that stay ready, operations that are done at once, packets: within
    // ceil(k/m) waits each of them is reported, whatever the room.
    on_every_kernel(10, [](Stage& stage) {
        for (const std::size_t room : {1U, 2U, 3U, 7U, 16U, 64U}) {
            OsPoller poller = make_poller();
            constexpr std::size_t sockets = 5;
            constexpr std::size_t events = 3;
            constexpr std::size_t writes = 6;
            constexpr std::size_t reads = 4;
            for (std::uint64_t i = 0; i < sockets; ++i) {
                BOOST_REQUIRE(
                    poller.register_handle(stage.world.udp_socket(), IoInterest::write, i));
            }
            for (std::uint64_t i = 0; i < events; ++i) {
                const Handle event = stage.world.thing(Thing::event);
                stage.world.signal(event);
                BOOST_REQUIRE(poller.register_handle(event, IoInterest::read, 100 + i));
            }
            const Ends stream = ends(stage.world, Carrier::tcp);
            const Ends pipe = ends(stage.world, Carrier::message_pipe);
            std::array<std::array<std::byte, 4>, reads> buffers{};
            for (int burst = 0; burst < 4; ++burst) {
                for (std::uint64_t i = 0; i < writes; ++i) {
                    (void)started(poller.submit_write(stream.local, bytes_of("x"), 200 + i));
                }
                for (std::uint64_t i = 0; i < reads; ++i) {
                    put_text(stage.world, pipe.peer, "data");
                    (void)started(poller.submit_read(pipe.local, buffers[i], 300 + i));
                }
#if !defined(_WIN32)
                for (std::size_t i = 0; i < writes + reads; ++i) {
                    stage.kernel.advance(1ms);  // One after the other; all is done by now.
                }
#endif
                std::multiset<std::uint64_t> seen;
                const std::size_t all = sockets + events + writes + reads;
                std::vector<NativeEvent> out(room);
                for (std::size_t waits = 0; waits < (all + room - 1) / room; ++waits) {
                    const WaitResult result = poller.wait(out, patience);
                    BOOST_REQUIRE(!result.error);
                    for (std::size_t i = 0; i < result.count; ++i) {
                        seen.insert(out[i].data.u64);
                    }
                }
                BOOST_TEST_CONTEXT("room " << room << ", burst " << burst) {
                    BOOST_TEST(std::set(seen.begin(), seen.end()).size() == all);
                    for (std::uint64_t i = 200; i < 200 + writes; ++i) {
                        BOOST_TEST(seen.count(i) == 1U);
                    }
                    for (std::uint64_t i = 300; i < 300 + reads; ++i) {
                        BOOST_TEST(seen.count(i) == 1U);
                    }
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(endless_operations_at_once_starve_neither_sockets_nor_packets) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, 1));
        const Ends stream = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 1000> drained;
        int socket_reports = 0;
        int packets = 0;
        for (int waits = 0; waits < 200; ++waits) {
            if (waits % 20 == 0) {
                stage.world.post_packet(poller.handle(), 2, 0, nullptr);
            }
            for (int i = 0; i < 2; ++i) {
                // The pool is full from time to time: then nothing is started.
                (void)poller.submit_write(stream.local, bytes_of("x"), 3);
            }
            const auto waited = wait<2>(poller);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                socket_reports += waited.events[i].data.u64 == 1 ? 1 : 0;
                packets += waited.events[i].data.u64 == 2 ? 1 : 0;
            }
            (void)stage.world.take(stream.peer, drained);
        }
        // A round is at most 64 operations and 64 packets long, two of them a wait.
        BOOST_TEST(socket_reports >= 2);
        BOOST_TEST(packets >= 2);
    });
}

BOOST_AUTO_TEST_CASE(more_completions_than_one_wait_can_tell) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller({.max_overlapped_entries = 200});
        const Ends stream = ends(stage.world, Carrier::tcp);
        for (std::uint64_t i = 0; i < 200; ++i) {
            (void)started(poller.submit_write(stream.local, bytes_of("x"), i));
        }
        std::set<std::uint64_t> seen;
        while (seen.size() < 200) {
            const auto waited = wait<150>(poller);
            BOOST_REQUIRE(waited.count() > 0U);
            BOOST_TEST(waited.count() <= 64U);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                BOOST_TEST(seen.insert(waited.events[i].data.u64).second);
                BOOST_TEST(waited.events[i].completion->user_data == waited.events[i].data.u64);
            }
        }
        check_that_nothing_is_left(poller);
    });
}

BOOST_AUTO_TEST_SUITE_END()
