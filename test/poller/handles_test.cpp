// Readiness of every kind of handle that is not a socket: when it is reported, and when no longer.
//
// What holds for every kind is tested with each; what is specific to pipes and consoles is in
// pipes_test.cpp and console_test.cpp.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "parking.hpp"
#include "subject.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(handles)

BOOST_DATA_TEST_CASE(a_signal_during_a_wait_ends_it,
                     data::make(all_watched) * data::make(all_parkings), kind, parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 7));
        expect_silence(poller);
        stage.world.beside([&] { stage.expect(subject.signal()); });
        BOOST_TEST(only_event(poller, 7) == mask::in);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(a_signal_from_before_registration_is_reported, data::make(all_watched), kind) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, kind);
        BOOST_TEST(subject.signal());
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 7));
        BOOST_TEST(only_event(poller, 7) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(what_stays_ready_is_reported_by_every_wait_until_it_is_not,
                     data::make(lasting_watched) * data::make(all_parkings), kind, parking) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 7));
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            BOOST_TEST(subject.signal());
            BOOST_TEST(only_event(poller, 7) == mask::in);
            for (int again = 0; again < 3; ++again) {
                BOOST_TEST(wait(poller, 0ms).mask_of(7) == mask::in);
            }
            BOOST_TEST(only_event(poller, 7) == mask::in);
            if (!can_calm(kind)) {
                return;
            }
            subject.calm();
        }
        expect_silence(poller);
    });
}

BOOST_DATA_TEST_CASE(a_signal_that_reporting_takes_is_reported_once,
                     data::make(taken_watched) * data::make(all_parkings), kind, parking) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 7));
        for (int round = 0; round < 3; ++round) {
            expect_silence(poller);
            stage.world.beside([&] { stage.expect(subject.signal()); });
            BOOST_TEST(only_event(poller, 7) == mask::in);
            stage.world.join();
        }
        expect_silence(poller);
    });
}

BOOST_AUTO_TEST_CASE(a_semaphore_is_reported_once_for_each_of_its_count) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, Watched::semaphore);
        const Subject early(stage.world, Watched::semaphore);
        BOOST_TEST(early.signal());
        BOOST_TEST(early.signal());
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        BOOST_REQUIRE(poller.register_handle(early.handle(), IoInterest::read, 2));
        int reports[3] = {};
        const auto count = [&](Timeout timeout) {
            const auto waited = wait(poller, timeout);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                ++reports[waited.events[i].data.u64];
            }
            return waited.count() > 0;
        };
        const auto count_all_of = [&](int id, int expected) {
            while (reports[id] < expected && count(patience)) {
            }
            while (count(5ms)) {
            }
        };
        count_all_of(2, 2);
        BOOST_TEST(reports[1] == 0);
        BOOST_TEST(reports[2] == 2);
        for (int i = 0; i < 5; ++i) {
            BOOST_TEST(subject.signal());
        }
        count_all_of(1, 5);
        BOOST_TEST(reports[1] == 5);
        BOOST_TEST(reports[2] == 2);
    });
}

BOOST_DATA_TEST_CASE(an_empty_interest_is_silent_until_it_is_changed,
                     data::make(all_watched) * data::make(all_parkings), kind, parking) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::none, 1));
        expect_silence(poller);
        BOOST_TEST(subject.signal());
        expect_silence(poller);
        BOOST_REQUIRE(poller.modify_handle(subject.handle(), IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        BOOST_REQUIRE(poller.modify_handle(subject.handle(), IoInterest::none, 3));
        expect_silence(poller);
    });
}

BOOST_DATA_TEST_CASE(an_empty_interest_takes_no_signal_from_others, data::make(taken_watched),
                     kind) {
    on_every_kernel(30, [&](Stage& stage) {
        for (const bool before : {true, false}) {
            for (const bool armed : {true, false}) {
                OsPoller poller = make_poller();
                OsPoller other = make_poller();
                const Subject subject(stage.world, kind);
                const Handle same = stage.world.duplicate(subject.handle());
                BOOST_TEST((!before || subject.signal()));
                if (armed && !before) {
                    BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
                    expect_silence(poller);
                    BOOST_REQUIRE(poller.modify_handle(subject.handle(), IoInterest::none, 1));
                } else {
                    BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::none, 1));
                }
                BOOST_TEST((before || subject.signal()));
                expect_silence(poller);
                BOOST_REQUIRE(other.register_handle(same, IoInterest::read, 2));
                BOOST_TEST(wait(other, 1s).mask_of(2) == mask::in);
            }
        }
    });
}

BOOST_DATA_TEST_CASE(modify_changes_the_user_data_of_what_is_armed, data::make(all_watched), kind) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        expect_silence(poller);
        BOOST_REQUIRE(poller.modify_handle(subject.handle(), IoInterest{mask::rdnorm}, ~0ULL));
        stage.world.beside([&] { stage.expect(subject.signal()); });
        BOOST_TEST(only_event(poller, ~0ULL) == mask::rdnorm);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(one_shot_reports_once_until_it_is_armed_again,
                     data::make(all_watched) * data::make(all_parkings), kind, parking) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, kind);
        constexpr IoInterest once = IoInterest::read | IoInterest::one_shot;
        BOOST_REQUIRE(poller.register_handle(subject.handle(), once, 1));
        stage.world.beside([&] { stage.expect(subject.signal()); });
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.join();
        expect_silence(poller);
        if (takes(kind)) {
            BOOST_TEST(subject.signal());
            expect_silence(poller);
        }
        BOOST_REQUIRE(poller.modify_handle(subject.handle(), once, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        expect_silence(poller);
    });
}

BOOST_DATA_TEST_CASE(nothing_but_a_socket_can_be_watched_for_writing, data::make(all_watched),
                     kind) {
    on_every_kernel(1, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, kind);
        for (const std::uint32_t bits : {mask::out, mask::wrnorm, mask::out | mask::in}) {
            BOOST_TEST(poller.register_handle(subject.handle(), IoInterest{bits}, 1) ==
                       std::errc::invalid_argument);
        }
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(poller.overlapped_count() == 0U);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        BOOST_TEST(poller.modify_handle(subject.handle(), IoInterest::write, 2) ==
                   std::errc::invalid_argument);
        BOOST_TEST(subject.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
    });
}

BOOST_AUTO_TEST_SUITE_END()
