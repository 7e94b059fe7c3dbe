// sys::ThreadPoolWait: the callback comes once, on another thread, and never after disarm.
// sys::take_signal, sys::is_auto_reset: what a wait finds, and what it leaves.
#include "sys/waitable.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <semaphore>
#include <thread>

#include "bell.hpp"
#include "support/win32_objects.hpp"
#include "sys/completion_port.hpp"
#include "sys_test.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
using sys::CompletionPort;
using sys::take_signal;
using sys::ThreadPoolWait;

namespace {

struct WaitableFixture {
    World world;
    Bell bell;
    ThreadPoolWait wait;  ///< After the bell, which its callback needs.

    std::error_code arm(Handle object) { return wait.arm(object, &Bell::ring, &bell); }

    /// Signals a manual-reset event and returns when the system's pool has seen it.
    void signal_and_settle(Handle event) {
        Bell barrier;
        ThreadPoolWait witness;
        BOOST_REQUIRE(::SetEvent(event.native()) != FALSE);
        BOOST_REQUIRE(!witness.arm(event, &Bell::ring, &barrier));
        BOOST_REQUIRE(barrier.rings());
    }
};

bool becomes_signalled(Handle object) {
    return ::WaitForSingleObject(object.native(), patience_milliseconds) == WAIT_OBJECT_0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sys_waitable, WaitableFixture)

BOOST_AUTO_TEST_CASE(the_callback_comes_when_the_object_is_signalled) {
    const Handle event = world.thing(Thing::event);
    BOOST_REQUIRE(!arm(event));
    BOOST_TEST(bell.stays_silent());
    ::SetEvent(event.native());
    BOOST_TEST(bell.rings());
    wait.disarm();
    BOOST_TEST((bell.thread != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(the_callback_comes_where_the_object_was_signalled_before) {
    const Handle event = world.thing(Thing::event);
    ::SetEvent(event.native());
    BOOST_REQUIRE(!arm(event));
    BOOST_TEST(bell.rings());
}

BOOST_AUTO_TEST_CASE(the_callback_comes_once) {
    const Handle event = world.thing(Thing::event);
    BOOST_REQUIRE(!arm(event));
    signal_and_settle(event);
    BOOST_TEST(bell.rings());
    signal_and_settle(event);
    wait.disarm();
    BOOST_TEST(bell.calls == 1);
}

BOOST_AUTO_TEST_CASE(a_wait_can_be_armed_again_and_again) {
    const Handle event = world.thing(Thing::event);
    for (int round = 1; round <= 100; ++round) {
        ::ResetEvent(event.native());
        BOOST_REQUIRE(!arm(event));
        ::SetEvent(event.native());
        BOOST_REQUIRE(bell.rings());
        BOOST_REQUIRE(bell.calls == round);
    }
}

BOOST_AUTO_TEST_CASE(after_disarm_the_callback_never_comes) {
    const Handle event = world.thing(Thing::event);
    BOOST_REQUIRE(!arm(event));
    wait.disarm();
    wait.disarm();
    signal_and_settle(event);
    BOOST_TEST(bell.calls == 0);
}

BOOST_AUTO_TEST_CASE(the_destructor_disarms) {
    const Handle event = world.thing(Thing::event);
    {
        ThreadPoolWait short_lived;
        BOOST_REQUIRE(!short_lived.arm(event, &Bell::ring, &bell));
    }
    signal_and_settle(event);
    BOOST_TEST(bell.calls == 0);
}

BOOST_AUTO_TEST_CASE(arming_again_disarms_the_wait_before) {
    const Handle first = world.thing(Thing::event);
    const Handle second = world.thing(Thing::event);
    BOOST_REQUIRE(!arm(first));
    BOOST_REQUIRE(!arm(second));
    signal_and_settle(first);
    BOOST_TEST(bell.calls == 0);
    ::SetEvent(second.native());
    BOOST_TEST(bell.rings());
}

BOOST_AUTO_TEST_CASE(disarm_returns_when_the_callback_has_run) {
    struct Slow {
        std::binary_semaphore entered{0};
        std::binary_semaphore may_go{0};
        std::atomic<bool> done = false;

        static void run(void* context, const ThreadPoolWait&) noexcept {
            Slow& slow = *static_cast<Slow*>(context);
            slow.entered.release();
            static_cast<void>(slow.may_go.try_acquire_for(patience));
            slow.done = true;
        }
    };
    const Handle event = world.thing(Thing::event);
    ::SetEvent(event.native());
    for (int round = 0; round < 20; ++round) {
        Slow slow;
        BOOST_REQUIRE(!wait.arm(event, &Slow::run, &slow));
        BOOST_REQUIRE(slow.entered.try_acquire_for(patience));
        world.beside([&] { slow.may_go.release(); });
        wait.disarm();
        BOOST_TEST(slow.done.load());
        world.join();
    }
}

BOOST_AUTO_TEST_CASE(a_port_is_signalled_while_packets_are_queued_and_keeps_them) {
    const CompletionPort port = CompletionPort::create().value();
    BOOST_REQUIRE(!arm(port.handle()));
    BOOST_TEST(bell.stays_silent());
    BOOST_REQUIRE(!port.post(1));
    BOOST_TEST(bell.rings());

    // Armed while a packet is queued, it comes at once.
    BOOST_REQUIRE(!arm(port.handle()));
    BOOST_TEST(bell.rings());

    // Neither wait took the packet. With it gone, the port is quiet again.
    sys::Packet packets[2];
    BOOST_TEST(port.dequeue(packets, 0).value() == 1U);
    BOOST_REQUIRE(!arm(port.handle()));
    BOOST_TEST(bell.stays_silent());
    wait.disarm();
}

BOOST_AUTO_TEST_CASE(a_completion_of_a_socket_signals_the_port_too) {
    const CompletionPort port = CompletionPort::create().value();
    const SocketPair pair = world.tcp_pair();
    BOOST_REQUIRE(!port.associate(pair.local, 1));
    OVERLAPPED overlapped = {};
    char buffer[8];
    BOOST_REQUIRE(!world.start_receive(pair.local, &overlapped, buffer, sizeof(buffer)));
    BOOST_REQUIRE(!arm(port.handle()));
    BOOST_REQUIRE(world.send(pair.peer, 1).bytes == 1U);
    BOOST_TEST(bell.rings());
    sys::Packet packets[2];
    BOOST_TEST(port.dequeue(packets, 0).value() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_no_handle_is_refused_or_never_signalled) {
    // Windows refuses it; Wine 8 takes anything and never calls back.
    const std::error_code error = arm(world.never_a_handle());
    if (error) {
        BOOST_TEST(error.value() == 6);
    }
    BOOST_TEST(bell.stays_silent());
    wait.disarm();
    BOOST_TEST(bell.calls == 0);
}

BOOST_AUTO_TEST_CASE(a_manual_reset_object_keeps_its_signal) {
    for (const Thing kind :
         {Thing::event, Thing::timer, Thing::child_process, Thing::child_thread}) {
        BOOST_TEST_CONTEXT(kind) {
            const Handle object = world.thing(kind);
            BOOST_TEST(!take_signal(object).value());
            world.signal(object);
            BOOST_TEST(becomes_signalled(object));
            BOOST_TEST(take_signal(object).value());
            BOOST_TEST(take_signal(object).value());
        }
    }
}

BOOST_AUTO_TEST_CASE(an_auto_reset_object_gives_its_signal_once) {
    for (const Thing kind : {Thing::auto_reset_event, Thing::auto_reset_timer}) {
        BOOST_TEST_CONTEXT(kind) {
            const Handle object = world.thing(kind);
            BOOST_TEST(!take_signal(object).value());
            world.signal(object);
            BOOST_TEST(becomes_signalled(object));
            BOOST_TEST(!take_signal(object).value());
            world.signal(object);
            BOOST_REQUIRE(!arm(object));
            BOOST_TEST(bell.rings());
            BOOST_TEST(!take_signal(object).value());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_semaphore_gives_its_count) {
    const Handle semaphore = world.thing(Thing::semaphore);
    world.signal(semaphore);
    world.signal(semaphore);
    BOOST_TEST(take_signal(semaphore).value());
    BOOST_REQUIRE(!arm(semaphore));
    BOOST_TEST(bell.rings());
    BOOST_TEST(!take_signal(semaphore).value());
}

BOOST_AUTO_TEST_CASE(what_was_reset_is_silent) {
    for (const Thing kind : {Thing::event, Thing::auto_reset_event, Thing::timer}) {
        BOOST_TEST_CONTEXT(kind) {
            const Handle object = world.thing(kind);
            world.signal(object);
            BOOST_TEST(becomes_signalled(object));
            world.signal(object);
            world.reset_signal(object);
            BOOST_TEST(!take_signal(object).value());
        }
    }
}

BOOST_AUTO_TEST_CASE(what_can_not_be_waited_for_has_no_signal) {
    const Handle closed = world.thing(Thing::event);
    world.close_handle(closed);
    BOOST_TEST(take_signal(closed).error().value() == 6);
    BOOST_TEST(take_signal(world.never_a_handle()).error().value() == 6);

    HANDLE without_right = nullptr;
    const HANDLE self = ::GetCurrentProcess();
    BOOST_REQUIRE(::DuplicateHandle(self, world.thing(Thing::event).native(), self, &without_right,
                                    EVENT_MODIFY_STATE, FALSE, 0) != FALSE);
    BOOST_TEST(take_signal(Handle(without_right)).error().value() == 5);
    ::CloseHandle(without_right);
}

BOOST_AUTO_TEST_CASE(an_event_says_whether_a_wait_resets_it) {
    BOOST_TEST(sys::is_auto_reset(world.thing(Thing::auto_reset_event)).value());
    const Handle manual = world.thing(Thing::event);
    BOOST_TEST(!sys::is_auto_reset(manual).value());
    world.signal(manual);
    BOOST_TEST(!sys::is_auto_reset(manual).value());
    BOOST_TEST(take_signal(manual).value());  // Asking takes nothing.
}

BOOST_AUTO_TEST_CASE(what_is_no_event_does_not_say) {
    for (const Handle handle :
         {world.thing(Thing::semaphore), world.thing(Thing::timer), world.never_a_handle()}) {
        BOOST_TEST(sys::is_auto_reset(handle).error().value() == 6);
    }
}

BOOST_AUTO_TEST_CASE(an_event_that_may_only_be_waited_for_does_not_say) {
    HANDLE without_right = nullptr;
    const HANDLE self = ::GetCurrentProcess();
    BOOST_REQUIRE(::DuplicateHandle(self, world.thing(Thing::auto_reset_event).native(), self,
                                    &without_right, SYNCHRONIZE, FALSE, 0) != FALSE);
    BOOST_TEST(sys::is_auto_reset(Handle(without_right)).error().value() == 5);
    BOOST_TEST(!take_signal(Handle(without_right)).value());
    ::CloseHandle(without_right);
}

BOOST_AUTO_TEST_SUITE_END()
