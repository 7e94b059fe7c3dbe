// Everything in one wait: sockets, pipes, a file, events, operations, wakers and the timer.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(_WIN32)
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "process_usage.hpp"
#endif

#include "stage.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(mixed)

namespace {

/// The user data of each.
enum Who : std::uint64_t { socket, receiving, pipe, reading_pipe, file, event, process, anonymous };
constexpr std::size_t all_of_them = 8;

/// One of everything, none of it ready.
struct Everything {
    Everything(World& w, OsPoller& p) : world(w), poller(p) {
        BOOST_REQUIRE(poller.register_handle(readable.local, IoInterest::read, Who::socket));
        BOOST_REQUIRE(poller.register_handle(byte_pipe.local, IoInterest::read, Who::pipe));
        BOOST_REQUIRE(poller.register_handle(signal, IoInterest::read, Who::event));
        BOOST_REQUIRE(poller.register_handle(child, IoInterest::read, Who::process));
        BOOST_REQUIRE(poller.register_handle(lines.local, IoInterest::read, Who::anonymous));
        BOOST_REQUIRE(poller.submit_read(connection.local, socket_buffer, Who::receiving));
        BOOST_REQUIRE(poller.submit_read(messages.local, pipe_buffer, Who::reading_pipe));
    }

    /// Makes one of them ready.
    void make_ready(Who who) {
        constexpr std::array<std::byte, 4> bytes = {};
        switch (who) {
            case Who::socket:
                BOOST_REQUIRE(world.put(readable.peer, bytes).bytes == bytes.size());
                break;
            case Who::receiving:
                BOOST_REQUIRE(world.put(connection.peer, bytes).bytes == bytes.size());
                break;
            case Who::pipe:
                BOOST_REQUIRE(world.put(byte_pipe.peer, bytes).bytes == bytes.size());
                break;
            case Who::reading_pipe:
                BOOST_REQUIRE(world.put(messages.peer, bytes).bytes == bytes.size());
                break;
            case Who::file:
                BOOST_REQUIRE(poller.submit_read(on_disk, file_buffer, Who::file));
                break;
            case Who::event:
                world.signal(signal);
                break;
            case Who::process:
                world.signal(child);
                break;
            case Who::anonymous:
                BOOST_REQUIRE(world.put(lines.peer, bytes).bytes == bytes.size());
                break;
        }
    }

    World& world;
    OsPoller& poller;
    std::array<std::byte, 64> socket_buffer = {};
    std::array<std::byte, 64> pipe_buffer = {};
    std::array<std::byte, 64> file_buffer = {};
    SocketPair readable = world.tcp_pair();
    SocketPair connection = world.tcp_pair();
    PipePair byte_pipe = world.pipe_pair(PipeKind::bytes);
    PipePair messages = world.pipe_pair(PipeKind::messages);
    PipePair lines = world.pipe_pair(PipeKind::anonymous);
    Handle on_disk = world.file_of(64);
    Handle signal = world.thing(Thing::event);
    Handle child = world.thing(Thing::child_process);
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_is_told_while_all_the_others_are_quiet) {
    for (std::uint64_t who = 0; who < all_of_them; ++who) {
        on_every_kernel(20, [&](Stage& stage) {
            OsPoller poller = make_poller();
            Everything everything(stage.world, poller);
            (void)wait(poller, 0ms);
            everything.make_ready(static_cast<Who>(who));
            const auto waited = wait(poller);
            BOOST_TEST(!waited.result.error);
            BOOST_REQUIRE(waited.count() == 1U);
            BOOST_TEST(waited.events[0].data.u64 == who);
            BOOST_TEST((waited.events[0].events & mask::in) != 0U);
        });
    }
}

BOOST_AUTO_TEST_CASE(all_of_them_are_told_with_room_for_one_at_a_time) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        Everything everything(stage.world, poller);
        (void)wait(poller, 0ms);
        for (std::uint64_t who = 0; who < all_of_them; ++who) {
            everything.make_ready(static_cast<Who>(who));
        }
        std::array<int, all_of_them> told = {};
        // What stays ready is reported repeatedly; the system's threads decide the order.
        for (int turn = 0; turn < 10'000 && std::ranges::count(told, 0) > 0; ++turn) {
            const auto waited = wait<1>(poller);
            BOOST_REQUIRE(!waited.result.error);
            BOOST_REQUIRE(waited.count() == 1U);
            ++told[waited.events[0].data.u64];
        }
        BOOST_TEST(std::ranges::count(told, 0) == 0);
        BOOST_TEST(told[Who::receiving] == 1);
        BOOST_TEST(told[Who::reading_pipe] == 1);
        BOOST_TEST(told[Who::file] == 1);
    });
}

BOOST_AUTO_TEST_CASE(a_wake_and_the_timer_end_the_wait_over_everything) {
    on_every_kernel(100, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Everything everything(stage.world, poller);
        stage.world.beside([waker = poller.waker(), &stage] { stage.expect(waker.wake()); });
        BOOST_TEST(wait(poller).result.woken);
        stage.world.join();
        const Clock::time_point due = Clock::now() + 3ms;
        BOOST_REQUIRE(poller.set_timer(due));
        const auto waited = wait(poller);
        BOOST_TEST(waited.result.timer);
        BOOST_TEST(waited.count() == 0U);
        BOOST_CHECK(Clock::now() >= due);
    });
}

BOOST_AUTO_TEST_CASE(an_idle_wait_over_everything_is_one_block) {
    on_every_kernel(20, [](Stage& stage) {
        OsPoller poller = make_poller();
        const Everything everything(stage.world, poller);
        (void)wait(poller, 0ms);
        const PollerStats before = poller.stats();
        BOOST_TEST(wait(poller, 300ms).count() == 0U);
        // Windows may end a block early; then the rest of the time is waited for.
        const PollerStats after = poller.stats();
        BOOST_TEST(after.blocked - before.blocked <= 8U);
        BOOST_TEST(after.rechecks == before.rechecks);
    });
}

#if defined(_WIN32)

// A quiet wait uses almost no processor time, with all kinds of handles and 500 sockets: in total,
// however busy the machine is.
BOOST_DATA_TEST_CASE(five_idle_seconds_cost_less_than_25_milliseconds_of_processor_time,
                     boost::unit_test::data::make(wanted_backends()), backend) {
    const BackendUnderTest under_test(backend);
    Stage stage;
    OsPoller poller = make_poller();
    const Everything everything(stage.world, poller);
    for (std::uint64_t i = 0; i < 500; ++i) {
        BOOST_REQUIRE(
            poller.register_handle(stage.world.tcp_pair().local, IoInterest::read, 100 + i));
    }
    (void)wait(poller, 0ms);
    const PollerStats before = poller.stats();
    const std::chrono::nanoseconds begin = processor_time_of_this_process();
    BOOST_TEST(wait(poller, 5s).count() == 0U);
    const std::chrono::nanoseconds used = processor_time_of_this_process() - begin;
    BOOST_TEST_MESSAGE("5 s of waiting: " << used.count() / 1000 << " us of processor time, "
                                          << poller.stats().blocked - before.blocked
                                          << " blocked calls");
    BOOST_TEST(used.count() < std::chrono::nanoseconds(25ms).count());
}

#endif

BOOST_AUTO_TEST_SUITE_END()
