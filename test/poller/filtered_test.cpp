// P10 and what WSAPoll alone cannot wait for: hang-ups that the interest filters out, and refused
// connects that are not reported.
//
// WSAPoll returns at once, every time, for a socket whose peer has sent FIN, whatever is requested.
// The figures below are kernel calls: a spin would make thousands of them.
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

/// A wait of this length on one quiet socket looks again after 1, 2, 4, 8, 16, 32, 50, 50 ... ms.
constexpr auto quiet_time = 500ms;
constexpr std::uint64_t most_rechecks = 6 + (500 - 63) / 50 + 2;
/// A re-check is one look at the quiet sockets and one block; early ends add a few.
constexpr std::uint64_t most_calls = 8 * most_rechecks;

std::uint64_t kernel_calls(const PollerStats& stats) {
    return stats.socket_polls + stats.port_dequeues + stats.doorbells_drained;
}

void fill(World& world, Handle socket) {
    while (!world.send(socket, 65536).error) {
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(filtered)

BOOST_AUTO_TEST_CASE(a_half_close_under_empty_interest_neither_shows_nor_spins) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.peer);
        const auto waited = wait(poller, quiet_time);
        BOOST_TEST(waited.count() == 0U);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(poller.stats().rechecks <= most_rechecks);
        BOOST_TEST(kernel_calls(poller.stats()) <= most_calls);
    });
}

BOOST_AUTO_TEST_CASE(a_half_close_under_write_interest_neither_shows_nor_spins) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::write, 1));
        fill(stage.world, pair.local);
        while (wait(poller, 20ms).count() != 0) {
            fill(stage.world, pair.local);
        }
        stage.world.shutdown_send(pair.peer);
        const std::uint64_t before = kernel_calls(poller.stats());
        BOOST_TEST(wait(poller, quiet_time).count() == 0U);
        BOOST_TEST(kernel_calls(poller.stats()) - before <= most_calls);
        // When there is room again it is reported, although the socket is among the quiet.
        for (int reads = 0; reads < 10000; ++reads) {
            const Transfer transfer = stage.world.receive(pair.peer, 65536);
            if (transfer.error && wait(poller, 60ms).mask_of(1) == mask::out) {
                return;
            }
        }
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(a_reset_of_a_quiet_socket_is_told) {
    on_every_kernel(200, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        stage.world.beside([&] { stage.world.reset(pair.peer); });
        BOOST_TEST(wait(poller).mask_of(1) == (mask::err | mask::hup));
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(a_quiet_socket_does_not_slow_the_others) {
    on_every_kernel(200, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair quiet = stage.world.tcp_pair();
        const SocketPair lively = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(quiet.local, IoInterest::none, 1));
        BOOST_REQUIRE(poller.register_handle(lively.local, IoInterest::read, 2));
        stage.world.shutdown_send(quiet.peer);
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        stage.world.beside([&] { stage.expect(stage.world.send(lively.peer, 1).bytes == 1U); });
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
        stage.world.join();
        BOOST_TEST(poller.post_wakeup());
        BOOST_TEST(wait(poller).result.woken);
    });
}

BOOST_AUTO_TEST_CASE(a_quiet_socket_answers_to_a_new_interest) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        BOOST_REQUIRE(
            poller.modify_handle(pair.local, IoInterest::read | IoInterest::read_hangup, 2));
        BOOST_TEST(wait(poller, 0ms).mask_of(2) == (mask::in | mask::rdhup));
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::none, 3));
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        BOOST_TEST(poller.unregister_handle(pair.local));
        const PollerStats before = poller.stats();
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        BOOST_TEST(poller.stats().rechecks == before.rechecks);
    });
}

#if !defined(_WIN32)
// Wine refuses to listen (10022): after the refusal its socket is not bound any more.
BOOST_AUTO_TEST_CASE(a_refused_socket_that_listens_is_not_refused_any_more) {
    // select's except set still holds the socket, and AFD still reports CONNECT_FAIL.
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle socket = stage.world.connecting_refused();
        BOOST_REQUIRE(poller.register_handle(socket, IoInterest::read, 1));
        BOOST_TEST((wait(poller).mask_of(1) & mask::err) == mask::err);
        stage.world.listen(socket);
        stage.kernel.reset_counts();
        BOOST_TEST(wait(poller, 200ms).count() == 0U);
        BOOST_TEST(wait(poller, 200ms).count() == 0U);
        BOOST_TEST(stage.kernel.calls(sim::Call::is_listening) <= 1U);
        stage.world.beside([&] { static_cast<void>(stage.world.connecting(socket)); });
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        stage.world.join();
        BOOST_REQUIRE(poller.modify_handle(socket, IoInterest::none, 2));
        BOOST_TEST(wait(poller, 200ms).count() == 0U);
        BOOST_REQUIRE(poller.modify_handle(socket, IoInterest::read | IoInterest::one_shot, 3));
        BOOST_TEST(wait(poller).mask_of(3) == mask::in);
        BOOST_TEST(wait(poller, 200ms).count() == 0U);
    });
}
#endif

