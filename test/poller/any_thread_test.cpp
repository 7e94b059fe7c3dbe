// P13: any thread may make any call while another is blocked in a wait, and the call is in force
// when it returns.
//
// On the virtual clock the other thread acts when the wait has blocked; on Windows it is a real
// thread and acts at some time during the wait. The result must be the same.
#include <array>
#include <functional>
#include <thread>

#include "operation_support.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

constexpr int seeds = 60;

/// Has another thread act during the next wait.
void during_the_wait(Stage& stage, std::function<void()> action) {
#if defined(_WIN32)
    stage.world.beside(std::move(action));
#else
    stage.kernel.when_blocked(std::move(action));
#endif
}

/// A poller with one quiet socket, so that a wait blocks where its backend does.
struct Waiting {
    explicit Waiting(Stage& stage) : quiet(stage.world.tcp_pair()) {
        BOOST_REQUIRE(poller.register_handle(quiet.local, IoInterest::read, 99));
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
    }
    ~Waiting() { BOOST_TEST(!wait(poller, 1ms).result.error); }

    /// What was reported first, of a wait that another thread may have to wake.
    NativeEvent next(Stage& stage) {
        const auto waited = wait(poller);
        BOOST_TEST(!waited.result.error);
        BOOST_TEST(waited.count() == 1U);
        stage.world.join();
        return waited.events[0];
    }

    OsPoller poller = make_poller();
    SocketPair quiet;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(any_thread)

BOOST_AUTO_TEST_CASE(a_socket_registered_beside_a_wait_is_reported_by_it) {
    for (const bool ready_before : {true, false}) {
        on_every_kernel(seeds, [&](Stage& stage) {
            Waiting waiting(stage);
            const SocketPair pair = stage.world.tcp_pair();
            if (ready_before) {
                stage.world.send(pair.peer, 1);
            }
            during_the_wait(stage, [&] {
                stage.expect(waiting.poller.register_handle(pair.local, IoInterest::read, 1));
                if (!ready_before) {
                    stage.world.send(pair.peer, 1);
                }
            });
            BOOST_TEST(waiting.next(stage).data.u64 == 1U);
        });
    }
}

BOOST_AUTO_TEST_CASE(an_interest_that_grows_beside_a_wait_is_reported_by_it) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
        during_the_wait(stage, [&] {
            stage.expect(waiting.poller.modify_handle(waiting.quiet.local, IoInterest::write, 5));
        });
        const NativeEvent event = waiting.next(stage);
        BOOST_TEST(event.data.u64 == 5U);
        BOOST_TEST(event.events == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(a_one_shot_armed_beside_a_wait_reports_once) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
        const IoInterest once = IoInterest::read | IoInterest::one_shot;
        BOOST_REQUIRE(waiting.poller.modify_handle(waiting.quiet.local, once, 1));
        stage.world.send(waiting.quiet.peer, 1);
        for (std::uint64_t round = 1; round < 5; ++round) {
            BOOST_TEST(waiting.next(stage).data.u64 == round);
            BOOST_TEST(wait(waiting.poller, 1ms).count() == 0U);
            during_the_wait(stage, [&, round] {
                stage.expect(waiting.poller.modify_handle(waiting.quiet.local, once, round + 1));
            });
        }
        BOOST_TEST(waiting.next(stage).data.u64 == 5U);
    });
}

BOOST_AUTO_TEST_CASE(what_was_unregistered_beside_a_wait_is_not_reported) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
        during_the_wait(stage, [&] {
            stage.expect(waiting.poller.unregister_handle(waiting.quiet.local));
            stage.world.send(waiting.quiet.peer, 1);
        });
        BOOST_TEST(wait(waiting.poller, 20ms).count() == 0U);
        stage.world.join();
        BOOST_TEST(waiting.poller.registration_count() == 0U);
        BOOST_TEST(wait(waiting.poller, 1ms).count() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_registered_again_beside_a_wait_hears_nothing_of_before) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
        during_the_wait(stage, [&] {
            stage.expect(waiting.poller.unregister_handle(waiting.quiet.local));
            stage.expect(waiting.poller.register_handle(waiting.quiet.local, IoInterest::write, 7));
        });
        const NativeEvent event = waiting.next(stage);
        BOOST_TEST(event.data.u64 == 7U);
        BOOST_TEST(event.events == mask::out);
    });
}

