// The end of a pipe is reported whatever the interest, as in epoll; and what the interest excludes
// is neither reported nor waited for.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <functional>
#include <utility>

#include "parking.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(pipe_hang_ups)

namespace {

constexpr std::array pipes_of_each_kind = {Watched::byte_pipe, Watched::message_pipe,
                                           Watched::anonymous_pipe};
constexpr IoInterest once = IoInterest::one_shot;

/// Waits that have nothing to report and must not spin.
void expect_rest(OsPoller& poller) {
    expect_silence(poller);
    const std::uint64_t before = poller.stats().blocked;
    BOOST_TEST(wait(poller, 100ms).count() == 0U);
    // One block, and some more if the kernel ends a wait early.
    BOOST_TEST(poller.stats().blocked - before <= 15U);
}

/// Which end of a named pipe is registered.
enum class End { server, client, synchronous_client };
constexpr std::array ends_of_a_server = {End::server, End::client, End::synchronous_client};

std::ostream& operator<<(std::ostream& out, End end) {
    constexpr std::array names = {"server", "client", "synchronous_client"};
    return out << names[static_cast<std::size_t>(end)];
}

struct ServedPipe {
    ServedPipe(World& world, End end) {
        const PipePair pair = world.pipe_pair(
            end == End::synchronous_client ? PipeKind::bytes : PipeKind::both_overlapped);
        server = pair.local;
        handle = end == End::server ? pair.local : pair.peer;
        other = end == End::server ? pair.peer : pair.local;
    }

    Handle server;
    Handle handle;
    Handle other;
};

}  // namespace

BOOST_DATA_TEST_CASE(an_end_during_a_wait_is_hup_whatever_the_interest,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    for (const IoInterest interest : {IoInterest::none, IoInterest::read_hangup}) {
        on_every_kernel(30, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Parked parked(stage.world, poller, parking);
            const Subject pipe(stage.world, kind);
            BOOST_REQUIRE(poller.register_handle(pipe.handle(), interest, 1));
            expect_silence(poller);
            stage.world.beside([&] { stage.world.close_handle(pipe.peer()); });
            BOOST_TEST(only_event(poller, 1) == mask::hup);
            stage.world.join();
            for (int again = 0; again < 3; ++again) {
                BOOST_TEST(wait(poller, 0ms).mask_of(1) == mask::hup);
            }
            BOOST_REQUIRE(poller.modify_handle(pipe.handle(), IoInterest::read, 2));
            BOOST_TEST(only_event(poller, 2) == (mask::in | mask::hup));
            BOOST_REQUIRE(poller.unregister_handle(pipe.handle()));
            expect_rest(poller);
        });
    }
}

BOOST_DATA_TEST_CASE(an_end_from_before_registration_is_hup, data::make(pipes_of_each_kind), kind) {
    on_every_kernel(10, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        stage.world.close_handle(pipe.peer());
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::none, 1));
        BOOST_TEST(only_event(poller, 1) == mask::hup);
        BOOST_TEST(only_event(poller, 1) == mask::hup);
    });
}

BOOST_DATA_TEST_CASE(a_one_shot_reports_its_end_once,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), once, 1));
        expect_silence(poller);
        stage.world.close_handle(pipe.peer());
        BOOST_TEST(only_event(poller, 1) == mask::hup);
        expect_rest(poller);
        BOOST_REQUIRE(poller.modify_handle(pipe.handle(), once, 2));
        BOOST_TEST(only_event(poller, 2) == mask::hup);
        expect_rest(poller);
    });
}

BOOST_DATA_TEST_CASE(a_one_shot_that_has_reported_is_silent_about_the_end,
                     data::make(pipes_of_each_kind), kind) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read | once, 1));
        BOOST_TEST(pipe.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        pipe.calm();
        stage.world.close_handle(pipe.peer());
        expect_rest(poller);
        BOOST_REQUIRE(poller.modify_handle(pipe.handle(), once, 2));
        BOOST_TEST(only_event(poller, 2) == mask::hup);
    });
}

