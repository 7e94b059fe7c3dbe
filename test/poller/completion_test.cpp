// Packets of the user's own overlapped calls, in the same wait as sockets and wakes.
#include <array>
#include <memory>
#include <type_traits>

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

constexpr std::uint64_t key = 77;

/// An associated socket with a receive in flight.
struct Receive {
    Receive(Stage& stage, OsPoller& poller, bool from_pool) : pair(stage.world.tcp_pair()) {
        BOOST_REQUIRE(poller.associate_handle(pair.local, key));
        if (from_pool) {
            entry = poller.overlapped_pool().acquire();
            BOOST_REQUIRE(entry != nullptr);
            entry->operation = IoOperation::read;
            entry->user_data = 5;
            overlapped = entry->native();
        } else {
            overlapped = &own;
        }
        BOOST_REQUIRE(
            !stage.world.start_receive(pair.local, overlapped, buffer.data(), buffer.size()));
    }

    SocketPair pair;
    OverlappedEntry* entry = nullptr;
    NativeOverlapped own;
    void* overlapped = nullptr;
    std::array<char, 16> buffer{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(completion)

BOOST_AUTO_TEST_CASE(a_packet_ends_a_wait_at_the_port) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        Receive receive(stage, poller, true);
        stage.world.beside(
            [&] { stage.expect(stage.world.send(receive.pair.peer, 9).bytes == 9U); });
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        const NativeEvent& event = waited.events[0];
        BOOST_TEST(event.events == mask::in);
        BOOST_TEST(event.data.u64 == key);
        BOOST_REQUIRE(event.completion != nullptr);
        BOOST_TEST(event.completion->entry == receive.entry);
        BOOST_TEST(event.completion->overlapped == receive.overlapped);
        BOOST_TEST(event.completion->bytes == 9U);
        BOOST_TEST(event.completion->key == key);
        BOOST_TEST(event.completion->user_data == 5U);
        BOOST_TEST((event.completion->operation == IoOperation::read));
        BOOST_TEST(!event.completion->error);
        BOOST_TEST(receive.entry->bytes_transferred == 9U);
        BOOST_TEST(poller.overlapped_count() == 1U);  // Still the user's.
        BOOST_TEST(poller.overlapped_pool().release(receive.entry));
        BOOST_TEST(poller.overlapped_count() == 0U);
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(a_packet_ends_a_wait_parked_in_the_sockets) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair idle = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(idle.local, IoInterest::read, 1));
        Receive receive(stage, poller, true);
        for (int round = 0; round < 3; ++round) {
            stage.world.beside(
                [&] { stage.expect(stage.world.send(receive.pair.peer, 4).bytes == 4U); });
            const auto waited = wait(poller, wait_forever);
            BOOST_REQUIRE(waited.count() == 1U);
            BOOST_REQUIRE(waited.events[0].completion != nullptr);
            BOOST_TEST(waited.events[0].completion->bytes == 4U);
            stage.world.join();
            receive.entry->reset();
            BOOST_REQUIRE(!stage.world.start_receive(receive.pair.local, receive.overlapped,
                                                     receive.buffer.data(), receive.buffer.size()));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_receive_that_completes_at_once_is_delivered) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.associate_handle(pair.local, key));
        BOOST_TEST(stage.world.send(pair.peer, 3).bytes == 3U);
        NativeOverlapped overlapped;
        std::array<char, 8> buffer{};
        BOOST_REQUIRE(
            !stage.world.start_receive(pair.local, &overlapped, buffer.data(), buffer.size()));
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_REQUIRE(waited.events[0].completion != nullptr);
        BOOST_TEST(waited.events[0].completion->bytes == 3U);
        BOOST_TEST(waited.events[0].completion->entry == nullptr);
        BOOST_TEST(waited.events[0].completion->overlapped == &overlapped);
        BOOST_TEST(waited.events[0].completion->user_data == key);
        BOOST_TEST(wait(poller, 1ms).count() == 0U);  // Once.
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_receive_says_so) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        Receive receive(stage, poller, true);
        stage.world.cancel(receive.pair.local, receive.overlapped);
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST(waited.events[0].events == (mask::in | mask::err));
        BOOST_TEST(waited.events[0].completion->error == std::errc::operation_canceled);
        BOOST_TEST(waited.events[0].completion->bytes == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_reset_fails_the_receive) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        Receive receive(stage, poller, false);
        stage.world.reset(receive.pair.peer);
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST((waited.events[0].events & mask::err) == mask::err);
        BOOST_TEST(waited.events[0].completion->error == std::errc::connection_reset);
    });
}

BOOST_AUTO_TEST_CASE(the_end_of_the_stream_is_a_receive_of_nothing) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        Receive receive(stage, poller, false);
        stage.world.shutdown_send(receive.pair.peer);
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST(waited.events[0].events == mask::in);
        BOOST_TEST(waited.events[0].completion->bytes == 0U);
        BOOST_TEST(!waited.events[0].completion->error);
    });
}

BOOST_AUTO_TEST_CASE(closing_the_socket_ends_its_receive) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        Receive receive(stage, poller, false);
        stage.world.close(receive.pair.local);
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        // It is the user's own call, so it has the kernel's error: 1236 on Windows, 676 on Wine.
        const std::error_code error = waited.events[0].completion->error;
        BOOST_TEST(
            (error == std::errc::connection_aborted || error == std::errc::operation_canceled));
    });
}

