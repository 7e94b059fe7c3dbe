// The model in threaded mode: a real clock, and several threads inside at once.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "fixture.hpp"
#include "sys/doorbell.hpp"
#include "sys/waitable.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;
using Clock = std::chrono::steady_clock;

struct ThreadedFixture : Fixture {
    ThreadedFixture() : Fixture(Options{.mode = Mode::threaded, .early_waits = false}) {}

    CompletionPort port = CompletionPort::create().value();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_threads)

BOOST_FIXTURE_TEST_CASE(posts_of_many_threads_all_arrive, ThreadedFixture) {
    constexpr std::uintptr_t threads = 4;
    constexpr std::uintptr_t each = 2000;
    std::atomic<int> refused = 0;
    for (std::uintptr_t t = 0; t < threads; ++t) {
        world.beside([&, t] {
            for (std::uintptr_t i = 0; i < each; ++i) {
                refused += port.post(t * each + i) ? 1 : 0;
            }
        });
    }
    std::vector<int> seen(threads * each);
    std::array<sys::Packet, 7> packets;
    for (std::size_t total = 0; total < threads * each;) {
        const std::size_t count = port.dequeue(packets, patience).value();
        BOOST_REQUIRE(count != 0U);
        for (std::size_t i = 0; i < count; ++i) {
            ++seen[packets[i].key];
        }
        total += count;
    }
    world.join();
    BOOST_TEST(refused == 0);
    BOOST_TEST((seen == std::vector<int>(threads * each, 1)));
}

BOOST_FIXTURE_TEST_CASE(a_ring_ends_a_blocked_poll_each_time, ThreadedFixture) {
    const sys::Doorbell doorbell = sys::Doorbell::create().value();
    constexpr int rounds = 300;
    std::atomic<int> asked = 0;
    world.beside([&] {
        for (int i = 1; i <= rounds; ++i) {
            while (asked.load() < i) {
                std::this_thread::yield();
            }
            static_cast<void>(doorbell.ring());
        }
    });
    for (int i = 1; i <= rounds; ++i) {
        asked = i;
        BOOST_REQUIRE(poll(Handle(doorbell.socket()), bits::rdnorm, patience) == bits::rdnorm);
        BOOST_TEST(!doorbell.drain());
    }
    world.join();
}

BOOST_FIXTURE_TEST_CASE(sends_and_closes_end_a_blocked_poll, ThreadedFixture) {
    const auto pair = world.tcp_pair();
    world.beside([&] { world.send(pair.peer, 1); });
    BOOST_TEST(poll(pair.local, bits::rdnorm, patience) == bits::rdnorm);
    world.join();
    BOOST_TEST(world.receive(pair.local, 1).bytes == 1U);
    kernel.when_blocked([&] { world.close(pair.local); });
    BOOST_TEST(poll(pair.local, bits::rdnorm, patience) == bits::nval);
}

BOOST_FIXTURE_TEST_CASE(a_finite_wait_takes_its_time_on_the_real_clock, ThreadedFixture) {
    const auto before = Clock::now();
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, 30).value() == 0U);
    BOOST_TEST((Clock::now() - before >= 30ms));
    BOOST_TEST(!kernel.hung());
}

BOOST_FIXTURE_TEST_CASE(an_actor_at_a_time_ends_an_endless_wait, ThreadedFixture) {
    const auto before = kernel.now();
    kernel.at(20ms, [&] { BOOST_TEST(!port.post(1)); });
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).value() == 1U);
    BOOST_TEST((kernel.now() - before >= 20ms));
}

BOOST_AUTO_TEST_CASE(an_endless_wait_that_nothing_ends_is_a_hang_after_the_limit) {
    Fixture fixture(Options{.mode = Mode::threaded, .hang_limit = 50ms});
    const CompletionPort port = CompletionPort::create().value();
    std::array<sys::Packet, 1> packets;
    BOOST_TEST(port.dequeue(packets, kernel_infinite).error().value() == 10004);
    BOOST_TEST(fixture.kernel.hung());
}

BOOST_AUTO_TEST_CASE(a_refused_connect_ends_a_blocked_poll_after_its_delay) {
    Fixture fixture(Options{.personality = Personality::windows_11, .mode = Mode::threaded});
    const auto before = Clock::now();
    const Handle socket = fixture.world.connecting_refused();
    BOOST_TEST(fixture.poll(socket, bits::wrnorm, patience) ==
               (bits::err | bits::hup | bits::wrnorm));
    BOOST_TEST((Clock::now() - before >= 2s));
}

BOOST_FIXTURE_TEST_CASE(a_wait_on_the_port_rings_the_doorbell_of_a_blocked_poll, ThreadedFixture) {
    const sys::Doorbell doorbell = sys::Doorbell::create().value();
    constexpr int rounds = 200;
    std::array<sys::Packet, 4> packets;
    for (int i = 0; i < rounds; ++i) {
        sys::ThreadPoolWait wait;
        BOOST_TEST(!wait.arm(
            port.handle(),
            [](void* context, const sys::ThreadPoolWait&) noexcept {
                static_cast<void>(static_cast<const sys::Doorbell*>(context)->ring());
            },
            const_cast<sys::Doorbell*>(&doorbell)));
        world.beside([&] { static_cast<void>(port.post(1)); });
        BOOST_REQUIRE(poll(Handle(doorbell.socket()), bits::rdnorm, patience) == bits::rdnorm);
        wait.disarm();
        BOOST_TEST(port.dequeue(packets, 0).value() == 1U);
        BOOST_TEST(!doorbell.drain());
        world.join();
    }
}

BOOST_FIXTURE_TEST_CASE(after_a_disarm_no_callback_runs, ThreadedFixture) {
    struct Context {
        std::atomic<bool> disarmed = false;
        std::atomic<int> late = 0;
    };
    std::array<sys::Packet, 4> packets;
    for (int i = 0; i < 300; ++i) {
        Context context;
        sys::ThreadPoolWait wait;
        BOOST_TEST(!wait.arm(
            port.handle(),
            [](void* pointer, const sys::ThreadPoolWait&) noexcept {
                auto& seen = *static_cast<Context*>(pointer);
                seen.late += seen.disarmed.load() ? 1 : 0;
            },
            &context));
        world.beside([&] { static_cast<void>(port.post(1)); });
        wait.disarm();
        context.disarmed = true;
        world.join();
        BOOST_TEST(context.late == 0);
        BOOST_TEST(port.dequeue(packets, 0).value() == 1U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
