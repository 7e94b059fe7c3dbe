// The end of a pipe is reported whatever the interest, as epoll does; and what the interest does
// not want is neither shown nor waited for.
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
    // One block, and some more where the kernel ends a wait early.
    BOOST_TEST(poller.stats().blocked - before <= 15U);
}

}  // namespace

BOOST_DATA_TEST_CASE(an_end_during_a_wait_is_hup_whatever_the_interest,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    for (const IoInterest interest : {IoInterest::none, IoInterest::read_hangup}) {
        on_every_kernel(30, [&](Stage& stage) {
            OsPoller poller = make_poller();
            const Parked parked(stage.world, poller, parking);
            const Subject pipe(stage.world, kind);
            BOOST_REQUIRE(!poller.register_handle(pipe.handle(), interest, 1));
            expect_silence(poller);
            stage.world.beside([&] { stage.world.close_handle(pipe.peer()); });
            BOOST_TEST(only_event(poller, 1) == mask::hup);
            stage.world.join();
            for (int again = 0; again < 3; ++again) {
                BOOST_TEST(wait(poller, 0ms).mask_of(1) == mask::hup);
            }
            BOOST_REQUIRE(!poller.modify_handle(pipe.handle(), IoInterest::read, 2));
            BOOST_TEST(only_event(poller, 2) == (mask::in | mask::hup));
            BOOST_REQUIRE(!poller.unregister_handle(pipe.handle()));
            expect_rest(poller);
        });
    }
}

BOOST_DATA_TEST_CASE(an_end_from_before_registration_is_hup, data::make(pipes_of_each_kind), kind) {
    on_every_kernel(10, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        stage.world.close_handle(pipe.peer());
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), IoInterest::none, 1));
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
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), once, 1));
        expect_silence(poller);
        stage.world.close_handle(pipe.peer());
        BOOST_TEST(only_event(poller, 1) == mask::hup);
        expect_rest(poller);
        BOOST_REQUIRE(!poller.modify_handle(pipe.handle(), once, 2));
        BOOST_TEST(only_event(poller, 2) == mask::hup);
        expect_rest(poller);
    });
}

BOOST_DATA_TEST_CASE(a_one_shot_that_has_reported_is_silent_about_the_end,
                     data::make(pipes_of_each_kind), kind) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), IoInterest::read | once, 1));
        BOOST_TEST(pipe.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        pipe.calm();
        stage.world.close_handle(pipe.peer());
        expect_rest(poller);
        BOOST_REQUIRE(!poller.modify_handle(pipe.handle(), once, 2));
        BOOST_TEST(only_event(poller, 2) == mask::hup);
    });
}

BOOST_DATA_TEST_CASE(an_interest_that_is_taken_away_leaves_the_end,
                     data::make(pipes_of_each_kind) * data::make(all_parkings), kind, parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject pipe(stage.world, kind);
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), IoInterest::read, 1));
        expect_silence(poller);
        BOOST_REQUIRE(!poller.modify_handle(pipe.handle(), IoInterest::none, 2));
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
        BOOST_REQUIRE(!poller.register_handle(unread.handle(), IoInterest::none, 1));
        const auto during_the_wait = [&](std::function<void()> action) {
#if defined(_WIN32)
            stage.world.beside(std::move(action));
#else
            stage.kernel.when_blocked(std::move(action));
#endif
        };
        during_the_wait(
            [&] { stage.expect(!poller.register_handle(ended.handle(), IoInterest::none, 2)); });
        BOOST_TEST(only_event(poller, 2) == mask::hup);
        stage.world.join();
        BOOST_REQUIRE(!poller.unregister_handle(ended.handle()));
        expect_silence(poller);
        during_the_wait(
            [&] { stage.expect(!poller.modify_handle(unread.handle(), IoInterest::read, 3)); });
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
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), IoInterest::none, 1));
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
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), IoInterest::none, 1));
        BOOST_TEST(pipe.signal());
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            BOOST_REQUIRE(!poller.modify_handle(pipe.handle(), IoInterest::read, 2));
            BOOST_TEST(only_event(poller, 2) == mask::in);
            BOOST_REQUIRE(!poller.modify_handle(pipe.handle(), IoInterest::none, 1));
        }
        // Taken elsewhere meanwhile, so it is waited for again.
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
            BOOST_REQUIRE(!poller.register_handle(each->handle(), IoInterest::none, 1));
            BOOST_TEST(each->signal());
        }
        expect_silence(poller);
        BOOST_REQUIRE(!poller.unregister_handle(pipe.handle()));
        stage.world.close_handle(closed.handle());
        expect_silence(poller);
        BOOST_TEST(poller.registration_count() == 1U);
        BOOST_REQUIRE(!poller.register_handle(pipe.handle(), IoInterest::read, 2));
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
        BOOST_REQUIRE(!poller.register_handle(pipe.local, IoInterest::none, 1));
        expect_silence(poller);
        BOOST_TEST(!stage.world.put(pipe.peer, {}).error);
        expect_rest(poller);
        BOOST_REQUIRE(!poller.modify_handle(pipe.local, IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        expect_silence(poller);
        // And it hides no end.
        BOOST_REQUIRE(!poller.modify_handle(pipe.local, IoInterest::none, 3));
        BOOST_TEST(!stage.world.put(pipe.peer, {}).error);
        expect_rest(poller);
        stage.world.close_handle(pipe.peer);
        BOOST_TEST(only_event(poller, 3) == mask::hup);
    });
}

BOOST_AUTO_TEST_SUITE_END()