BOOST_AUTO_TEST_CASE(a_call_in_flight_outlives_the_poller_without_harm) {
    // A forgotten entry costs memory, not integrity: under AddressSanitizer a write into
    // freed memory would end this test.
    on_every_kernel(10, [](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        Receive receive(stage, *poller, true);
        poller.reset();
        BOOST_TEST(stage.world.send(receive.pair.peer, 3).bytes == 3U);
        BOOST_TEST(receive.entry->in_use());
        stage.world.close(receive.pair.local);
    });
}

BOOST_AUTO_TEST_CASE(packets_of_the_users_own_come_with_their_key) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        int context = 0;
        stage.world.post_packet(poller.handle(), 123, 456, &context);
        stage.world.post_packet(poller.handle(), 0, 0, nullptr);
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 2U);
        BOOST_TEST(waited.events[0].data.u64 == 123U);
        BOOST_TEST(waited.events[0].events == mask::in);
        BOOST_TEST(waited.events[0].completion->bytes == 456U);
        BOOST_TEST(waited.events[0].completion->overlapped == &context);
        BOOST_TEST(!waited.events[0].completion->error);
        BOOST_TEST(waited.events[1].data.u64 == 0U);
    });
}

BOOST_AUTO_TEST_CASE(packets_posted_beside_a_wait_in_the_sockets_end_it) {
    on_every_kernel(many_seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair idle = stage.world.tcp_pair();
        BOOST_REQUIRE(poller.register_handle(idle.local, IoInterest::read, 1));
        const Handle port = poller.handle();
        stage.world.beside([&] { stage.world.post_packet(port, 9, 0, nullptr); });
        stage.world.beside([&] { stage.world.post_packet(port, 9, 0, nullptr); });
        std::size_t packets = 0;
        while (packets < 2) {
            const auto waited = wait(poller, wait_forever);
            BOOST_REQUIRE(waited.count() > 0U);
            packets += waited.count();
        }
        BOOST_TEST(packets == 2U);
        stage.world.join();
    });
}

BOOST_AUTO_TEST_CASE(more_packets_than_one_call_takes) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Handle port = poller.handle();
        constexpr std::uint64_t packets = 150;
        for (std::uint64_t i = 0; i < packets; ++i) {
            stage.world.post_packet(port, static_cast<std::uintptr_t>(i), 0, nullptr);
        }
        std::uint64_t next = 0;
        while (next < packets) {
            const auto waited = wait<100>(poller);
            BOOST_REQUIRE(waited.count() > 0U);
            BOOST_TEST(waited.count() <= 64U);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                BOOST_TEST(waited.events[i].data.u64 == next++);  // In the order they came.
            }
        }
        BOOST_TEST(wait(poller, 1ms).count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(associate_refuses_what_can_not_be) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        for (const std::uint64_t own :
             {0xFFFFFFFEU, 0xFFFFFFFDU, 0xFFFFFFFCU, 0xFFFFFFFBU, 0xFFFFFFFAU}) {
            BOOST_TEST(poller.associate_handle(pair.local, own) == std::errc::invalid_argument);
        }
        BOOST_TEST(poller.associate_handle(Handle{}, 1) == std::errc::bad_file_descriptor);
        BOOST_TEST(poller.associate_handle(stage.world.never_a_handle(), 1) ==
                   std::errc::bad_file_descriptor);
        BOOST_TEST(poller.associate_handle(stage.world.thing(Thing::anonymous_pipe), 1) ==
                   std::errc::invalid_argument);
        BOOST_TEST(poller.associate_handle(pair.local, 0xFFFFFFFFU));
        BOOST_TEST(poller.associate_handle(pair.local, 1) == std::errc::invalid_argument);
        OsPoller other = make_poller();
        BOOST_TEST(other.associate_handle(pair.local, 1) == std::errc::invalid_argument);
        BOOST_TEST(poller.associate_handle(stage.world.thing(Thing::disk_file), 1));
        BOOST_TEST(poller.associate_handle(stage.world.thing(Thing::named_pipe), 1));
    });
}

// An assignment would overwrite what the pool knows of an entry.
static_assert(!std::is_assignable_v<OverlappedEntry&, OverlappedEntry>);
static_assert(std::is_copy_constructible_v<OverlappedEntry>);

BOOST_AUTO_TEST_CASE(the_pool_gives_64_entries_and_no_more) {
    on_every_kernel(1, [](Stage&) {
        OsPoller poller = make_poller();
        OverlappedPool& pool = poller.overlapped_pool();
        std::array<OverlappedEntry*, 64> entries{};
        for (OverlappedEntry*& entry : entries) {
            entry = pool.acquire();
            BOOST_REQUIRE(entry != nullptr);
        }
        BOOST_TEST(poller.overlapped_count() == 64U);
        BOOST_TEST(pool.acquire() == nullptr);
        BOOST_TEST(!pool.has_available());
        OsPoller other = make_poller();
        BOOST_TEST(other.overlapped_pool().release(entries[0]) == std::errc::invalid_argument);
        BOOST_TEST(pool.release(entries[63]));
        BOOST_TEST(pool.release(entries[63]) == std::errc::no_such_file_or_directory);
        BOOST_TEST(pool.acquire() == entries[63]);
    });
}

BOOST_AUTO_TEST_SUITE_END()
