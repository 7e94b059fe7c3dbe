// P5 and what is reported: level-triggered readiness in each situation of a socket's life.
//
// The masks are Linux's; if Windows itself differs the test says how and why.
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(readiness)

namespace {

constexpr IoInterest everything =
    IoInterest::read | IoInterest::write | IoInterest::priority | IoInterest::read_hangup;

/// Waits until `user_data` is reported with all of `wanted`, and returns its mask.
std::uint32_t wait_for(OsPoller& poller, std::uint64_t user_data, std::uint32_t wanted) {
    std::uint32_t last = 0;
    for (int tries = 0; tries < 1000; ++tries) {
        const auto waited = wait(poller, patience);
        BOOST_REQUIRE(!waited.result.error);
        BOOST_REQUIRE_MESSAGE(waited.count() > 0, "nothing was reported; wanted " << wanted);
        last = waited.mask_of(user_data);
        if ((last & wanted) == wanted) {
            return last;
        }
    }
    BOOST_FAIL("reported " << last << " and never " << wanted);
    return last;
}

/// Sends until the socket has no room.
std::size_t fill(World& world, Handle socket) {
    std::size_t sent = 0;
    for (;;) {
        const Transfer transfer = world.send(socket, 65536);
        if (transfer.error) {
            BOOST_REQUIRE(transfer.error == std::errc::operation_would_block);
            return sent;
        }
        sent += transfer.bytes;
        BOOST_REQUIRE(sent < (std::size_t{1} << 30U));
    }
}

/// Receives until there is nothing; how much it was.
std::size_t drain(World& world, Handle socket) {
    std::size_t received = 0;
    for (;;) {
        const Transfer transfer = world.receive(socket, 65536);
        if (transfer.error || transfer.bytes == 0) {
            return received;
        }
        received += transfer.bytes;
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(data_is_in_until_it_is_read) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.world.beside([&] { stage.expect(stage.world.send(pair.peer, 10).bytes == 10U); });
        BOOST_TEST(wait_for(poller, 1, mask::in) == mask::in);
        for (int again = 0; again < 3; ++again) {
            BOOST_TEST(wait(poller).mask_of(1) == mask::in);
        }
        BOOST_TEST(stage.world.receive(pair.local, 4).bytes == 4U);
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);  // Six bytes are left.
        BOOST_TEST(stage.world.receive(pair.local, 100).bytes == 6U);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(user_data_can_be_a_pointer_and_a_result_has_its_events) {
    on_every_kernel(10, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        int first = 0;
        const int second = 0;
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::write, &first));
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::write, &second));
        std::array<NativeEvent, 4> events;
        const WaitResult result = poller.wait(events, patience);
        BOOST_REQUIRE(result.events().size() == 1U);
        for (const NativeEvent& event : result.events()) {
            BOOST_TEST(event.ptr<const int>() == &second);
        }
    });
}

BOOST_AUTO_TEST_CASE(data_that_came_before_registration_is_reported) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(stage.world.send(pair.peer, 1).bytes == 1U);
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(wait_for(poller, 1, mask::in) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(room_to_send_is_out_until_there_is_none) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::write, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        std::size_t sent = fill(stage.world, pair.local);
        // The peer's kernel may still take some; go on until it does not.
        while (wait(poller, 20ms).mask_of(1) == mask::out) {
            sent += fill(stage.world, pair.local);
        }
        std::size_t received = drain(stage.world, pair.peer);
        BOOST_TEST(wait_for(poller, 1, mask::out) == mask::out);
        while (received < sent) {
            const std::size_t more = drain(stage.world, pair.peer);
            received += more;
            if (more == 0) {
                BOOST_REQUIRE(wait(poller).mask_of(1) == mask::out);
            }
        }
        BOOST_TEST(received == sent);
    });
}

BOOST_AUTO_TEST_CASE(rdnorm_and_wrnorm_are_reported_where_asked_for) {
    on_every_kernel(10, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(stage.world.send(pair.peer, 1).bytes == 1U);
        BOOST_REQUIRE(poller.register_handle(
            pair.local, IoInterest{mask::rdnorm | mask::wrnorm | mask::wrband | mask::rdband}, 1));
        BOOST_TEST(wait_for(poller, 1, mask::rdnorm) == (mask::rdnorm | mask::wrnorm));
    });
}

BOOST_AUTO_TEST_CASE(a_pending_connection_is_in_at_the_listener) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        BOOST_REQUIRE(poller.register_handle(listener, everything, 1));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        Handle client;
        stage.world.beside([&] { client = stage.world.connecting(listener); });
        BOOST_TEST(wait_for(poller, 1, mask::in) == mask::in);
        stage.world.join();
        BOOST_TEST(static_cast<bool>(stage.world.accept(listener)));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_that_succeeds_is_out) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle listener = stage.world.listener();
        const Handle client = stage.world.connecting(listener);
        BOOST_REQUIRE(poller.register_handle(client, everything, 1));
        BOOST_TEST(wait_for(poller, 1, mask::out) == mask::out);
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_everything_on_every_version) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle client = stage.world.connecting_refused();
        BOOST_REQUIRE(poller.register_handle(
            client, IoInterest::read | IoInterest::write | IoInterest::read_hangup, 1));
        constexpr std::uint32_t refused =
            mask::in | mask::out | mask::err | mask::hup | mask::rdhup;
        BOOST_TEST(wait_for(poller, 1, mask::err) == refused);
        // It stays so, and every wait reports it, not only those in which a re-check is due.
        for (int again = 0; again < 3; ++again) {
            BOOST_TEST(wait(poller, 0ms).mask_of(1) == refused);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_told_to_any_interest) {
    for (const IoInterest interest : {IoInterest::none, IoInterest::read, IoInterest::write}) {
        on_every_kernel(300, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Handle client = stage.world.connecting_refused();
            BOOST_REQUIRE(poller.register_handle(client, interest, 1));
            BOOST_TEST(wait_for(poller, 1, mask::err) == (bits(interest) | mask::err | mask::hup));
        });
    }
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_is_in_and_rdhup) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(pair.local, IoInterest::read | IoInterest::read_hangup, 1));
        stage.world.beside([&] { stage.world.shutdown_send(pair.peer); });
        BOOST_TEST(wait_for(poller, 1, mask::in) == (mask::in | mask::rdhup));
        BOOST_TEST(stage.world.receive(pair.local, 1).bytes == 0U);
        BOOST_TEST(wait(poller).mask_of(1) == (mask::in | mask::rdhup));
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(rdhup_is_reported_only_where_asked_for) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        stage.world.shutdown_send(pair.peer);
        BOOST_TEST(wait_for(poller, 1, mask::in) == mask::in);
        BOOST_TEST(poller.modify_handle(pair.local, IoInterest::read_hangup, 2));
        BOOST_TEST(wait_for(poller, 2, mask::rdhup) == mask::rdhup);
    });
}

