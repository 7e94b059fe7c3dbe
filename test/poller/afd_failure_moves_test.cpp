// P12 for the AFD backend: the device does not open, does not support a socket, or fails while
// `automatic` moves to it. What was registered stays, where it was.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "afd_failure_sockets.hpp"
#include "sockets.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(afd_failure)

BOOST_DATA_TEST_CASE(without_the_device_afd_is_an_error_and_automatic_is_wsapoll,
                     data::xrange(opening.size()), step) {
    const Call call = opening[step];
    on_every_kernel(Backend::afd, 1, [&](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        stage.kernel.fail_next(call, code::no_system_resources);
        BOOST_TEST(ran_out(OsPoller::create({.backend = Backend::afd}).error()));
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);

        stage.kernel.fail_next(call, code::no_system_resources);
        OsPoller poller = OsPoller::create({.backend = Backend::automatic}).value();
        BOOST_TEST(stage.kernel.open_handles() == before + 1);
        const Sockets sockets(stage, poller, many);
        (void)poller.handle();
        sockets.make_ready(many - 1);
        BOOST_TEST(wait(poller).mask_of(many - 1) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        BOOST_TEST(stage.kernel.calls(Call::afd_poll) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(register_without_a_base) {
    on_every_kernel(Backend::afd, 1, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 1});
        const SocketPair pair = stage.world.tcp_pair();
        for (int times = 0; times < 3; ++times) {
            stage.kernel.fail_next(Call::base_socket, code::network_down);
            // A provider that refuses may name the one below it.
            stage.kernel.fail_next(Call::next_socket, code::network_down);
            BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1) ==
                       std::errc::network_down);
            BOOST_TEST(poller.registration_count() == 0U);
            BOOST_TEST(wait(poller, 1ms).count() == 0U);
        }
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
    });
}

BOOST_DATA_TEST_CASE(a_further_device_that_does_not_open_refuses_a_registration,
                     data::xrange(opening.size()), step) {
    const Call call = opening[step];
    on_every_kernel(Backend::afd, seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 32);
        sockets.make_ready(0);
        const SocketPair next = stage.world.tcp_pair();
        const std::size_t before = stage.kernel.open_handles();
        stage.kernel.fail_next(call, code::no_system_resources);
        BOOST_TEST(ran_out(poller.register_handle(next.local, IoInterest::write, 99).error()));
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(poller.registration_count() == 32U);
        BOOST_TEST(wait(poller, 0ms).count() == 1U);
        BOOST_TEST(poller.register_handle(next.local, IoInterest::write, 99));
        BOOST_TEST(stage.kernel.open_handles() == before + 1);
        BOOST_TEST(wait(poller, 0ms).count() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(a_register_that_can_not_move_changes_nothing) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, many - 1);
        sockets.make_ready(4);
        const SocketPair last = stage.world.tcp_pair();
        for (int times = 0; times < 2; ++times) {
            for (int k = 0; k < 5; ++k) {
                // Another one of those that are asked for their base.
                stage.kernel.fail_nth(3 + static_cast<std::uint64_t>(k) * 3, code::network_down);
                stage.kernel.fail_next(Call::next_socket, code::network_down);
                BOOST_TEST((poller.register_handle(last.local, IoInterest::write, many) ==
                            std::errc::network_down));
                stage.kernel.clear_faults();
                BOOST_CHECK(poller.backend() == Backend::wsapoll);
                BOOST_TEST(poller.registration_count() == many - 1);
                BOOST_TEST(poller.stats().backend_moves == 0U);
            }
            const auto waited = wait(poller, 0ms);
            BOOST_TEST(waited.count() == 1U);
            BOOST_TEST(waited.mask_of(4) == mask::in);
        }
        BOOST_TEST(poller.register_handle(last.local, IoInterest::write, many));
        BOOST_CHECK(poller.backend() == Backend::afd);
        BOOST_TEST(wait(poller).count() == 2U);
        for (std::size_t i = 0; i < many - 1; ++i) {
            BOOST_TEST(poller.unregister_handle(sockets[i].local));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_wait_that_can_not_move_says_so_and_the_next_one_does) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 3);
        const SocketPair operated = stage.world.tcp_pair();
        std::array<std::byte, 4> buffer;
        BOOST_REQUIRE(poller.submit_read(operated.local, buffer, 8));
        sockets.make_ready(2);
        stage.kernel.fail_next(Call::base_socket, code::network_down);
        stage.kernel.fail_next(Call::next_socket, code::network_down);
        BOOST_TEST((wait(poller, 0ms).result.error == std::errc::network_down));
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.mask_of(2) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::afd);
    });
}

BOOST_AUTO_TEST_CASE(sockets_that_the_device_can_not_know_stay_with_wsapoll) {
    // A provider that reports neither its base nor the socket below it.
    Stage stage(sim::Options{.personality = sim::Personality::wine_8,
                             .layered_sockets = true,
                             .layered_refuses_base = true});
    OsPoller poller = OsPoller::create({.backend = Backend::automatic}).value();
    const Sockets sockets(stage, poller, 3);
    sockets.make_ready(2);
    BOOST_TEST(wait(poller, 0ms).mask_of(2) == mask::in);
    (void)poller.handle();  // Packets may come, so AFD would serve better.
    for (int waits = 0; waits < 3; ++waits) {
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.mask_of(2) == mask::in);
    }
}

