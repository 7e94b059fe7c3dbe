// P12 for the AFD backend: each of the calls that its sockets need fails once, and the poller
// continues.
//
// failure_test.cpp tests failures in every backend, afd_failure_moves_test.cpp those before there
// is a device to poll.
#include <optional>

#include "afd_failure_sockets.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(afd_failure)

BOOST_AUTO_TEST_CASE(a_poll_that_fails_is_reported_and_costs_no_event) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 5);
        sockets.make_ready(1);
        sockets.make_ready(3);
        stage.kernel.fail_next(Call::afd_poll, code::no_system_resources);
        const auto first = wait(poller);
        BOOST_TEST(ran_out(first.result.error));
        BOOST_TEST(first.count() == 2U, "the others could be polled");
        BOOST_TEST(wait(poller).count() == 2U);
        for (int times = 0; times < 3; ++times) {
            // From now on the two are polled together.
            BOOST_TEST(wait(poller).count() == 2U);
            stage.kernel.fail_next(Call::afd_poll, code::no_system_resources);
            const auto failed = wait(poller);
            BOOST_TEST(ran_out(failed.result.error));
            BOOST_TEST(failed.count() == 0U);
        }
        BOOST_TEST(wait(poller).count() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(what_others_have_to_say_is_reported_beside_a_poll_that_fails) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 5);
        const Handle event = stage.world.thing(Thing::event);
        BOOST_REQUIRE(poller.register_handle(event, IoInterest::read, 9));
        stage.world.signal(event);
        BOOST_TEST(wait(poller, 1ms).mask_of(9) == mask::in);
        sockets.make_ready(0);
        stage.kernel.advance(100us);
        BOOST_REQUIRE(wait(poller).mask_of(0) == mask::in);
        BOOST_TEST(poller.post_wakeup());
        stage.kernel.fail_next(Call::afd_poll, code::no_system_resources);
        const auto waited = wait(poller);
        BOOST_TEST(ran_out(waited.result.error));
        BOOST_TEST(waited.result.woken);
        BOOST_TEST(waited.mask_of(9) == mask::in);
        BOOST_TEST(wait(poller).count() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(a_parking_poll_that_fails_costs_no_event) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 4);
        sockets.make_ready(0);
        for (int waits = 0; waits < 4; ++waits) {
            BOOST_TEST(wait(poller, 0ms).count() == 1U);
        }
        stage.kernel.fail_nth(2, code::no_system_resources);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(ran_out(waited.result.error));
        BOOST_TEST(waited.mask_of(0) == mask::in);
        stage.kernel.clear_faults();
        for (std::size_t i = 1; i < 4; ++i) {
            sockets.make_ready(i);
        }
        stage.kernel.advance(100us);
        const auto all = wait(poller, 0ms);
        BOOST_TEST(!all.result.error);
        BOOST_TEST(all.count() == 4U);
    });
}

BOOST_AUTO_TEST_CASE(a_modify_whose_cancel_fails_changes_nothing) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 3);
        sockets.park_all_but(1);
        constexpr IoInterest more = IoInterest::read | IoInterest::write;
        stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        BOOST_TEST(ran_out(poller.modify_handle(sockets[1].local, more, 7).error()));
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        sockets.make_ready(1);
        stage.kernel.advance(100us);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(waited.count() == 2U);
        BOOST_TEST(waited.mask_of(1) == mask::in, "the interest is what it was");
        BOOST_TEST(poller.modify_handle(sockets[1].local, more, 7));
        BOOST_TEST(wait(poller).mask_of(7) == (mask::in | mask::out));
    });
}