BOOST_AUTO_TEST_CASE(the_seventeenth_socket_moves_a_blocked_wait_to_afd) {
    on_every_kernel(Backend::automatic, seeds, [](Stage& stage) {
        Waiting waiting(stage);
        std::vector<SocketPair> pairs;
        for (std::uint64_t i = 1; i < 16; ++i) {
            pairs.push_back(stage.world.tcp_pair());
            BOOST_REQUIRE(waiting.poller.register_handle(pairs.back().local, IoInterest::read, i));
        }
        BOOST_TEST(wait(waiting.poller, 0ms).count() == 0U);
        const SocketPair last = stage.world.tcp_pair();
        during_the_wait(stage, [&] {
            stage.expect(waiting.poller.register_handle(last.local, IoInterest::read, 16));
            stage.world.send(pairs[3].peer, 1);
        });
        BOOST_TEST(waiting.next(stage).data.u64 == 4U);
        stage.world.receive(pairs[3].local, 1);
        stage.world.send(last.peer, 1);
        BOOST_TEST(wait(waiting.poller).mask_of(16) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(an_event_and_an_operation_begun_beside_a_wait_end_it) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
        const Handle event = stage.world.thing(Thing::event);
        during_the_wait(stage, [&] {
            stage.expect(waiting.poller.register_handle(event, IoInterest::read, 1));
            stage.world.signal(event);
        });
        BOOST_TEST(waiting.next(stage).data.u64 == 1U);
        BOOST_REQUIRE(waiting.poller.unregister_handle(event));
        const Handle file = stage.world.file_of(16);
        std::array<std::byte, 16> buffer;
        during_the_wait(
            stage, [&] { stage.expect(waiting.poller.submit_read(file, buffer, 2).has_value()); });
        const NativeEvent done = waiting.next(stage);
        BOOST_TEST(done.data.u64 == 2U);
        BOOST_TEST(done.completion != nullptr);
    });
}

BOOST_AUTO_TEST_CASE(a_timer_set_beside_a_wait_ends_it) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
        for (const auto delay : {0ms, 3ms}) {
            const Clock::time_point before = Clock::now();
            during_the_wait(stage,
                            [&] { stage.expect(waiting.poller.set_timer(Clock::now() + delay)); });
            BOOST_TEST(wait(waiting.poller).result.timer);
            BOOST_TEST((Clock::now() - before < patience));
            stage.world.join();
        }
    });
}

BOOST_AUTO_TEST_CASE(a_second_wait_is_refused_and_changes_nothing) {
    on_every_kernel(seeds, [](Stage& stage) {
        Waiting waiting(stage);
#if !defined(_WIN32)
        stage.kernel.when_blocked([&] {
            const WaitResult refused = wait(waiting.poller, 1ms).result;
            stage.expect(refused.error == std::errc::device_or_resource_busy);
            stage.world.send(waiting.quiet.peer, 1);
        });
        BOOST_TEST(waiting.next(stage).data.u64 == 99U);
#else
        stage.world.send(waiting.quiet.peer, 1);
        BOOST_TEST(waiting.next(stage).data.u64 == 99U);
#endif
    });
}

BOOST_AUTO_TEST_CASE(a_number_closed_and_registered_anew_beside_a_wait_is_a_new_socket) {
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        Waiting waiting(stage);
        const SocketPair old = stage.world.tcp_pair();
        BOOST_REQUIRE(waiting.poller.register_handle(old.local, IoInterest::read, 1));
        BOOST_TEST(wait(waiting.poller, 0ms).count() == 0U);
        during_the_wait(stage, [&] {
            stage.world.close(old.local);
            SocketPair recycled;
            if (!stage.world.recycle(old.local, recycled)) {
                recycled = stage.world.tcp_pair();
            }
            stage.world.send(recycled.peer, 1);
            // The packet of the close may take a moment.
            for (std::error_code error = std::make_error_code(std::errc::file_exists); error;) {
                error = waiting.poller.register_handle(recycled.local, IoInterest::read, 2).error();
            }
        });
        const auto waited = wait(waiting.poller);
        stage.world.join();
        BOOST_TEST(waited.mask_of(2) == mask::in);
        BOOST_TEST(waited.count() == 1U);
    });
}

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(a_change_beside_a_wait_rouses_it_only_for_something_to_report) {
    on_kernels(
        Backend::afd, 1,
        [](Stage& stage) {
            Waiting waiting(stage);
            const SocketPair pair = stage.world.tcp_pair();
            const Handle event = stage.world.thing(Thing::event);
            stage.kernel.when_blocked([&] {
                OsPoller& poller = waiting.poller;
                stage.expect(poller.register_handle(pair.local, IoInterest::read, 1));
                stage.expect(poller.register_handle(event, IoInterest::read, 2));
                const IoInterest both = IoInterest::read | IoInterest::read_hangup;
                stage.expect(poller.modify_handle(pair.local, both, 1));
                stage.expect(poller.modify_handle(pair.local, IoInterest::none, 1));
                stage.expect(poller.unregister_handle(pair.local));
                stage.expect(poller.unregister_handle(event));
                stage.expect(stage.kernel.calls(sim::Call::port_post) == 0U);
            });
            BOOST_TEST(wait(waiting.poller, 5ms).count() == 0U);
            PollerStats stats = waiting.poller.stats();
            BOOST_TEST(stats.changes_beside == 6U);
            BOOST_TEST(stats.changes_that_roused == 0U);
            stage.kernel.when_blocked([&] {
                stage.expect(waiting.poller.register_handle(pair.local, IoInterest::write, 1));
            });
            BOOST_TEST(wait(waiting.poller).mask_of(1) == mask::out);
            stats = waiting.poller.stats();
            BOOST_TEST(stats.changes_beside == 7U);
            BOOST_TEST(stats.changes_that_roused == 1U);
            BOOST_TEST(stage.kernel.calls(sim::Call::port_post) == 1U);
        },
        sim::Options{.early_waits = false, .late_completions = false});
}

