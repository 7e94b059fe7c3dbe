// How registrations of handles that are not sockets begin and end: unregistered, closed, recycled,
// one too many, refused.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <vector>

#include "parking.hpp"
#include "subject.hpp"
#if defined(_WIN32)
#include "win32_objects.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// Windows does not close a synchronous file while a thread reads from it.
constexpr std::array closable = {Watched::event,
                                 Watched::auto_reset_event,
                                 Watched::process,
                                 Watched::thread,
                                 Watched::semaphore,
                                 Watched::timer,
                                 Watched::auto_reset_timer,
                                 Watched::byte_pipe,
                                 Watched::message_pipe};

/// A new handle of the kind with the number `wanted`, which is closed. Empty if the kernel does
/// not give that number again.
std::vector<Subject> recycle(World& world, Watched kind, Handle wanted) {
    const int most_tries = kind == Watched::process ? 10 : 200;  // Which take long to start.
    for (int tries = 0; tries < most_tries; ++tries) {
        const Subject subject(world, kind);
        if (subject.handle() == wanted) {
            return {subject};
        }
    }
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handle_lifetimes)

BOOST_DATA_TEST_CASE(what_is_unregistered_is_not_heard_of, data::make(all_watched), kind) {
    on_every_kernel(100, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        BOOST_TEST(poller.register_handle(subject.handle(), IoInterest::read, 1) ==
                   std::errc::file_exists);
        expect_silence(poller);
        BOOST_REQUIRE(poller.unregister_handle(subject.handle()));
        BOOST_TEST(poller.registration_count() == 0U);
        BOOST_TEST(subject.signal());
        expect_silence(poller);
        BOOST_TEST(poller.overlapped_count() == 0U);
    });
}

