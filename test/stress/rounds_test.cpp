// Pollers that come and go: whatever a thousand of them took from the system is released.
//
// Each lives a whole life. It watches a socket, a listener, an event and pipes, reports an event
// and an operation, is woken by another thread, and is disposed of in the middle of everything:
// operations in flight, a timer set, a pipe being waited for. Then all handles are closed, and the
// process has what it had before the first of the counted lives.
//
// "What it had" is exact: not one handle more and, under Windows, not one block nor byte more in
// any heap of the process. The reserves of the heaps are not exact: they depend on where the blocks
// of several threads are. So pages are compared with one for each life. The lives before the
// counted ones are for what the system itself creates once and keeps, such as the threads of its
// pool. A heap may do so later as well: Wine 10's makes a stock of blocks of one size when these
// have been allocated often enough, and counts all of it. A leak grows with every thousand lives,
// so one thousand of several that leave nothing is enough. The simulated kernel counts handles and
// Winsock sessions; AddressSanitizer checks memory better.
#include <array>
#include <cstddef>
#include <cstdint>

#include "stage.hpp"
#if defined(_WIN32)
#include <thread>

#include "process_usage.hpp"
#include "stress_time.hpp"
#endif

using namespace wakepoll;
using namespace wakepoll::test;

BOOST_AUTO_TEST_SUITE(rounds)

namespace {

enum Who : std::uint64_t { socket, listener, event, pipe, anonymous, writing, reading, receiving };

class Life {
public:
    explicit Life(Stage& stage) : stage_(stage), world_(stage.world) {
        BOOST_REQUIRE(poller_.register_handle(watched_.local, IoInterest::read, Who::socket));
        BOOST_REQUIRE(poller_.register_handle(listener_, IoInterest::read, Who::listener));
        BOOST_REQUIRE(poller_.register_handle(event_, IoInterest::read, Who::event));
        BOOST_REQUIRE(poller_.register_handle(pipe_.local, IoInterest::read, Who::pipe));
        BOOST_REQUIRE(poller_.register_handle(lines_.local, IoInterest::read, Who::anonymous));
    }

    /// Causes an event, an operation and a wake.
    void work() {
        constexpr std::array<std::byte, 4> bytes = {};
        BOOST_REQUIRE(world_.put(watched_.peer, bytes).bytes == bytes.size());
        world_.signal(event_);
        BOOST_REQUIRE(poller_.submit_write(connection_.local, bytes, Who::writing));
        std::array<int, 8> told = {};
        for (int waits = 0;
             waits < 1000 && !(told[socket] > 0 && told[event] > 0 && told[writing] > 0); ++waits) {
            const auto waited = wait(poller_);
            BOOST_REQUIRE(!waited.result.error);
            for (std::size_t i = 0; i < waited.count(); ++i) {
                ++told[waited.events[i].data.u64];
            }
        }
        BOOST_REQUIRE((told[socket] > 0 && told[event] > 0));
        BOOST_REQUIRE(told[writing] == 1);
        std::array<std::byte, 4> taken;
        BOOST_REQUIRE(world_.take(watched_.local, taken).bytes == taken.size());
        world_.reset_signal(event_);
        world_.beside([this, waker = poller_.waker()] { stage_.expect(waker.wake()); });
        bool woken = false;
        for (int waits = 0; waits < 1000 && !woken; ++waits) {
            woken = wait(poller_).result.woken;
        }
        BOOST_REQUIRE(woken);
        world_.join();
    }

    void end_in_the_middle() {
        BOOST_REQUIRE(poller_.submit_read(connection_.local, received_, Who::receiving));
        BOOST_REQUIRE(poller_.submit_read(messages_.local, read_, Who::reading));
        BOOST_REQUIRE(poller_.set_timer(Clock::now() + 1h));
        BOOST_REQUIRE(wait(poller_, 0ms).count() == 0U);
        poller_.dispose();
        for (const SocketPair& pair : {watched_, connection_}) {
            world_.close(pair.local);
            world_.close(pair.peer);
        }
        world_.close(listener_);
        world_.close_handle(event_);
        for (const PipePair& pair : {pipe_, messages_, lines_}) {
            world_.close_handle(pair.local);
            world_.close_handle(pair.peer);
        }
    }

private:
    Stage& stage_;
    World& world_;
    std::array<std::byte, 64> received_ = {};
    std::array<std::byte, 64> read_ = {};
    SocketPair watched_ = world_.tcp_pair();
    SocketPair connection_ = world_.udp_pair();
    Handle listener_ = world_.listener();
    Handle event_ = world_.thing(Thing::event);
    PipePair pipe_ = world_.pipe_pair(PipeKind::bytes);
    PipePair messages_ = world_.pipe_pair(PipeKind::messages);
    PipePair lines_ = world_.pipe_pair(PipeKind::anonymous);
    OsPoller poller_ = make_poller();
};

void live(Stage& stage, int times) {
    for (int i = 0; i < times; ++i) {
        Life life(stage);
        life.work();
        life.end_in_the_middle();
    }
}

}  // namespace

#if defined(_WIN32)

namespace {

bool holds_no_more(const ProcessUsage& now, const ProcessUsage& before) {
    return now.handles <= before.handles && now.heap_blocks <= before.heap_blocks &&
           now.heap_bytes <= before.heap_bytes;
}

/// Waits until the threads of the system's pool have released what they were working on, or for a
/// while: then they get another thousand lives for it.
ProcessUsage usage_after(const ProcessUsage& before) {
    const StressTime time;
    ProcessUsage now = usage_of_this_process();
    while (!holds_no_more(now, before) && time.passed() < 20s) {
        std::this_thread::yield();
        now = usage_of_this_process();
    }
    return now;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_thousand_pollers_leave_no_handle_and_no_memory) {
    on_every_kernel(1, [](Stage& stage) {
        constexpr int lives = 1000;
        constexpr int most_thousands = 8;
        constexpr std::uint64_t page = 4096;
        live(stage, 50);
        ProcessUsage before;
        ProcessUsage after = usage_of_this_process();
        int thousands = 0;
        do {
            before = after;
            live(stage, lives);
            after = usage_after(before);
            BOOST_TEST_MESSAGE("before: " << before << "\nafter: " << after);
        } while (!holds_no_more(after, before) && ++thousands < most_thousands);
        BOOST_TEST(after.handles <= before.handles);
        BOOST_TEST(after.heap_blocks <= before.heap_blocks);
        BOOST_TEST(after.heap_bytes <= before.heap_bytes);
        BOOST_TEST(after.committed_bytes < before.committed_bytes + lives * page);
    });
}

#else

BOOST_AUTO_TEST_CASE(a_thousand_pollers_leave_no_handle) {
    on_every_kernel(9, [](Stage& stage) {
        const std::size_t handles = stage.kernel.open_handles();
        const std::uint32_t sessions = stage.kernel.winsock_sessions();
        live(stage, 112);
        BOOST_TEST(stage.kernel.open_handles() == handles);
        BOOST_TEST(stage.kernel.winsock_sessions() == sessions);
    });
}

#endif

BOOST_AUTO_TEST_SUITE_END()