BOOST_AUTO_TEST_CASE(what_was_quiet_beside_one_that_is_gone_by_now_is_polled_again) {
    // The other thread's call polls a group of sockets, of which one is ready, and unregisters that
    // one before the blocked thread has reported it.
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller();
        std::array<SocketPair, 4> pairs;
        for (std::uint64_t i = 0; i < pairs.size(); ++i) {
            pairs[i] = stage.world.tcp_pair();
            BOOST_REQUIRE(poller.register_handle(pairs[i].local, IoInterest::read, i));
        }
        for (int round = 0; round < 3; ++round) {
            for (const SocketPair& pair : pairs) {
                stage.world.send(pair.peer, 1);
            }
            BOOST_TEST(wait(poller, 0ms).count() == pairs.size());
            for (const SocketPair& pair : pairs) {
                stage.world.receive(pair.local, 1);
            }
        }
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.kernel.when_blocked([&] {
            stage.expect(poller.unregister_handle(pairs[3].local));
            stage.world.close(pairs[3].local);
            stage.world.send(pairs[0].peer, 1);
            // Not before the packet of the group's request has come.
            const Handle event = stage.world.thing(Thing::event);
            stage.expect(event == pairs[3].local);
            stage.expect(poller.register_handle(event, IoInterest::read, 9));
            stage.expect(poller.unregister_handle(pairs[0].local));
        });
        stage.kernel.when_blocked([&] { stage.world.send(pairs[1].peer, 1); });
        BOOST_TEST(wait(poller).mask_of(1) == mask::in);
    });
}

BOOST_AUTO_TEST_CASE(a_wake_whose_packet_a_call_beside_the_wait_takes_is_not_lost) {
    // The call dequeues for the packet of a request, and gets the packet of the wake with it. On
    // Windows the thread that has blocked last at the port gets what comes first.
    on_every_kernel(Backend::afd, seeds, [](Stage& stage) {
        OsPoller poller = make_poller({.max_registrations = 2});
        const std::array pairs = {stage.world.tcp_pair(), stage.world.tcp_pair(),
                                  stage.world.tcp_pair()};
        for (std::uint64_t i = 0; i < 2; ++i) {
            BOOST_REQUIRE(poller.register_handle(pairs[i].local, IoInterest::read, i));
        }
        BOOST_TEST(wait(poller, 0ms).count() == 0U);
        stage.kernel.when_blocked([&] {
            stage.expect(poller.post_wakeup());
            stage.expect(poller.unregister_handle(pairs[1].local));
            stage.expect(poller.register_handle(pairs[2].local, IoInterest::read, 2));
        });
        BOOST_TEST(wait(poller, wait_forever).result.woken);
    });
}

BOOST_AUTO_TEST_CASE(with_wsapoll_only_what_must_be_polled_rouses) {
    on_every_kernel(Backend::wsapoll, 1, [](Stage& stage) {
        Waiting waiting(stage);
        const SocketPair pair = stage.world.tcp_pair();
        BOOST_REQUIRE(waiting.poller.register_handle(pair.local, IoInterest::read, 1));
        stage.kernel.when_blocked(
            [&] { stage.expect(waiting.poller.unregister_handle(pair.local)); });
        BOOST_TEST(wait(waiting.poller, 5ms).count() == 0U);
        BOOST_TEST(waiting.poller.stats().changes_that_roused == 0U);
        stage.kernel.when_blocked([&] {
            stage.expect(waiting.poller.register_handle(pair.local, IoInterest::read, 1));
            stage.expect(waiting.poller.modify_handle(pair.local, IoInterest::priority, 1));
        });
        BOOST_TEST(wait(waiting.poller, 5ms).count() == 0U);
        BOOST_TEST(waiting.poller.stats().changes_that_roused == 1U, "once for both");
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