BOOST_DATA_TEST_CASE(an_interest_that_is_taken_away_leaves_the_end,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 1));
        expect_silence(poller);
        BOOST_REQUIRE(poller.modify_handle(pipe.handle(), IoInterest::none, 2));
        expect_silence(poller);
        stage.world.beside([&] { stage.world.close_handle(pipe.peer()); });
        BOOST_TEST(only_event(poller, 2) == mask::hup);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(another_thread_changes_the_interest_beside_a_wait,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject unread(stage.world, kind);
        const Subject ended(stage.world, kind);
        BOOST_TEST(unread.signal());
        stage.world.close_handle(ended.peer());
        BOOST_REQUIRE(poller.register_handle(unread.handle(), IoInterest::none, 1));
        const auto during_the_wait = [&](std::function<void()> action) {
#if defined(_WIN32)
            stage.world.beside(std::move(action));
#else
            stage.kernel.when_blocked(std::move(action));
#endif
        };
        during_the_wait(
            [&] { stage.expect(poller.register_handle(ended.handle(), IoInterest::none, 2)); });
        BOOST_TEST(only_event(poller, 2) == mask::hup);
        stage.world.join();
        BOOST_REQUIRE(poller.unregister_handle(ended.handle()));
        expect_silence(poller);
        during_the_wait(
            [&] { stage.expect(poller.modify_handle(unread.handle(), IoInterest::read, 3)); });
        BOOST_TEST(only_event(poller, 3) == mask::in);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(what_is_unread_and_not_wanted_neither_shows_nor_spins,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::none, 1));
        expect_silence(poller);
        BOOST_TEST(pipe.signal());
        expect_rest(poller);
        // The end comes after the data, and is found by the next wait.
        stage.world.close_handle(pipe.peer());
        expect_rest(poller);
        pipe.calm();
        BOOST_TEST(only_event(poller, 1) == mask::hup);
        BOOST_TEST(only_event(poller, 1) == mask::hup);
    });
}

BOOST_DATA_TEST_CASE(what_is_unread_is_reported_once_it_is_wanted,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::none, 1));
        BOOST_TEST(pipe.signal());
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            BOOST_REQUIRE(poller.modify_handle(pipe.handle(), IoInterest::read, 2));
            BOOST_TEST(only_event(poller, 2) == mask::in);
            BOOST_REQUIRE(poller.modify_handle(pipe.handle(), IoInterest::none, 1));
        }
        // Taken elsewhere since, so it is waited for again.
        pipe.calm();
        expect_rest(poller);
        stage.world.beside([&] { stage.world.close_handle(pipe.peer()); });
        BOOST_TEST(only_event(poller, 1) == mask::hup);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(a_registration_ends_while_its_pipe_is_unread, data::make(pipes_of_each_kind),
                     kind) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        const Subject other(stage.world, kind);
        const Subject closed(stage.world, kind);
        for (const Subject* each : {&pipe, &other, &closed}) {
            BOOST_REQUIRE(poller.register_handle(each->handle(), IoInterest::none, 1));
            BOOST_TEST(each->signal());
        }
        expect_silence(poller);
        BOOST_REQUIRE(poller.unregister_handle(pipe.handle()));
        stage.world.close_handle(closed.handle());
        expect_silence(poller);
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_REQUIRE(poller.register_handle(pipe.handle(), IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        poller.dispose();
        std::array<std::byte, 4> bytes;
        for (const Subject* each : {&pipe, &other}) {
            BOOST_TEST(stage.world.take(each->handle(), bytes).bytes == 1U);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_message_of_no_bytes_that_is_not_wanted_is_kept_until_it_is) {
    on_every_kernel(30, [](Stage& stage) {
        OsPoller poller = make_poller();
        const PipePair pipe = stage.world.pipe_pair(PipeKind::messages);
        BOOST_REQUIRE(poller.register_handle(pipe.local, IoInterest::none, 1));
        expect_silence(poller);
        BOOST_TEST(!stage.world.put(pipe.peer, {}).error);
        expect_rest(poller);
        BOOST_REQUIRE(poller.modify_handle(pipe.local, IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        expect_silence(poller);
        // And it hides no end.
        BOOST_REQUIRE(poller.modify_handle(pipe.local, IoInterest::none, 3));
        BOOST_TEST(!stage.world.put(pipe.peer, {}).error);
        expect_rest(poller);
        stage.world.close_handle(pipe.peer);
        BOOST_TEST(only_event(poller, 3) == mask::hup);
    });
}

// Disconnected by the server
// ------------------------------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(a_pipe_that_is_disconnected_during_a_wait_is_hup,
                     data::make(ends_of_a_server) * data::make(all_parkings), end, parking) {
    for (const IoInterest interest : {IoInterest::none, IoInterest::read}) {
        on_every_kernel(20, [&](Stage& stage) {
            const std::uint32_t expected =
                mask::hup | (interest == IoInterest::read ? mask::in : mask::none);
            OsPoller poller = make_poller();
            const Parked parked(stage.world, poller, parking);
            const ServedPipe pipe(stage.world, end);
            BOOST_REQUIRE(poller.register_handle(pipe.handle, interest, 1));
            expect_silence(poller);
            stage.world.beside([&] { stage.world.disconnect_pipe(pipe.server); });
            BOOST_TEST(only_event(poller, 1) == expected);
            stage.world.join();
            BOOST_TEST(wait(poller, 0ms).mask_of(1) == expected);
            BOOST_TEST(poller.registration_count() == (parking == Parking::no_socket ? 1U : 2U));
            BOOST_REQUIRE(poller.modify_handle(pipe.handle, once, 2));
            BOOST_TEST(only_event(poller, 2) == mask::hup);
            expect_rest(poller);
        });
    }
}

BOOST_DATA_TEST_CASE(what_was_unread_is_gone_with_the_connection, data::make(ends_of_a_server),
                     end) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const ServedPipe pipe(stage.world, end);
        constexpr std::array one = {std::byte{1}};
        BOOST_REQUIRE(poller.register_handle(pipe.handle, IoInterest::read, 1));
        BOOST_TEST(!stage.world.put(pipe.other, one).error);
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.disconnect_pipe(pipe.server);
        BOOST_TEST(only_event(poller, 1) == (mask::in | mask::hup));
    });
}