BOOST_AUTO_TEST_CASE(a_move_that_fails_half_way_leaves_no_trace) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 2);
        BOOST_REQUIRE(poller.associate_handle(sockets[0].local, 5));
        stage.kernel.fail_next(Call::base_socket, 0);
        stage.kernel.fail_next(Call::base_socket, code::network_down);
        stage.kernel.fail_next(Call::next_socket, code::network_down);
        BOOST_TEST((wait(poller, 0ms).result.error == std::errc::network_down));
        for (std::size_t i = 0; i < 2; ++i) {
            BOOST_TEST(poller.unregister_handle(sockets[i].local));
            BOOST_TEST(poller.register_handle(sockets[i].local, IoInterest::write, i));
        }
        BOOST_TEST(wait(poller).count() == 2U);
    });
}

namespace {

/// The socket's provider is another's than AFD.
void make_foreign(Stage& stage, Handle socket) {
    sim::ModelLock model(stage.kernel);
    model->handles.find_as<sim::Socket>(socket)->leave_afd();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_socket_of_a_provider_that_is_not_afds_is_an_error_and_not_dropped) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 4);
        const SocketPair foreign = stage.world.tcp_pair();
        make_foreign(stage, foreign.local);
        BOOST_REQUIRE(poller.register_handle(foreign.local, IoInterest::read, 9));
        BOOST_TEST(wait(poller).mask_of(9) == mask::err);
        for (std::size_t i = 0; i < 4; ++i) {
            sockets.make_ready(i);
        }
        stage.kernel.advance(100us);
        for (int waits = 0; waits < 8; ++waits) {
            const auto waited = wait(poller, 0ms);
            BOOST_TEST(!waited.result.error);
            BOOST_TEST(waited.count() == 5U);
            BOOST_TEST(waited.mask_of(9) == mask::err);
        }
        BOOST_TEST(poller.stats().registrations_dropped == 0U);
        BOOST_TEST(poller.unregister_handle(foreign.local));
        BOOST_TEST(wait(poller, 0ms).count() == 4U);
    });
}

BOOST_AUTO_TEST_CASE(a_foreign_socket_among_a_group_is_told_from_a_closed_one) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Sockets sockets(stage, poller, 6);
        for (std::size_t i = 0; i < 6; ++i) {
            sockets.make_ready(i);
        }
        for (int waits = 0; waits < 4; ++waits) {
            BOOST_REQUIRE(wait(poller, 0ms).count() > 0U);
            stage.kernel.advance(100us);
        }
        make_foreign(stage, sockets[2].local);
        stage.world.close(sockets[4].local);
        const auto waited = wait(poller, 0ms);
        BOOST_TEST(waited.count() == 5U);
        BOOST_TEST(waited.mask_of(2) == mask::err);
        BOOST_TEST(waited.mask_of(4) == 0U);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
        BOOST_TEST(poller.registration_count() == 5U);
    });
}

BOOST_AUTO_TEST_CASE(a_foreign_one_shot_reports_once_and_its_end_is_noticed) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair foreign = stage.world.tcp_pair();
        make_foreign(stage, foreign.local);
        constexpr IoInterest once = IoInterest::read | IoInterest::one_shot;
        BOOST_REQUIRE(poller.register_handle(foreign.local, once, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::err);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_REQUIRE(poller.modify_handle(foreign.local, once, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::err);
        stage.world.close(foreign.local);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_foreign_socket_keeps_automatic_with_wsapoll) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair foreign = stage.world.tcp_pair();
        make_foreign(stage, foreign.local);
        BOOST_REQUIRE(poller.register_handle(foreign.local, IoInterest::read, 90));
        const Sockets sockets(stage, poller, many - 2);
        (void)poller.handle();
        stage.world.send(foreign.peer, 1);
        BOOST_TEST(wait(poller).mask_of(90) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        const SocketPair last = stage.world.tcp_pair();
        BOOST_TEST(
            (poller.register_handle(last.local, IoInterest::read, 91) == errc::foreign_provider));
        BOOST_TEST(poller.registration_count() == many - 1);
        // Without it they move.
        BOOST_TEST(poller.unregister_handle(foreign.local));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_CHECK(poller.backend() == Backend::afd);
    });
}

BOOST_AUTO_TEST_CASE(automatic_moves_once_the_foreign_socket_is_closed) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair foreign = stage.world.tcp_pair();
        make_foreign(stage, foreign.local);
        BOOST_REQUIRE(poller.register_handle(foreign.local, IoInterest::read, 9));
        const Sockets sockets(stage, poller, 3);
        (void)poller.handle();
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        const std::uint64_t tried = poller.stats().afd_requests;
        // As long as it is registered, AFD would refuse it again.
        BOOST_TEST(poller.unregister_handle(sockets[2].local));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(poller.stats().afd_requests == tried);
        BOOST_CHECK(poller.backend() == Backend::wsapoll);
        stage.world.close(foreign.local);
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
        sockets.make_ready(1);
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        BOOST_CHECK(poller.backend() == Backend::afd);
    });
}

BOOST_AUTO_TEST_CASE(a_question_that_fails_drops_no_socket) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair foreign = stage.world.tcp_pair();
        make_foreign(stage, foreign.local);
        BOOST_REQUIRE(poller.register_handle(foreign.local, IoInterest::read, 1));
        stage.kernel.fail_next(Call::socket_kind, code::network_down);
        const auto failed = wait(poller);
        BOOST_TEST((failed.result.error == std::errc::network_down));
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_TEST(wait(poller).mask_of(1) == mask::err);
    });
}

BOOST_AUTO_TEST_SUITE_END()