BOOST_AUTO_TEST_CASE(out_of_band_data_is_not_taken_for_a_refused_connect) {
    // If refused connects must be polled for, select polls them; its except set holds sockets with
    // an out-of-band byte as well.
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const Handle client = stage.world.tcp_socket();
        BOOST_REQUIRE(poller.register_handle(client, IoInterest::read, 1));
        BOOST_REQUIRE(poller.register_handle(listener, IoInterest::read, 2));
        stage.world.connect(client, listener);  // Registered first, so that it is polled.
        BOOST_TEST(wait(poller).mask_of(2) == mask::in);
        const Handle accepted = stage.world.accept(listener);
        BOOST_REQUIRE(static_cast<bool>(accepted));
        stage.world.send_urgent(accepted);
        for (int waits = 0; waits < 5; ++waits) {
            BOOST_TEST((wait(poller, 20ms).mask_of(1) & (mask::err | mask::hup)) == 0U);
        }
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(what_a_recheck_finds_is_told_in_the_same_wait) {
    on_every_kernel(Backend::wsapoll, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::none, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait(poller, 100ms).count() == 0U);
        stage.world.reset(pair.peer);
        stage.kernel.advance(60ms);
        BOOST_TEST(wait(poller, 0ms).mask_of(1) == (mask::err | mask::hup));
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_falls_quiet_starts_the_pace_anew) {
    on_every_kernel(Backend::wsapoll, 20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair first = stage.world.tcp_pair();
        const SocketPair second = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(first.local, IoInterest::none, 1));
        BOOST_REQUIRE(poller.register_handle(second.local, IoInterest::none, 2));
        stage.world.shutdown_send(first.peer);
        BOOST_TEST(wait(poller, 1s).count() == 0U);  // The first is polled every 50 ms by now.
        stage.world.shutdown_send(second.peer);
        const std::uint64_t before = poller.stats().rechecks;
        BOOST_TEST(wait(poller, 20ms).count() == 0U);
        BOOST_TEST(poller.stats().rechecks - before >= 3U);  // After 1, 3, 7 and 15 ms.
    });
}

BOOST_AUTO_TEST_CASE(only_server_2019_rechecks_a_pending_connect) {
    on_every_kernel(Backend::wsapoll, 100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle client = stage.world.connecting_refused();
        BOOST_REQUIRE(poller.register_handle(client, IoInterest::write, 1));
        BOOST_TEST(wait(poller, wait_forever).mask_of(1) == (mask::out | mask::err | mask::hup));
        const bool old =
            stage.kernel.options().personality == sim::Personality::windows_server_2019;
        BOOST_TEST((poller.stats().rechecks > 0) == old);
        // 2 s at 50 ms, after the first few.
        BOOST_TEST(poller.stats().rechecks <= 50U);
        BOOST_TEST((stage.kernel.calls(sim::Call::failed_connects) > 0) == old);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_that_succeeds_is_not_rechecked_any_more) {
    for (const IoInterest interest : {IoInterest::read, IoInterest::write}) {
        on_every_kernel(100, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Handle listener = stage.world.listener();
            const Handle client = stage.world.connecting(listener);
            BOOST_REQUIRE(poller.register_handle(client, interest, 1));
            (void)wait(poller, 100ms);
            BOOST_REQUIRE(poller.modify_handle(client, IoInterest::read, 1));
            const PollerStats before = poller.stats();
            BOOST_TEST(wait(poller, 1s).count() == 0U);
            BOOST_TEST(poller.stats().rechecks == before.rechecks);
        });
    }
}

BOOST_AUTO_TEST_CASE(connected_sockets_and_listeners_are_never_rechecked) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_REQUIRE(poller.register_handle(stage.world.listener(), IoInterest::read, 2));
        BOOST_REQUIRE(poller.register_handle(stage.world.udp_socket(), IoInterest::read, 3));
        BOOST_TEST(wait(poller, 1s).count() == 0U);
        BOOST_TEST(poller.stats().rechecks == 0U);
        BOOST_TEST(stage.kernel.calls(sim::Call::failed_connects) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(more_pending_connects_than_one_select_takes) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller();
        constexpr std::uint64_t clients = 150;
        for (std::uint64_t i = 0; i < clients; ++i) {
            BOOST_REQUIRE(poller.register_handle(stage.world.connecting_refused(),
                                                 IoInterest::write | IoInterest::one_shot, i));
        }
        std::uint64_t refused = 0;
        while (refused < clients) {
            const auto waited = wait(poller);
            BOOST_REQUIRE(waited.count() > 0U);
            refused += waited.count();
        }
        BOOST_TEST(refused == clients);
        const PollerStats before = poller.stats();
        BOOST_TEST(wait(poller, 1s).count() == 0U);
        BOOST_TEST(poller.stats().rechecks == before.rechecks);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
