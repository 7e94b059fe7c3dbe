// Several threads on one port.
#include <atomic>
#include <thread>

#include "epoll_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

constexpr std::size_t waiters = 4;

/// The number of a port that was closed may belong to another object, of the C runtime's.
#if defined(_WIN32)
constexpr bool number_is_reused = true;
#else
constexpr bool number_is_reused = false;
#endif

/// Threads that each wait once at a port.
class Waits {
public:
    Waits(const Port& port, std::size_t count, int timeout = -1) {
        for (std::size_t i = 0; i < count; ++i) {
            threads_.emplace_back([this, handle = port.handle(), timeout] {
                epoll_event event{};
                ++begun_;
                const int answer = epoll_wait(handle, &event, 1, timeout);
                const Failure failure{errno, last_error()};
                bad_ += answer == -1 && failure == bad_number ? 1 : 0;
                empty_ += answer == 0 ? 1 : 0;
                events_ += answer == 1 ? 1 : 0;
                ++ended_;
            });
        }
    }
    ~Waits() { join(); }

    void join() {
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }

    /// Blocks until that many have ended and the others have had time to block.
    void await(std::size_t ended) const {
        while (begun_ < threads_.size() || ended_ < ended) {
            std::this_thread::yield();
        }
        std::this_thread::sleep_for(20ms);
    }

