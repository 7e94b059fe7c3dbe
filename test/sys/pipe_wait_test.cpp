// sys::ThreadPoolWait on synchronous pipes: one callback from a thread that takes nothing, and none
// after disarm.
#include <atomic>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <deque>
#include <semaphore>
#include <string>
#include <vector>

#include "bell.hpp"
#include "packets.hpp"
#include "support/win32_objects.hpp"
#include "sys/pipe.hpp"
#include "sys/system.hpp"
#include "sys/waitable.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using namespace std::chrono_literals;
using sys::ThreadPoolWait;
namespace data = boost::unit_test::data;

namespace {

struct PipeWaitFixture {
    World world;
    PipePair pair = world.pipe_pair(PipeKind::anonymous);
    Bell bell;
    ThreadPoolWait wait;  ///< After the bell, which its callback needs.

    std::error_code arm() { return wait.arm_on_pipe(pair.local, &Bell::ring, &bell); }

    void put(const PipePair& to, std::string_view text) {
        BOOST_REQUIRE(world.put(to.peer, bytes_of(text)).bytes == text.size());
    }
    void put(std::string_view text) { put(pair, text); }

    std::size_t take() {
        std::array<std::byte, 64> bytes;
        return world.take(pair.local, bytes).bytes;
    }
};

/// A thread that is left behind leaves its handle.
DWORD handle_count() {
    DWORD count = 0;
    BOOST_REQUIRE(::GetProcessHandleCount(::GetCurrentProcess(), &count) != FALSE);
    return count;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_pipe_wait, PipeWaitFixture)

BOOST_AUTO_TEST_CASE(the_callback_comes_with_data_and_takes_none) {
    BOOST_REQUIRE(!arm());
    BOOST_TEST(bell.stays_silent());
    put("abc");
    BOOST_TEST(bell.rings());
    wait.disarm();
    BOOST_TEST((bell.thread != std::this_thread::get_id()));
    BOOST_TEST(sys::readable_bytes(pair.local).value() == 3U);
    BOOST_TEST(take() == 3U);
}

BOOST_AUTO_TEST_CASE(the_callback_comes_where_data_were_there_before) {
    put("abc");
    BOOST_REQUIRE(!arm());
    BOOST_TEST(bell.rings());
    BOOST_TEST(take() == 3U);
}

BOOST_AUTO_TEST_CASE(the_callback_comes_when_the_pipe_breaks) {
    BOOST_REQUIRE(!arm());
    BOOST_TEST(bell.stays_silent());
    world.close_handle(pair.peer);
    BOOST_TEST(bell.rings());
    // And at once if it is broken already.
    BOOST_REQUIRE(!arm());
    BOOST_TEST(bell.rings());
}

BOOST_AUTO_TEST_CASE(the_callback_comes_once) {
    BOOST_REQUIRE(!arm());
    put("abc");
    BOOST_TEST(bell.rings());
    put("def");
    BOOST_TEST(bell.stays_silent());
    wait.disarm();
    BOOST_TEST(bell.calls == 1);
}

BOOST_AUTO_TEST_CASE(the_callback_comes_where_nothing_can_be_read) {
    BOOST_REQUIRE(!wait.arm_on_pipe(world.never_a_handle(), &Bell::ring, &bell));
    BOOST_TEST(bell.rings());
    const PipePair other = world.pipe_pair(PipeKind::anonymous_to_peer);
    BOOST_REQUIRE(!wait.arm_on_pipe(other.local, &Bell::ring, &bell));
    BOOST_TEST(bell.rings());
}

BOOST_AUTO_TEST_CASE(it_can_be_armed_again_and_again) {
    for (int round = 1; round <= 100; ++round) {
        BOOST_REQUIRE(!arm());
        put("a");
        BOOST_REQUIRE(bell.rings());
        BOOST_REQUIRE(bell.calls == round);
        BOOST_REQUIRE(take() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_quiet_wait_ends_by_disarm_and_never_calls) {
    BOOST_REQUIRE(!arm());
    BOOST_TEST(bell.stays_silent());  // The thread is in its read by then.
    wait.disarm();
    wait.disarm();
    put("abc");
    BOOST_TEST(bell.stays_silent());
    BOOST_TEST(bell.calls == 0);
    BOOST_TEST(take() == 3U);
}

BOOST_AUTO_TEST_CASE(disarm_at_any_moment_ends_the_thread) {
    // The thread is not started, about to read or reading when it is disarmed.
    for (int round = 0; round < 300; ++round) {
        BOOST_REQUIRE(!arm());
        const std::chrono::nanoseconds until = sys::now() + round * 3us;
        while (sys::now() < until) {
        }
        wait.disarm();
    }
    BOOST_TEST(bell.calls == 0);
    // No thread uses the pipe now: a read is not cancelled, and finds all.
    put("abc");
    BOOST_TEST(take() == 3U);
}

BOOST_AUTO_TEST_CASE(after_disarm_nothing_is_called_also_where_data_come_meanwhile) {
    for (int round = 0; round < 100; ++round) {
        BOOST_REQUIRE(!arm());
        world.beside([&] { put("a"); });
        wait.disarm();
        const int calls = bell.calls;
        world.join();
        BOOST_REQUIRE(bell.calls == calls);
        BOOST_REQUIRE(calls <= round + 1);
        BOOST_REQUIRE(take() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(disarm_returns_when_the_callback_has_run) {
    struct Slow {
        std::binary_semaphore entered{0};
        std::binary_semaphore may_go{0};
        std::atomic<bool> done = false;

        static void run(void* context, const sys::ThreadPoolWait&) noexcept {
            Slow& slow = *static_cast<Slow*>(context);
            slow.entered.release();
            static_cast<void>(slow.may_go.try_acquire_for(patience));
            slow.done = true;
        }
    };
    put("abc");
    for (int round = 0; round < 20; ++round) {
        Slow slow;
        BOOST_REQUIRE(!wait.arm_on_pipe(pair.local, &Slow::run, &slow));
        BOOST_REQUIRE(slow.entered.try_acquire_for(patience));
        world.beside([&] { slow.may_go.release(); });
        wait.disarm();
        BOOST_TEST(slow.done.load());
        world.join();
    }
}

BOOST_AUTO_TEST_CASE(the_destructor_disarms) {
    {
        ThreadPoolWait short_lived;
        BOOST_REQUIRE(!short_lived.arm_on_pipe(pair.local, &Bell::ring, &bell));
    }
    put("abc");
    BOOST_TEST(bell.stays_silent());
}

BOOST_AUTO_TEST_CASE(one_object_waits_for_pipes_and_events_in_turn) {
    const Handle event = world.thing(Thing::event);
    for (int round = 0; round < 3; ++round) {
        BOOST_REQUIRE(!arm());
        BOOST_REQUIRE(!wait.arm(event, &Bell::ring, &bell));
        put("a");
        BOOST_TEST(bell.stays_silent());
        BOOST_REQUIRE(!arm());
        world.signal(event);
        BOOST_TEST(bell.rings());
        BOOST_TEST(take() == 1U);
        wait.disarm();
        BOOST_TEST(bell.stays_silent());
        world.reset_signal(event);
    }
}

BOOST_AUTO_TEST_CASE(an_event_is_waited_for_after_a_pipe_as_before) {
    const Handle event = world.thing(Thing::event);
    put("a");
    BOOST_REQUIRE(!arm());
    BOOST_TEST(bell.rings());
    BOOST_REQUIRE(!wait.arm(event, &Bell::ring, &bell));
    BOOST_TEST(bell.stays_silent());
    world.signal(event);
    BOOST_TEST(bell.rings());
}

BOOST_DATA_TEST_CASE(many_pipes_are_watched_at_once, data::make({100, 520}), count) {
    // The second number is more than the system's pool has threads for.
    struct Watched {
        PipePair pair;
        Bell bell;
        ThreadPoolWait wait;
    };
    const DWORD handles = handle_count();
    {
        World pipes;
        std::deque<Watched> all;
        for (int i = 0; i < count; ++i) {
            Watched& one = all.emplace_back();
            one.pair = pipes.pipe_pair(PipeKind::anonymous);
            BOOST_REQUIRE(!one.wait.arm_on_pipe(one.pair.local, &Bell::ring, &one.bell));
        }
        for (Watched& one : all) {
            put(one.pair, "a");
        }
        for (Watched& one : all) {
            BOOST_REQUIRE(one.bell.rings());
        }
        // Quiet ones end too.
        for (Watched& one : all) {
            std::array<std::byte, 4> bytes;
            BOOST_REQUIRE(pipes.take(one.pair.local, bytes).bytes == 1U);
            BOOST_REQUIRE(!one.wait.arm_on_pipe(one.pair.local, &Bell::ring, &one.bell));
        }
        for (Watched& one : all) {
            one.wait.disarm();
            BOOST_REQUIRE(one.bell.calls == 1);
        }
    }
    BOOST_TEST(handle_count() < handles + 50);
}

BOOST_AUTO_TEST_SUITE_END()
