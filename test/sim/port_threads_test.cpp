// The model's port and the threads that take packets from it: how many of them may run at a time.
#include <array>
#include <atomic>
#include <thread>

#include "fixture.hpp"

namespace wakepoll::sim {
namespace {

using sys::CompletionPort;

struct SmallPort : Fixture {
    explicit SmallPort(Personality personality, std::uint32_t threads = 1)
        : Fixture(personality), port(CompletionPort::create(threads).value()) {}

    /// Dequeues up to one packet on this thread. Returns the number.
    std::size_t take(std::uint32_t milliseconds = 0) {
        std::array<sys::Packet, 1> packets;
        return port.dequeue(packets, milliseconds).value();
    }
    /// The same on another thread, while this one runs.
    std::size_t take_beside() {
        std::size_t taken = 0;
        kernel.between_calls([&] { taken = take(); }, 1.0);
        call_something();
        return taken;
    }
    /// The same while this thread is blocked.
    std::size_t take_while_blocked() {
        std::size_t taken = 0;
        kernel.when_blocked([&] { taken = take(); });
        BOOST_TEST(poll(world.tcp_socket(), bits::rdnorm, 20) == 0);
        return taken;
    }
    void call_something() { static_cast<void>(sys::socket_kind(world.never_a_handle())); }

    CompletionPort port;
};

constexpr Personality windows[] = {Personality::windows_11, Personality::windows_server_2019};

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_port_threads)

BOOST_AUTO_TEST_CASE(a_second_thread_gets_no_packet_while_the_first_runs) {
    for (const Personality personality : windows) {
        SmallPort fixture(personality);
        BOOST_TEST(!fixture.port.post(1));
        BOOST_TEST(!fixture.port.post(2));
        BOOST_TEST(fixture.take() == 1U);
        BOOST_TEST(fixture.take_beside() == 0U);
        BOOST_TEST(fixture.take_while_blocked() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(nor_where_the_first_has_looked_and_found_nothing) {
    for (const Personality personality : windows) {
        SmallPort fixture(personality);
        BOOST_TEST(fixture.take() == 0U);
        BOOST_TEST(!fixture.port.post(1));
        BOOST_TEST(fixture.take_beside() == 0U);
        BOOST_TEST(fixture.take() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_thread_that_has_taken_none_holds_back_none) {
    for (const Personality personality : windows) {
        SmallPort fixture(personality);
        BOOST_TEST(!fixture.port.post(1));
        BOOST_TEST(fixture.take_beside() == 1U);
        // That thread has ended.
        BOOST_TEST(!fixture.port.post(2));
        BOOST_TEST(fixture.take() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_thread_belongs_to_the_port_that_it_has_asked_last) {
    for (const Personality personality : windows) {
        SmallPort fixture(personality);
        BOOST_TEST(!fixture.port.post(1));
        BOOST_TEST(!fixture.port.post(2));
        BOOST_TEST(fixture.take() == 1U);
        const CompletionPort other = CompletionPort::create(1).value();
        std::array<sys::Packet, 1> packets;
        BOOST_TEST(other.dequeue(packets, 0).value() == 0U);
        BOOST_TEST(fixture.take_beside() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_wait_in_vain_lasts_its_time) {
    SmallPort fixture(Personality::windows_11);
    BOOST_TEST(!fixture.port.post(1));
    BOOST_TEST(!fixture.port.post(2));
    BOOST_TEST(fixture.take() == 1U);
    std::size_t taken = 1;
    fixture.kernel.between_calls([&] { taken = fixture.take(5); }, 1.0);
    fixture.call_something();
    BOOST_TEST(taken == 0U);
}

BOOST_AUTO_TEST_CASE(a_port_for_more_threads_serves_more) {
    for (const std::uint32_t threads : {2U, CompletionPort::any_number}) {
        SmallPort fixture(Personality::windows_11, threads);
        BOOST_TEST(!fixture.port.post(1));
        BOOST_TEST(!fixture.port.post(2));
        BOOST_TEST(fixture.take() == 1U);
        BOOST_TEST(fixture.take_beside() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(zero_is_the_number_of_processors) {
    SmallPort fixture(Personality::windows_11, 0);
    BOOST_TEST(!fixture.port.post(1));
    BOOST_TEST(!fixture.port.post(2));
    BOOST_TEST(fixture.take() == 1U);
    BOOST_TEST(fixture.take_beside() == 0U);
}

BOOST_AUTO_TEST_CASE(wine_serves_any_number) {
    SmallPort fixture(Personality::wine_8);
    BOOST_TEST(!fixture.port.post(1));
    BOOST_TEST(!fixture.port.post(2));
    BOOST_TEST(fixture.take() == 1U);
    BOOST_TEST(fixture.take_beside() == 1U);
}

BOOST_AUTO_TEST_CASE(threaded_a_thread_that_ends_makes_room) {
    Fixture fixture(Options{.mode = Mode::threaded, .early_waits = false});
    const CompletionPort port = CompletionPort::create(1).value();
    BOOST_TEST(!port.post(1));
    BOOST_TEST(!port.post(2));
    std::atomic<bool> over = false;
    std::atomic<std::size_t> first = 0;
    std::array<sys::Packet, 1> packets;
    std::thread runner([&] {
        std::array<sys::Packet, 1> mine;
        first = port.dequeue(mine, 0).value();
        while (!over) {
            std::this_thread::yield();
        }
    });
    BOOST_TEST(eventually([&] { return first == 1; }));
    BOOST_TEST(port.dequeue(packets, 20).value() == 0U);
    over = true;
    BOOST_TEST(port.dequeue(packets, patience).value() == 1U);
    runner.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace wakepoll::sim