    [[nodiscard]] std::size_t ended() const { return ended_; }
    [[nodiscard]] std::size_t bad() const { return bad_; }
    [[nodiscard]] std::size_t empty() const { return empty_; }
    [[nodiscard]] std::size_t events() const { return events_; }

private:
    std::atomic<std::size_t> begun_ = 0;
    std::atomic<std::size_t> ended_ = 0;
    std::atomic<std::size_t> bad_ = 0;
    std::atomic<std::size_t> empty_ = 0;
    std::atomic<std::size_t> events_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(epoll_threads)

BOOST_AUTO_TEST_CASE(closing_a_port_ends_all_waits_with_a_bad_number) {
    const ThreadedStage stage(Backend::afd);
    for (const int timeout : {-1, 300'000}) {
        Port port;
        Waits waits(port, waiters, timeout);
        waits.await(0);
        BOOST_TEST(port.close() == 0);
        waits.join();
        BOOST_TEST(waits.bad() == waiters);
    }
}

BOOST_AUTO_TEST_CASE(two_threads_that_close_a_port_close_it_once) {
    const ThreadedStage stage(Backend::afd);
    for (int i = 0; i < 200; ++i) {
        void* const port = epoll_create1(0);
        std::atomic<int> closed = 0;
        std::atomic<int> refused = 0;
        const auto close = [&] {
            if (epoll_close(port) == 0) {
                ++closed;
            } else {
                refused += errno == EBADF ? 1 : 0;
            }
        };
        std::thread other(close);
        close();
        other.join();
        BOOST_TEST(closed == 1);
        BOOST_TEST(refused == 1);
    }
}

BOOST_AUTO_TEST_CASE(calls_in_progress_when_a_port_is_closed_end_with_a_bad_number) {
    ThreadedStage stage(Backend::afd);
    const std::array<Handle, 2> socks{stage.world.udp_loop(), stage.world.udp_loop()};
    for (int i = 0; i < (sanitized ? 30 : 100); ++i) {
        void* const port = epoll_create1(0);
        std::atomic<int> begun = 0;
        std::atomic<int> otherwise = 0;
        std::vector<std::thread> threads;
        const auto call_until_it_fails = [&](auto call) {
            threads.emplace_back([&, call] {
                bool fails = false;
                ++begun;
                for (int calls = 0; !fails; ++calls) {
                    epoll_event event{.events = EPOLLIN, .data = {}};
                    fails = call(calls, event) == -1;
                }
                otherwise += errno == EBADF || (number_is_reused && errno == EINVAL) ? 0 : 1;
            });
        };
        call_until_it_fails([&](int calls, epoll_event& event) {
            const int op = calls % 2 == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
            return epoll_ctl(port, op, socks[0].value(), &event);
        });
        call_until_it_fails([&](int calls, epoll_event& event) {
            const int op = calls == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
            return epoll_ctl(port, op, socks[1].value(), &event);
        });
        call_until_it_fails([&](int, epoll_event&) { return epoll_wake(port); });
        call_until_it_fails(
            [&](int, epoll_event& event) { return epoll_wait(port, &event, 1, 0); });
        while (begun < 4) {
            std::this_thread::yield();
        }
        BOOST_TEST(epoll_close(port) == 0);
        for (std::thread& thread : threads) {
            thread.join();
        }
        BOOST_TEST(otherwise == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_wake_ends_one_wait) {
    const ThreadedStage stage(Backend::afd);
    Port port;
    Waits waits(port, waiters);
    for (std::size_t i = 1; i <= waiters; ++i) {
        waits.await(i - 1);
        BOOST_TEST(waits.ended() == i - 1);
        BOOST_TEST(port.wake() == 0);
        waits.await(i);
    }
    waits.join();
    BOOST_TEST(waits.empty() == waiters);
}

BOOST_AUTO_TEST_CASE(a_wait_beside_another_ends_when_its_own_time_is_over) {
    const ThreadedStage stage(Backend::afd);
    Port port;
    Waits leader(port, 1);
    leader.await(0);
    for (const auto timeout : {0ms, 1ms, 30ms}) {
        const auto before = std::chrono::steady_clock::now();
        BOOST_TEST(port.wait(static_cast<int>(timeout.count())).empty());
        BOOST_TEST((std::chrono::steady_clock::now() - before >= timeout));
    }
    BOOST_TEST(leader.ended() == 0U);
    BOOST_TEST(port.wake() == 0);
}

BOOST_AUTO_TEST_CASE(what_one_thread_leaves_over_is_reported_to_the_next) {
    ThreadedStage stage(Backend::afd);
    Port port;
    const SocketPair pairs[] = {stage.world.tcp_pair(), stage.world.tcp_pair(),
                                stage.world.tcp_pair(), stage.world.tcp_pair()};
    for (const SocketPair& pair : pairs) {
        BOOST_TEST(port.add(pair.local, EPOLLIN | EPOLLONESHOT, pair.local.value()) == 0);
    }
    Waits waits(port, waiters);
    waits.await(0);
    // Each wait has room for one event.
    for (const SocketPair& pair : pairs) {
        stage.world.send(pair.peer, 1);
    }
    waits.join();
    BOOST_TEST(waits.events() == waiters);
    BOOST_TEST(port.wait(0).empty());
}

BOOST_AUTO_TEST_CASE(what_stays_ready_is_reported_to_each_thread) {
    ThreadedStage stage(Backend::afd);
    Port port;
    const SocketPair pair = stage.world.tcp_pair();
    BOOST_TEST(port.add(pair.local, EPOLLIN, 1) == 0);
    Waits waits(port, waiters);
    waits.await(0);
    stage.world.send(pair.peer, 1);
    waits.join();
    BOOST_TEST(waits.events() == waiters);
}

BOOST_AUTO_TEST_CASE(what_is_one_shot_is_reported_to_one_thread) {
    ThreadedStage stage(Backend::afd);
    Port port;
    const SocketPair pair = stage.world.tcp_pair();
    BOOST_TEST(port.add(pair.local, EPOLLIN | EPOLLONESHOT, 1) == 0);
    Waits waits(port, waiters);
    waits.await(0);
    stage.world.send(pair.peer, 1);
    waits.await(1);
    BOOST_TEST(waits.ended() == 1U);
    BOOST_TEST(port.close() == 0);
    waits.join();
    BOOST_TEST(waits.events() == 1U);
    BOOST_TEST(waits.bad() == waiters - 1);
}

BOOST_AUTO_TEST_CASE(a_change_beside_waiting_threads_is_in_force_when_it_returns) {
    ThreadedStage stage(Backend::afd);
    Port port;
    const SocketPair pair = stage.world.tcp_pair();
    BOOST_TEST(port.add(pair.local, 0, 1) == 0);
    Waits waits(port, 2);
    waits.await(0);
    BOOST_TEST(port.modify(pair.local, EPOLLIN | EPOLLONESHOT, 2) == 0);
    BOOST_TEST(waits.ended() == 0U);
    stage.world.send(pair.peer, 1);
    waits.await(1);
    BOOST_TEST(waits.events() == 1U);
    BOOST_TEST(port.modify(pair.local, EPOLLOUT | EPOLLONESHOT, 3) == 0);
    waits.join();
    BOOST_TEST(waits.events() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