BOOST_DATA_TEST_CASE(a_pipe_that_is_disconnected_can_not_be_registered,
                     data::make(ends_of_a_server), end) {
    on_every_kernel(5, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const ServedPipe pipe(stage.world, end);
        stage.world.disconnect_pipe(pipe.server);
        BOOST_TEST((OsPoller::classify(pipe.handle).value() == HandleType::pipe));
        for (const IoInterest interest : {IoInterest::none, IoInterest::read}) {
            BOOST_TEST(poller.register_handle(pipe.handle, interest, 1) ==
                       std::errc::not_connected);
        }
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.overlapped_count() == 0U);
        expect_silence(poller);
    });
}

BOOST_DATA_TEST_CASE(an_operation_on_a_disconnected_pipe_is_reported_as_broken,
                     data::make({End::server, End::client}), end) {
    on_every_kernel(20, [&](Stage& stage) {
        std::array<std::byte, 4> bytes{};
        OsPoller poller = make_poller();
        const ServedPipe pipe(stage.world, end);
        for (int round = 0; round < 2; ++round) {
            // In flight at first, and begun afterwards in the second round.
            BOOST_REQUIRE(poller.submit_read(pipe.handle, bytes, 1));
            if (round == 0) {
                BOOST_TEST(wait(poller, 1ms).count() == 0U);
                stage.world.disconnect_pipe(pipe.server);
            }
            const auto waited = wait(poller);
            BOOST_REQUIRE(waited.count() == 1U);
            BOOST_TEST(waited.events[0].events == (mask::in | mask::hup));
            BOOST_TEST(waited.events[0].completion->error == std::errc::broken_pipe);
        }
        BOOST_REQUIRE(poller.submit_write(pipe.handle, std::span<const std::byte>(bytes), 2));
        const auto waited = wait(poller);
        BOOST_REQUIRE(waited.count() == 1U);
        BOOST_TEST(waited.events[0].events == (mask::out | mask::err | mask::hup));
        BOOST_TEST(waited.events[0].completion->error == std::errc::broken_pipe);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_that_comes_after_the_disconnection_is_reported_as_broken) {
    // The handle was not known before.
    on_every_kernel(20, [&](Stage& stage) {
        std::array<std::byte, 4> bytes{};
        OsPoller poller = make_poller();
        const ServedPipe pipe(stage.world, End::client);
        const ServedPipe synchronous(stage.world, End::synchronous_client);
        for (const ServedPipe* each : {&pipe, &synchronous}) {
            stage.world.disconnect_pipe(each->server);
        }
        BOOST_TEST(poller.submit_read(synchronous.handle, bytes, 1).error() ==
                   std::errc::not_supported);
        BOOST_REQUIRE(poller.submit_read(pipe.handle, bytes, 2));
        BOOST_TEST(wait(poller).events[0].events == (mask::in | mask::hup));
    });
}

BOOST_AUTO_TEST_SUITE_END()
