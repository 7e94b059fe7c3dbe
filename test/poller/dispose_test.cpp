// P11 and the ends of a poller's life: dispose, shutdown, moves, and wakers that outlive it.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <memory>
#include <optional>

#include "parking.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// Every call of a poller that has ended, and of nothing else.
void check_that_all_is_refused(OsPoller& poller, Handle handle) {
    constexpr auto ended = std::errc::operation_canceled;
    BOOST_TEST(poller.register_handle(handle, IoInterest::read, 1) == ended);
    BOOST_TEST(poller.modify_handle(handle, IoInterest::read, 1) == ended);
    BOOST_TEST(poller.unregister_handle(handle) == ended);
    BOOST_TEST(poller.associate_handle(handle, 1) == ended);
    const auto waited = wait(poller);
    BOOST_TEST(waited.result.error == ended);
    BOOST_TEST(waited.count() == 0U);
    BOOST_TEST(!poller.post_wakeup());
    BOOST_TEST(!poller.waker().wake());
}

void check_that_it_is_gone(OsPoller& poller, Handle handle) {
    check_that_all_is_refused(poller, handle);
    BOOST_TEST(!poller.post_shutdown());
    BOOST_TEST(!poller.is_valid());
    BOOST_TEST(!static_cast<bool>(poller.handle()));
    BOOST_TEST(poller.registration_count() == 0U);
    BOOST_TEST(poller.overlapped_count() == 0U);
    BOOST_TEST(poller.overlapped_pool().capacity() == 0U);
    BOOST_TEST(poller.overlapped_pool().acquire() == nullptr);
    poller.dispose();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dispose)

BOOST_DATA_TEST_CASE(after_dispose_every_call_is_refused, data::make(all_parkings), parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1));
        BOOST_TEST(wait(poller).mask_of(1) == mask::out);
        (void)poller.overlapped_pool().acquire();
        poller.dispose();
        poller.dispose();
        check_that_it_is_gone(poller, pair.local);
        // The user's sockets are the user's still.
        BOOST_TEST(stage.world.send(pair.local, 1).bytes == 1U);
    });
}

BOOST_AUTO_TEST_CASE(dispose_between_two_waits_of_a_loop) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(poller.register_handle(pair.local, IoInterest::write, 1));
        std::error_code ended;
        for (int turns = 0; !ended && turns < 10; ++turns) {
            const auto waited = wait(poller);
            ended = waited.result.error;
            if (waited.mask_of(1) == mask::out && turns == 3) {
                poller.dispose();
            }
        }
        BOOST_TEST(ended == std::errc::operation_canceled);
    });
}

BOOST_DATA_TEST_CASE(shutdown_ends_the_wait_in_progress, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        const Waker waker = poller.waker();
        stage.world.beside([&] { stage.expect(waker.shutdown()); });
        const auto waited = wait(poller, wait_forever);
        BOOST_TEST(waited.result.error == std::errc::operation_canceled);
        stage.world.join();
        BOOST_TEST(poller.is_valid());  // Its kernel objects stand until it is disposed.
        check_that_all_is_refused(poller, stage.world.tcp_socket());
        BOOST_TEST(poller.post_shutdown());  // Once more is no error.
        poller.dispose();
        check_that_it_is_gone(poller, stage.world.tcp_socket());
    });
}

BOOST_DATA_TEST_CASE(shutdown_before_a_wait_is_not_lost, data::make(all_parkings), parking) {
    on_every_kernel(20, [&](Stage& stage) {
        OsPoller poller = make_poller();
        const Parked parked(stage.world, poller, parking);
        BOOST_TEST(poller.post_shutdown());
        BOOST_TEST(wait(poller).result.error == std::errc::operation_canceled);
    });
}

