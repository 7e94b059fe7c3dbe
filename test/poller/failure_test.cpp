// P12: a kernel call that fails leaves the tables as they were, and is reported, never swallowed.
//
// Each case makes one call fail and then shows that the poller continues; the last one fails any
// call at random. The suite `campaign` fails every call of whole scenarios in turn.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "stage.hpp"
#include "status.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sim::Call;
namespace code = sim::code;
namespace data = boost::unit_test::data;

namespace {

/// Nothing that the poller opened may be left open.
void check_for_leaks(Stage& stage, std::size_t handles_before) {
    BOOST_TEST(stage.kernel.open_handles() == handles_before);
    BOOST_TEST(stage.kernel.winsock_sessions() == 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(create_without_winsock) {
    on_every_kernel(1, [](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        stage.kernel.fail_next(Call::winsock_start, code::system_not_ready);
        BOOST_TEST(OsPoller::create(under_test()).error() == std::errc::network_down);
        check_for_leaks(stage, before);
        BOOST_TEST(make_poller().is_valid());
    });
}

BOOST_AUTO_TEST_CASE(create_without_a_port) {
    on_every_kernel(1, [](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        stage.kernel.fail_next(Call::port_create, code::no_system_resources);
        BOOST_TEST(OsPoller::create(under_test()).error() == std::errc::no_buffer_space);
        check_for_leaks(stage, before);
        BOOST_TEST(make_poller().is_valid());
    });
}

BOOST_AUTO_TEST_CASE(register_without_a_doorbell) {
    on_every_kernel(Backend::wsapoll, 1, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1});
        const SocketPair pair = stage.world.tcp_pair();
        stage.kernel.fail_next(Call::doorbell_create, code::too_many_sockets);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1) ==
                   std::errc::too_many_files_open);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(poller.register_handle(pair.peer, IoInterest::write, 1), "the one slot is free");
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(register_where_the_handle_can_not_be_asked) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        stage.kernel.fail_next(Call::socket_kind, code::network_down);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1) ==
                   std::errc::network_down);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1));
    });
}

BOOST_AUTO_TEST_CASE(register_where_a_pipe_can_not_be_told_from_other_files) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pair = stage.world.pipe_pair(PipeKind::bytes);
        stage.kernel.fail_next(Call::file_type, code::no_system_resources);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1) ==
                   std::errc::no_buffer_space);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::read, 1));
    });
}

BOOST_AUTO_TEST_CASE(a_poll_that_fails_is_reported_and_the_next_one_works) {
    on_every_kernel(Backend::wsapoll, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::write, 1));
        stage.kernel.fail_next(Call::poll_sockets, code::no_buffer_space);
        const auto waited = wait(poller);
        BOOST_TEST(waited.result.error == std::errc::no_buffer_space);
        BOOST_TEST(waited.count() == 0U);
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(an_urgent_byte_is_no_refusal_where_the_socket_can_not_be_asked) {
    on_every_kernel(Backend::wsapoll, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle socket = stage.world.tcp_socket();
        BOOST_REQUIRE(poller.register_handle(socket, IoInterest::read, 1));
        const Handle listener = stage.world.listener();
        stage.world.connect(socket, listener);
        stage.world.send_urgent(stage.world.accept(listener));
        stage.kernel.fail_next(Call::is_connected, code::network_down);
        std::size_t failures = 0;
        for (int waits = 0; waits < 20; ++waits) {
            const auto waited = wait(poller, 10ms);
            failures += waited.result.error ? 1U : 0U;
            BOOST_TEST(waited.mask_of(1) == 0U);
        }
        // It is called only if WSAPoll does not report refusals.
        BOOST_TEST(failures == (stage.kernel.traits().build < 19041 ? 1U : 0U));
    });
}

BOOST_AUTO_TEST_CASE(a_wake_is_told_beside_a_poll_that_fails) {
    on_every_kernel(Backend::wsapoll, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket);
        BOOST_TEST(poller.post_wakeup());
        stage.kernel.fail_next(Call::poll_sockets, code::no_buffer_space);
        bool woken = false;
        bool failed = false;
        for (int waits = 0; waits < 2; ++waits) {
            const auto waited = wait(poller, 0ms);
            woken = woken || waited.result.woken;
            failed = failed || waited.result.error == std::errc::no_buffer_space;
        }
        BOOST_TEST(woken);
        BOOST_TEST(failed);
    });
}

BOOST_AUTO_TEST_CASE(a_dequeue_that_fails_is_reported_and_loses_no_packet) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        stage.world.post_packet(poller.handle(), 5, 0, nullptr);
        stage.kernel.fail_next(Call::port_dequeue, code::no_system_resources);
        BOOST_TEST(wait(poller).result.error == std::errc::no_buffer_space);
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST(waited.events[0].data.u64 == 5U);
    });
}