BOOST_AUTO_TEST_CASE(data_before_the_end_of_the_stream_is_in_until_both_are_read) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(pair.local, IoInterest::read | IoInterest::read_hangup, 1));
        BOOST_TEST(stage.world.send(pair.peer, 3).bytes == 3U);
        stage.world.shutdown_send(pair.peer);
        // Wine reports the end of the stream only once the data is drained; Windows immediately.
        BOOST_TEST((wait_for(poller, 1, mask::in) & ~mask::rdhup) == mask::in);
        BOOST_TEST(stage.world.receive(pair.local, 3).bytes == 3U);
        BOOST_TEST(wait_for(poller, 1, mask::rdhup) == (mask::in | mask::rdhup));
    });
}

BOOST_AUTO_TEST_CASE(a_reset_is_everything) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(pair.local, IoInterest::read | IoInterest::read_hangup, 1));
        stage.world.beside([&] { stage.world.reset(pair.peer); });
        BOOST_TEST(wait_for(poller, 1, mask::err) ==
                   (mask::in | mask::rdhup | mask::err | mask::hup));
        BOOST_TEST(poller.modify_handle(pair.local, everything, 1));
        BOOST_TEST(wait_for(poller, 1, mask::err) ==
                   (mask::in | mask::out | mask::rdhup | mask::err | mask::hup));
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(an_out_of_band_byte_is_pri) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(pair.local, IoInterest::read | IoInterest::priority, 1));
        stage.world.send_urgent(pair.peer);
        BOOST_TEST(wait_for(poller, 1, mask::pri) == mask::pri);
    });
}

BOOST_AUTO_TEST_CASE(an_inline_out_of_band_byte_is_in) {
    // Linux adds pri; WSAPoll shows an inline byte as ordinary data and nothing more.
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        stage.world.keep_urgent_inline(pair.local);
        BOOST_REQUIRE(
            poller.register_handle(pair.local, IoInterest::read | IoInterest::priority, 1));
        stage.world.send_urgent(pair.peer);
        BOOST_TEST((wait_for(poller, 1, mask::in) & mask::in) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_datagram_is_in_and_a_fresh_socket_is_out) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle unbound = stage.world.udp_socket();
        const SocketPair pair = stage.world.udp_pair();
        BOOST_REQUIRE(poller.register_handle(unbound, everything, 1));
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 2));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        BOOST_REQUIRE(poller.unregister_handle(unbound));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(stage.world.send(pair.peer, 5).bytes == 5U);
        BOOST_TEST(wait_for(poller, 2, mask::in) == mask::in);
        BOOST_TEST(stage.world.receive(pair.local, 5).bytes == 5U);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_never_connected_is_silent) {
    // Linux reports out and hup. The poller does not query whether it is connected.
    on_every_kernel(10, [](Stage& stage) {
        OsPoller poller = make_poller();
        BOOST_REQUIRE(poller.register_handle(stage.world.tcp_socket(), everything, 1));
        BOOST_TEST(wait(poller, 20ms).count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(modify_changes_interest_and_user_data_at_once) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(stage.world.send(pair.peer, 1).bytes == 1U);
        BOOST_REQUIRE(poller.register_handle(pair.local, IoInterest::read, 1));
        BOOST_TEST(wait_for(poller, 1, mask::in) == mask::in);
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::write, 2));
        BOOST_TEST(wait(poller).mask_of(2) == mask::out);
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::none, 3));
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_REQUIRE(poller.modify_handle(pair.local, everything, 4));
        BOOST_TEST(wait(poller).mask_of(4) == (mask::in | mask::out));
    });
}

BOOST_AUTO_TEST_CASE(one_shot_reports_once_until_it_is_armed_again) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        const SocketPair other = stage.world.tcp_pair();
        BOOST_REQUIRE(
            poller.register_handle(pair.local, IoInterest::read | IoInterest::one_shot, 1));
        BOOST_REQUIRE(poller.register_handle(other.local, IoInterest::read, 2));
        BOOST_TEST(stage.world.send(pair.peer, 1).bytes == 1U);
        BOOST_TEST(wait_for(poller, 1, mask::in) == mask::in);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        // Not even a hang-up or an error is reported before it is armed again.
        stage.world.reset(pair.peer);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(poller.registration_count() == 2U);
        BOOST_REQUIRE(poller.modify_handle(pair.local, IoInterest::read | IoInterest::one_shot, 3));
        BOOST_TEST((wait_for(poller, 3, mask::in) & mask::in) == mask::in);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
        BOOST_TEST(poller.unregister_handle(pair.local));
    });
}

BOOST_AUTO_TEST_SUITE_END()