BOOST_AUTO_TEST_CASE(a_moved_from_poller_is_gone_and_the_other_works) {
    on_every_kernel(5, [](Stage& stage) {
        OsPoller first = make_poller();
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_TEST(first.register_handle(pair.local, IoInterest::write, 1));
        OsPoller second = std::move(first);
        check_that_it_is_gone(first, pair.local);  // NOLINT(bugprone-use-after-move)
        BOOST_TEST(first.stats().waits == 0U);
        BOOST_TEST(wait(second).mask_of(1) == mask::out);

        OsPoller third = make_poller();
        const Waker waker = third.waker();
        third = std::move(second);
        BOOST_TEST(!waker.wake());  // What stood there before is disposed.
        BOOST_TEST(wait(third).mask_of(1) == mask::out);
        OsPoller& alias = third;
        third = std::move(alias);
        BOOST_TEST(wait(third).mask_of(1) == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(wakers_outlive_their_poller) {
    on_every_kernel(20, [](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        Waker waker = poller->waker();
        BOOST_TEST(waker.wake());
        poller.reset();
        BOOST_TEST(!waker.wake());
        BOOST_TEST(!waker.shutdown());
        const Waker copy = waker;
        waker = Waker{};
        BOOST_TEST(!copy.wake());
        // A new poller, perhaps with the old port's number, is none of its business.
        OsPoller next = make_poller();
        BOOST_TEST(!copy.wake());
        BOOST_TEST(!wait(next, 1ms).result.woken);
        (void)stage;
    });
}

BOOST_DATA_TEST_CASE(wakers_race_with_dispose, data::make(all_parkings), parking) {
    on_every_kernel(many_seeds, [&](Stage& stage) {
        auto poller = std::make_unique<OsPoller>(make_poller());
        {
            const Parked parked(stage.world, *poller, parking);
            for (int i = 0; i < 3; ++i) {
                stage.world.beside([waker = poller->waker()] {
                    while (waker.wake()) {
                        break;
                    }
                });
            }
            (void)wait(*poller, 1ms);
        }
        poller.reset();
        stage.world.join();
    });
}

#if !defined(_WIN32)

BOOST_DATA_TEST_CASE(dispose_closes_all_that_was_opened, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        const std::size_t before = stage.kernel.open_handles();
        std::optional<OsPoller> poller = make_poller();
        BOOST_TEST(stage.kernel.winsock_sessions() == 1U);
        {
            const Parked parked(stage.world, *poller, parking);
            stage.world.beside([&] { stage.expect(poller->post_wakeup()); });
            BOOST_TEST(wait(*poller).result.woken);
            stage.world.join();
            poller.reset();
            for (const SocketPair& pair : {parked.sockets(), parked.associated()}) {
                if (pair.local) {
                    stage.world.close(pair.local);
                    stage.world.close(pair.peer);
                }
            }
        }
        BOOST_TEST(stage.kernel.open_handles() == before);
        BOOST_TEST(stage.kernel.winsock_sessions() == 0U);
    });
}

// Other threads have been terminated when the destructors of a DLL's static objects run, one of
// them perhaps in a wait. test/process_end shows what happens on Windows' own kernel.
BOOST_DATA_TEST_CASE(a_process_that_ends_waits_for_nobody, data::make(all_parkings), parking) {
    on_every_kernel(100, [&](Stage& stage) {
        std::optional<OsPoller> poller = make_poller();
        const Waker waker = poller->waker();
        const Parked parked(stage.world, *poller, parking);
        const Handle port = poller->handle();
        std::uint64_t calls = 1;
        stage.kernel.when_blocked([&] {
            stage.kernel.end_process();
            const std::uint64_t before = stage.kernel.calls();
            poller->dispose();
            calls = stage.kernel.calls() - before;
            stage.expect(poller->unregister_handle(Handle{4}) == std::errc::operation_canceled);
            stage.expect(!waker.wake());
        });
        // The thread that Windows would have terminated continues here, long after.
        stage.kernel.at(1s, [&] {
            stage.world.post_packet(port, 8, 0, nullptr);
            if (parked.sockets().peer) {
                stage.world.send(parked.sockets().peer, 1);
            }
        });
        BOOST_CHECK(wait(*poller).result.error == std::errc::operation_canceled);
        BOOST_TEST(calls == 0U);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