BOOST_AUTO_TEST_CASE(events_and_an_error_come_together) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::write, 1));
        (void)poller.handle();  // From now on the port is looked at too.
        stage.kernel.fail_next(Call::port_dequeue, code::no_system_resources);
        bool failed = false;
        for (int waits = 0; waits < 2; ++waits) {
            const auto waited = wait(poller);
            failed = failed || static_cast<bool>(waited.result.error);
            // Whichever source came first, what it gave is not lost.
            BOOST_TEST((waited.mask_of(1) == mask::out || waited.result.error));
        }
        BOOST_TEST(failed);
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_DATA_TEST_CASE(a_wake_that_can_not_be_delivered_says_so_and_the_next_one_tries_again,
                     data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        stage.kernel.when_blocked([&] {
            stage.kernel.fail_next(
                blocks_in_sockets(poller, parking) ? Call::doorbell_ring : Call::port_post,
                code::no_system_resources);
            stage.expect(!poller.post_wakeup());
            // The failure is not taken for a wake that is pending: this one is delivered.
            stage.expect(poller.post_wakeup());
        });
        BOOST_TEST(wait(poller, wait_forever).result.woken);
        BOOST_TEST(!wait(poller, 1ms).result.woken);
    });
}

BOOST_AUTO_TEST_CASE(a_port_watch_that_can_not_be_armed_is_reported) {
    on_every_kernel(Backend::wsapoll, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket_and_packets);
        stage.kernel.fail_next(Call::wait_arm, code::no_system_resources);
        BOOST_TEST(wait(poller, 5ms).result.error == std::errc::no_buffer_space);
        BOOST_TEST(!wait(poller, 5ms).result.error);
    });
}

BOOST_AUTO_TEST_CASE(a_ring_for_a_packet_is_tried_until_it_succeeds) {
    on_every_kernel(Backend::wsapoll, 50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket_and_packets);
        const Handle port = poller.handle();
        const Clock::time_point before = Clock::now();
        stage.kernel.when_blocked([&] {
            stage.kernel.fail_next(Call::doorbell_ring, code::no_system_resources);
            stage.world.post_packet(port, 5, 0, nullptr);
        });
        BOOST_TEST(wait(poller, wait_forever).count() == 1U);
        // The first block ends by itself after 50 ms, in case the doorbell is another's.
        BOOST_TEST((Clock::now() - before < 40ms));
    });
}

BOOST_DATA_TEST_CASE(a_timer_that_can_not_be_replaced_or_cleared_stays, data::make(all_parkings),
                     parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Clock::time_point due = Clock::now() + 20ms;
        BOOST_REQUIRE(poller.set_timer(due));
        stage.kernel.fail_next(Call::timer_set, code::no_system_resources);
        BOOST_TEST(poller.set_timer(due + 10s) == std::errc::no_buffer_space);
        stage.kernel.fail_next(Call::timer_cancel, code::no_system_resources);
        BOOST_TEST(poller.clear_timer() == std::errc::no_buffer_space);
        BOOST_TEST(wait(poller).result.timer);
        BOOST_TEST((Clock::now() >= due && Clock::now() < due + 1s));
        BOOST_TEST(!wait(poller, 11s).result.timer);
    });
}

BOOST_AUTO_TEST_CASE(associate_that_fails_changes_nothing) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1});
        const SocketPair pair = stage.world.tcp_pair();
        stage.kernel.fail_next(Call::port_associate, code::no_system_resources);
        BOOST_TEST(poller.associate_handle(pair.local, 1) == std::errc::no_buffer_space);
        BOOST_TEST(poller.associate_handle(pair.peer, 1), "the one slot is free");
    });
}

BOOST_AUTO_TEST_CASE(a_drain_that_fails_replaces_the_doorbell) {
    on_every_kernel(Backend::wsapoll, 50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, Parking::socket);
        stage.kernel.when_blocked([&] {
            stage.expect(poller.post_wakeup());
            stage.kernel.fail_next(Call::doorbell_drain, 10054);
        });
        BOOST_TEST(wait(poller).result.woken);
        BOOST_TEST(poller.stats().doorbells_made == 2U);
        stage.world.beside([&] { stage.expect(poller.post_wakeup()); });
        BOOST_TEST(wait(poller).result.woken);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(random_failures_lose_nothing, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const SocketPair pair = stage.world.tcp_pair();
        if (parking != Parking::no_socket) {
            BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        }
        stage.kernel.fail_randomly(0.1);
        for (int waits = 0; waits < 20; ++waits) {
            bool promised = false;
            stage.world.beside([&] { promised = poller.post_wakeup(); });
            bool woken = wait(poller, 20ms).result.woken;
            stage.world.join();
            // The wait in progress or a later one reports a promised wake: a wait that fails must
            // not lose it.
            for (int again = 0; promised && !woken && again < 20; ++again) {
                woken = wait(poller, 0ms).result.woken;
            }
            BOOST_TEST((woken || !promised));
        }
        stage.kernel.clear_faults();
        BOOST_TEST(stage.world.send(pair.peer, 1).bytes == 1U);
        if (parking != Parking::no_socket) {
            BOOST_TEST(poller.registration_count() == 2U);
            while (wait(poller).mask_of(1) == 0U) {
            }
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
