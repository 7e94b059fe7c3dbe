// A poller that another thread continues to use while the first one computes. Windows counts the
// running threads of a port, and a port with a low concurrency withholds its packets from others.
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <chrono>
#include <thread>

#include "operation_support.hpp"
#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

/// Busy, and never blocked, until `condition`.
template <class Condition>
void compute_until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handover)

BOOST_DATA_TEST_CASE(a_poller_serves_the_next_thread_while_the_last_computes,
                     data::make(wanted_backends()), backend) {
    ThreadedStage stage(backend);
    OsPoller poller = make_poller();
    const Ends pair = ends(stage.world, Carrier::tcp);
    std::array<std::byte, 4> buffer{};
    BOOST_TEST(poller.post_wakeup());
    BOOST_TEST(wait(poller).result.woken);
    std::atomic<bool> over = false;
    std::jthread next([&] {
        constexpr auto soon = 2s;
        stage.expect(poller.post_wakeup());
        stage.expect(wait(poller, soon).result.woken);
        stage.expect(static_cast<bool>(poller.submit_read(pair.local, buffer, 1)));
        put_text(stage.world, pair.peer, "data");
        stage.expect(wait(poller, soon).count() == 1);
        over = true;
    });
    compute_until([&] { return over.load(); });
    BOOST_TEST(over);
}

#if !defined(_WIN32)

/// A poller over AFD with one free slot, which two sockets have in turn. Who registers the next one
/// needs the packet of the request that was cancelled for the last one.
struct OneFreeSlot {
    explicit OneFreeSlot(std::uint64_t seed) : stage(threaded(seed)) {
        BOOST_REQUIRE(poller.register_handle(pairs[2].local, IoInterest::read, 9));
    }

    static sim::Options threaded(std::uint64_t seed) {
        sim::Options options{.mode = sim::Mode::threaded};
        options.seed = seed;
        return options;
    }

    Result<void> take_turn(std::size_t turn) {
        const Handle socket = pairs[turn % 2].local;
        const Result<void> done = poller.register_handle(socket, IoInterest::read, turn);
        return done ? poller.unregister_handle(socket) : done;
    }

    Stage stage;
    OsPoller poller = OsPoller::create({.max_registrations = 2, .backend = Backend::afd}).value();
    const std::array<SocketPair, 3> pairs = {stage.world.tcp_pair(), stage.world.tcp_pair(),
                                             stage.world.tcp_pair()};
};

BOOST_AUTO_TEST_CASE(a_slot_is_free_once_the_packet_of_its_request_has_come_to_either_thread) {
    // The blocked thread may have taken the packet for which the other one waits.
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        OneFreeSlot one(seed);
        std::jthread waiting([&] { one.stage.expect(wait(one.poller).result.woken); });
        int refused = 0;
        for (std::size_t i = 0; i < 200; ++i) {
            refused += one.take_turn(i) ? 0 : 1;
        }
        BOOST_TEST(refused == 0);
        BOOST_TEST(one.poller.post_wakeup());
    }
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_for_such_a_packet_is_ended_by_dispose) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        OneFreeSlot one(seed);
        std::jthread waiting([&] { (void)wait(one.poller); });
        std::jthread changing([&] {
            Result<void> done;
            for (std::size_t i = 0; done; ++i) {
                done = one.take_turn(i);
            }
            one.stage.expect(done.error() == errc::poller_is_closed);
        });
        std::this_thread::sleep_for(std::chrono::microseconds(20 * seed));
        one.poller.dispose();
    }
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_for_such_a_packet_takes_no_wake_away) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        OneFreeSlot one(seed);
        std::atomic<int> seen = 0;
        std::atomic<bool> over = false;
        std::jthread waiting([&] {
            while (!over) {
                one.stage.expect(wait(one.poller).result.woken);
                ++seen;
            }
        });
        // One wake beside one change, and then nothing that would make up for its loss.
        constexpr int wakes = 300;
        std::atomic<int> posted = 0;
        std::jthread changing([&] {
            for (int i = 1; i <= wakes && !over; ++i) {
                while (posted < i && !over) {
                    std::this_thread::yield();
                }
                one.stage.expect(static_cast<bool>(one.take_turn(static_cast<std::size_t>(i))));
            }
        });
        while (posted < wakes && seen == posted) {
            ++posted;
            BOOST_TEST(one.poller.post_wakeup());
            const auto limit = std::chrono::steady_clock::now() + patience;
            while (seen < posted && std::chrono::steady_clock::now() < limit) {
                std::this_thread::yield();
            }
        }
        BOOST_TEST(seen == wakes);
        over = true;
        BOOST_TEST(one.poller.post_wakeup());
    }
}

BOOST_AUTO_TEST_CASE(a_wait_ends_in_time_though_the_kernel_refuses_to_wake_it) {
    // The other thread's call tries to wake it until that succeeds, or is not needed any more.
    Stage stage({.mode = sim::Mode::threaded});
    OsPoller poller = OsPoller::create({.backend = Backend::afd}).value();
    const std::array pairs = {stage.world.tcp_pair(), stage.world.tcp_pair()};
    BOOST_REQUIRE(poller.register_handle(pairs[0].local, IoInterest::read, 0));
    std::atomic<bool> ended = false;
    std::jthread waiting([&] {
        stage.expect(!wait(poller, 500ms).result.error);
        ended = true;
    });
    while (stage.kernel.blocked_calls() == 0) {
        std::this_thread::yield();
    }
    stage.kernel.set_packet_pool(0);
    std::jthread changing(
        [&] { stage.expect(poller.register_handle(pairs[1].local, IoInterest::write, 1)); });
    const auto limit = std::chrono::steady_clock::now() + 2min;
    while (!ended && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();
    }
    BOOST_TEST(ended);
    stage.kernel.set_packet_pool(1);
}

BOOST_AUTO_TEST_CASE(a_wait_in_wsapoll_ends_in_time_though_its_doorbell_does_not_ring) {
    Stage stage({.mode = sim::Mode::threaded});
    OsPoller poller = OsPoller::create({.backend = Backend::wsapoll}).value();
    const Handle socket = stage.world.tcp_pair().local;
    BOOST_REQUIRE(poller.register_handle(socket, IoInterest::read, 0));
    std::atomic<bool> ended = false;
    std::jthread waiting([&] {
        static_cast<void>(wait(poller, 500ms));  // Its later calls fail, too.
        ended = true;
    });
    while (stage.kernel.blocked_calls() == 0) {
        std::this_thread::yield();
    }
    stage.kernel.fail_randomly(1);
    std::jthread changing(
        [&] { stage.expect(poller.modify_handle(socket, IoInterest::write, 1).has_value()); });
    const auto limit = std::chrono::steady_clock::now() + 2min;
    while (!ended && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();
    }
    BOOST_TEST(ended);
    stage.kernel.fail_randomly(0);
}

BOOST_AUTO_TEST_CASE(a_poller_is_drained_by_another_thread_while_the_last_computes) {
    on_every_kernel(50, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Ends pair = ends(stage.world, Carrier::tcp);
        std::array<std::byte, 4> buffer{};
        (void)started(poller.submit_read(pair.local, buffer, 1));
        BOOST_TEST(poller.post_wakeup());
        BOOST_TEST(wait(poller).result.woken);
        const auto before = stage.kernel.now();
        stage.kernel.between_calls([&] { poller.dispose(); }, 1.0);
        const OsPoller another = make_poller();  // Calls of this thread's, which is not blocked.
        BOOST_TEST(!poller.is_valid());
        BOOST_TEST((stage.kernel.now() - before < 50ms));
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