BOOST_AUTO_TEST_CASE(an_unregister_whose_cancel_fails_is_one_all_the_same) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 2});
        const Sockets sockets(stage, poller, 2);
        sockets.park_all_but(1);
        stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        BOOST_TEST(poller.unregister_handle(sockets[1].local));
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_TEST(stage.kernel.afd_requests() == 1U);
        // Another socket needs the slot: it is cancelled once more, and waited for.
        const SocketPair next = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(next.local, IoInterest::read, 5));
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        sockets.make_ready(1);
        stage.kernel.advance(100us);
        BOOST_TEST(wait(poller, 0ms).count() == 1U, "it is not registered");
        stage.world.send(next.peer, 1);
        stage.kernel.advance(100us);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(waited.count() == 2U);
        BOOST_TEST(waited.mask_of(5) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_slot_whose_request_can_not_be_cancelled_is_not_given_out) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 2});
        const Sockets sockets(stage, poller, 2);
        sockets.park_all_but(1);
        stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        BOOST_REQUIRE(poller.unregister_handle(sockets[1].local));
        const SocketPair next = stage.world.tcp_pair();
        BOOST_TEST((poller.register_handle(next.local, IoInterest::read, 5) ==
                    std::errc::no_space_on_device));
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_REQUIRE(poller.register_handle(next.local, IoInterest::read, 5));
        stage.world.send(next.peer, 1);
        BOOST_TEST(wait(poller).mask_of(5) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_registered_again_over_a_request_that_stays_is_never_polled_twice) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 2);
        sockets.park_all_but(1);
        for (int times = 0; times < 2; ++times) {
            stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        }
        BOOST_REQUIRE(poller.unregister_handle(sockets[1].local));
        BOOST_REQUIRE(
            poller.register_handle(sockets[1].local, IoInterest::read | IoInterest::priority, 5));
        BOOST_TEST(stage.kernel.afd_requests() == 1U);
        sockets.make_ready(1);
        stage.kernel.advance(100us);
        BOOST_TEST(wait(poller).mask_of(5) == mask::in);
        BOOST_TEST(stage.kernel.afd_requests() <= 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_cancel_of_the_group_that_fails_is_reported_and_tried_again) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 16);
        const auto play = [&](std::size_t from, std::size_t to) {
            for (std::size_t i = from; i < to; ++i) {
                sockets.make_ready(i);
            }
            stage.kernel.advance(100us);
            for (int waits = 0; waits < 2; ++waits) {
                BOOST_REQUIRE(wait(poller, 10ms).count() == to - from);
            }
        };
        // Four that were active and are in the group's request, and ten that become active.
        play(0, 4);
        for (std::size_t i = 0; i < 4; ++i) {
            sockets.calm(i);
        }
        BOOST_REQUIRE(wait(poller, 0ms).count() == 0U);
        play(4, 14);
        stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        const auto failed = wait(poller, 0ms);
        BOOST_TEST(ran_out(failed.result.error));
        BOOST_TEST(failed.count() == 10U, "they are polled alone");
        BOOST_TEST(wait(poller, 0ms).count() == 10U);
        BOOST_TEST(poller.stats().afd_cancels == 2U);
    });
}

BOOST_AUTO_TEST_CASE(a_dequeue_that_fails_with_requests_in_flight_loses_nothing) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 4);
        sockets.park_all_but(1);
        for (std::size_t i = 1; i < 4; ++i) {
            sockets.make_ready(i);
        }
        stage.world.post_packet(poller.handle(), 99, 0, nullptr);
        stage.kernel.advance(100us);
        stage.kernel.fail_next(Call::port_dequeue, code::no_system_resources);
        const auto failed = wait(poller);
        BOOST_TEST(ran_out(failed.result.error));
        BOOST_TEST(failed.mask_of(0) == mask::in, "it needs no packet");
        const auto waited = wait(poller);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.count() == 5U);
    });
}

BOOST_AUTO_TEST_CASE(a_closed_socket_is_dropped_though_the_dequeue_failed_before) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 2);
        sockets.park_all_but(1);
        stage.world.close(sockets[1].local);
        stage.kernel.advance(100us);
        const SocketPair other = stage.world.tcp_pair();
        stage.kernel.fail_next(Call::port_dequeue, code::no_system_resources);
        if (other.local == sockets[1].local) {
            // The news that its number was closed is still at the port.
            BOOST_TEST(ran_out(poller.register_handle(other.local, IoInterest::write, 3).error()));
            BOOST_TEST(poller.registration_count() == 2U);
            BOOST_TEST(poller.register_handle(other.local, IoInterest::write, 3));
            BOOST_TEST(wait(poller).mask_of(3) == mask::out);
        } else {
            BOOST_TEST(ran_out(wait(poller).result.error));
            BOOST_TEST(wait(poller).count() == 1U);
        }
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_AUTO_TEST_CASE(dispose_keeps_the_memory_of_requests_that_can_not_be_cancelled) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        std::optional<OsPoller> poller(make_poller());
        std::optional<Sockets> sockets(std::in_place, stage, *poller, 5);
        sockets->park_all_but(1);
        for (int i = 0; i < 20; ++i) {
            stage.kernel.fail_next(Call::afd_cancel, code::no_system_resources);
        }
        poller->dispose();
        poller.reset();
        stage.kernel.clear_faults();
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
        // What is written now is written into memory that is still there.
        for (std::size_t i = 1; i < 5; ++i) {
            sockets->make_ready(i);
        }
        stage.kernel.advance(1s);
        for (std::size_t i = 0; i < 5; ++i) {
            stage.world.close((*sockets)[i].local);
            stage.world.close((*sockets)[i].peer);
        }
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(dispose_takes_its_packets_though_the_port_fails_at_first) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 5);
        sockets.park_all_but(1);
        for (int i = 0; i < 10; ++i) {
            stage.kernel.fail_next(Call::port_dequeue, code::no_system_resources);
        }
        stage.kernel.reset_counts();
        poller.dispose();
        BOOST_TEST(stage.kernel.calls(Call::afd_cancel) == 4U);
        BOOST_TEST(stage.kernel.calls(Call::port_dequeue) > 10U);
        BOOST_TEST(stage.kernel.afd_requests() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