BOOST_DATA_TEST_CASE(a_new_registration_hears_nothing_of_the_old_one, data::make(all_watched),
                     kind) {
    on_every_kernel(200, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject subject(stage.world, kind);
        for (std::uint64_t tenant = 1; tenant <= 4; ++tenant) {
            BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, tenant));
            BOOST_TEST(wait(poller, 0ms).count() == 0U);
            // The signal is seen, or a packet is queued, just when the registration ends.
            stage.world.beside([&] { stage.expect(subject.signal()); });
            BOOST_REQUIRE(poller.unregister_handle(subject.handle()));
            BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 10 * tenant));
            stage.world.join();
            // A signal that the first one took may be lost with it; the new one gets any other.
            const auto waited = wait(poller, takes(kind) ? Timeout{5ms} : Timeout{patience});
            BOOST_TEST(waited.count() <= 1U);
            BOOST_TEST(waited.mask_of(tenant) == 0U);
            BOOST_TEST((takes(kind) || waited.mask_of(10 * tenant) == mask::in));
            BOOST_REQUIRE(poller.unregister_handle(subject.handle()));
            if (!can_calm(kind) && !takes(kind)) {
                return;
            }
            if (can_calm(kind)) {
                subject.calm();
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(every_slot_can_hold_an_event) {
    on_every_kernel(1, [](Stage& stage) {
        OsPoller poller = make_poller();
        std::vector<Handle> events;
        for (std::uint64_t i = 0; i < 1024; ++i) {
            events.push_back(stage.world.thing(Thing::event));
            BOOST_REQUIRE(poller.register_handle(events.back(), IoInterest::read, i));
        }
        expect_silence(poller);
        const Handle late = stage.world.thing(Thing::event);
        BOOST_TEST(poller.register_handle(late, IoInterest::read, 1024) ==
                   std::errc::no_space_on_device);
        stage.world.signal(events[0]);
        stage.world.signal(events[1023]);
        BOOST_TEST(wait(poller).count() > 0U);
        BOOST_REQUIRE(poller.unregister_handle(events[0]));
        BOOST_REQUIRE(poller.unregister_handle(events[1023]));
        BOOST_REQUIRE(poller.register_handle(late, IoInterest::read, 1024));
        stage.world.signal(late);
        BOOST_TEST(only_event(poller, 1024) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(a_handle_closed_while_registered_costs_its_own_registration,
                     data::make(closable) * data::make(all_parkings), kind, parking) {
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject subject(stage.world, kind);
        const Subject other(stage.world, Watched::event);
        BOOST_REQUIRE(poller.register_handle(subject.handle(), IoInterest::read, 1));
        BOOST_REQUIRE(poller.register_handle(other.handle(), IoInterest::read, 2));
        expect_silence(poller);
        stage.world.close_handle(subject.handle());
        expect_silence(poller);
        // The kernel reports it only if something was in flight on the handle.
        BOOST_TEST(poller.stats().registrations_dropped == (is_overlapped_pipe(kind) ? 1U : 0U));
        stage.world.beside([&] { stage.expect(other.signal()); });
        BOOST_TEST(only_event(poller, 2) == mask::in);
        stage.world.join();
    });
}

BOOST_DATA_TEST_CASE(a_closed_one_takes_no_signal_of_another, data::make(all_parkings), parking) {
    // The pool waits on a copy of the handle, which gets the first free number.
    on_every_kernel(30, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject closed(stage.world, Watched::event);
        const Subject other(stage.world, Watched::auto_reset_event);
        BOOST_REQUIRE(poller.register_handle(other.handle(), IoInterest::read, 2));
        BOOST_REQUIRE(poller.register_handle(closed.handle(), IoInterest::read, 1));
        BOOST_TEST(other.signal());
        BOOST_TEST(closed.signal());
        // From now on both are polled in each wait, the other one first.
        BOOST_REQUIRE(wait(poller).count() == 2U);
        stage.world.close_handle(closed.handle());
        for (int times = 0; times < 4; ++times) {
            expect_silence(poller);
            stage.world.beside([&] { stage.expect(other.signal()); });
            BOOST_TEST(only_event(poller, 2) == mask::in);
            stage.world.join();
        }
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_AUTO_TEST_CASE(a_closed_one_is_not_taken_for_the_timer) {
    on_every_kernel(60, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject closed(stage.world, Watched::event);
        BOOST_REQUIRE(poller.register_handle(closed.handle(), IoInterest::read, 1));
        BOOST_TEST(closed.signal());
        BOOST_TEST(only_event(poller, 1) == mask::in);
        stage.world.close_handle(closed.handle());
        // The kernel's timer gets the number.
        BOOST_REQUIRE(poller.set_timer(Clock::now() + 5ms));
        bool timer = false;
        for (int waits = 0; waits < 5; ++waits) {
            const auto waited = wait(poller, 5ms);
            BOOST_TEST(waited.count() == 0U);
            timer = timer || waited.result.timer;
        }
        BOOST_TEST(timer);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

BOOST_DATA_TEST_CASE(a_recycled_number_is_a_new_registration, data::make(all_watched), kind) {
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Subject old(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(old.handle(), IoInterest::read, 1));
        expect_silence(poller);
        BOOST_TEST(old.signal());
        BOOST_REQUIRE(poller.unregister_handle(old.handle()));
        stage.world.close_handle(old.handle());
        const std::vector<Subject> fresh = recycle(stage.world, kind, old.handle());
        if (fresh.empty()) {
            BOOST_TEST_MESSAGE("the kernel did not give the number again");
            return;
        }
        BOOST_REQUIRE(poller.register_handle(fresh[0].handle(), IoInterest::read, 2));
        expect_silence(poller);
        BOOST_TEST(fresh[0].signal());
        BOOST_TEST(only_event(poller, 2) == mask::in);
    });
}

BOOST_DATA_TEST_CASE(a_pipe_closed_over_its_read_is_no_pipe_that_gets_its_number,
                     data::make({Watched::byte_pipe, Watched::message_pipe}) *
                         data::make(all_parkings),
                     kind, parking) {
    // Windows ends the read with what the close of the other end would, too.
    on_every_kernel(50, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Subject old(stage.world, kind);
        BOOST_REQUIRE(poller.register_handle(old.handle(), IoInterest::read, 1));
        expect_silence(poller);
        stage.world.close_handle(old.handle());
        const std::vector<Subject> fresh = recycle(stage.world, kind, old.handle());
        if (fresh.empty()) {
            BOOST_TEST_MESSAGE("the kernel did not give the number again");
            return;
        }
        BOOST_TEST(fresh[0].signal());
        expect_silence(poller);
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
        BOOST_TEST(poller.overlapped_count() == 0U);
        BOOST_REQUIRE(poller.register_handle(fresh[0].handle(), IoInterest::read, 2));
        BOOST_TEST(only_event(poller, 2) == mask::in);
        fresh[0].calm();
        expect_silence(poller);
        stage.world.close_handle(fresh[0].peer());
        BOOST_TEST(only_event(poller, 2) == (mask::in | mask::hup));
        BOOST_TEST(poller.stats().registrations_dropped == 1U);
    });
}

#if defined(_WIN32)
BOOST_AUTO_TEST_CASE(a_handle_without_the_right_to_wait_is_refused) {
    Stage stage;
    OsPoller poller = make_poller();
    const Handle event = stage.world.thing(Thing::event);
    HANDLE weak = nullptr;
    const HANDLE process = ::GetCurrentProcess();
    BOOST_REQUIRE(::DuplicateHandle(process, event.native(), process, &weak, EVENT_MODIFY_STATE,
                                    FALSE, 0) != FALSE);
    BOOST_TEST(poller.register_handle(Handle(weak), IoInterest::read, 1) ==
               std::errc::permission_denied);
    BOOST_TEST(poller.registration_count() == 0U);
    ::CloseHandle(weak);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
