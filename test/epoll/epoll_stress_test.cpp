// Waiters, changers, senders and closers at once, and a model that checks each event.
//
// Each changer has its own sockets. It arms one as one-shot with a new number, modifies it, or
// closes it and takes a new one; the byte is sent before or after, or by the sender at any time.
// The waiter that gets the event takes the number: one that was not armed is stale, one that was
// taken before is a duplicate, one that is never taken is lost. Another thread wakes the port, and
// another creates ports, waits at them with a second thread, and closes them.
//
// The environment variable STRESS_SECONDS sets the duration. A minute without an event, or without
// a port that was created and closed, is a stall and ends the program.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>

#include "epoll_support.hpp"

using namespace wakepoll;
using namespace wakepoll::test;

namespace {

constexpr std::size_t waiting_threads = 3;
constexpr std::size_t changers = 2;
constexpr std::size_t sockets_each = 12;

std::chrono::seconds duration() {
    const char* const seconds = std::getenv("STRESS_SECONDS");
    return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : sanitized ? 5 : 3);
}

constexpr auto patience_with_threads = 1min;

/// Wine 8's server crashes when a socket that another thread is creating is polled under the number
/// of one that was closed while registered.
#if defined(_WIN32)
constexpr bool closes_what_is_registered = false;
#else
constexpr bool closes_what_is_registered = true;
#endif

/// A changer's socket: one number from arming to the event.
struct Subject {
    SocketPair pair;
    std::atomic<std::uint32_t> armed = 0;
    std::atomic<bool> wants_byte = false;  ///< From the sender.
    std::uint32_t next = 1;
    bool registered = false;
};

class Game {
public:
    Game(World& world, const Port& port) : world_(world), port_(port) {
        for (Subject& subject : subjects_) {
            subject.pair = world.tcp_pair();
        }
    }

    void change(std::size_t changer) {
        for (std::uint64_t round = 0; !over_; ++round) {
            for (std::size_t i = 0; i < sockets_each; ++i) {
                arm(changer * sockets_each + i, round * 7 + i);
            }
            for (std::size_t i = 0; i < sockets_each; ++i) {
                await(subjects_[changer * sockets_each + i]);
            }
        }
    }
    void end_change() {
        --changing_;
        port_.wake();
    }

    void wait() {
        std::array<epoll_event, 4> events;
        while (changing_ > 0) {
            const int count = epoll_wait(port_.handle(), events.data(), 4, 100);
            expect(count >= 0, "a wait has failed");
            for (int i = 0; i < count; ++i) {
                take(events[static_cast<std::size_t>(i)]);
            }
        }
    }

    void send() {
        while (changing_ > 0) {
            for (Subject& subject : subjects_) {
                if (subject.wants_byte.exchange(false)) {
                    world_.send(subject.pair.peer, 1);
                }
            }
            std::this_thread::yield();
        }
    }

    void wake() {
        while (changing_ > 0) {
            expect(port_.wake() == 0, "a wake has failed");
            ++wakes_;
            std::this_thread::sleep_for(1ms);
        }
    }

    /// Closes ports while a thread waits at them.
    void come_and_go() {
        const Handle socket = make_loop();
        while (changing_ > 0) {
            void* const port = epoll_create1(0);
            epoll_event event{.events = EPOLLIN, .data = {}};
            expect(port != nullptr && epoll_ctl(port, EPOLL_CTL_ADD, socket.value(), &event) == 0,
                   "a port that was created does not serve");
            std::thread other([&] {
                epoll_event reported{};
                // If the wait begins after the close, the number may belong to a socket by then.
                expect(
                    epoll_wait(port, &reported, 1, -1) == -1 && (errno == EBADF || errno == EINVAL),
                    "a wait at a port that was closed ends otherwise");
            });
            if (++ports_ % 2 == 0) {
                std::this_thread::yield();
            }
            expect(epoll_close(port) == 0, "close");
            other.join();
        }
    }

    /// Runs a thread's work; an exception is a failure.
    template <class Work>
    void run(const Work& work) {
        try {
            work();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
            expect(false, "a thread has failed");
        }
    }

    void end() { over_ = true; }
    [[nodiscard]] bool is_over() const { return over_; }
    [[nodiscard]] std::uint64_t reports() const { return reports_; }
    [[nodiscard]] std::uint64_t ports() const { return ports_; }
    [[nodiscard]] std::uint64_t arms() const { return arms_; }
    [[nodiscard]] std::uint64_t wakes() const { return wakes_; }
    [[nodiscard]] const char* fault() const { return fault_; }
    [[nodiscard]] int fault_number() const { return fault_number_; }

private:
    void expect(bool held, const char* fault) {
        if (!held) {
            const int number = errno;
            const char* none = none_;
            if (fault_.compare_exchange_strong(none, fault)) {
                fault_number_ = number;
            }
            over_ = true;
        }
    }

    Handle make_loop() {
        const std::lock_guard guard(making_);
        return world_.udp_loop();
    }

    void renew(Subject& subject) {
        const std::lock_guard guard(making_);
        world_.close(subject.pair.local);
        world_.close(subject.pair.peer);
        subject.pair = world_.tcp_pair();
        subject.registered = false;
    }

    void arm(std::size_t index, std::uint64_t way) {
        Subject& subject = subjects_[index];
        if (subject.registered && way % 5 == 0) {
            const bool ends = !closes_what_is_registered || way % 3 != 0;
            if (ends) {
                expect(port_.remove(subject.pair.local) == 0, "remove");
                subject.registered = false;
            }
            if (!ends || way % 2 == 0) {
                renew(subject);
            }
        } else if (subject.registered && way % 5 == 1) {
            expect(port_.modify(subject.pair.local, 0) == 0, "modify");
        }
        const std::uint32_t number = subject.next++;
        const std::uint64_t data = std::uint64_t{index} << 32U | number;
        subject.armed = number;
        if (way % 3 == 0) {
            world_.send(subject.pair.peer, 1);
        } else if (way % 3 == 1) {
            subject.wants_byte = true;
        }
        constexpr std::uint32_t events = EPOLLIN | EPOLLONESHOT;
        if (subject.registered) {
            expect(port_.modify(subject.pair.local, events, data) == 0, "arm by MOD");
        } else {
            expect(add(subject.pair.local, events, data) == 0, "arm by ADD");
        }
        ++arms_;
        subject.registered = true;
        if (way % 3 == 2) {
            world_.send(subject.pair.peer, 1);
        }
    }

    /// Until the next wait, a new socket with the number of one that was closed while registered
    /// counts as that one; and that wait may come between the calls.
    int add(Handle handle, std::uint32_t events, std::uint64_t data) {
        int answer = port_.add(handle, events, data);
        while (closes_what_is_registered && answer != 0 && errno == EEXIST) {
            answer = port_.modify(handle, events, data);
            if (answer != 0 && errno == ENOENT) {
                answer = port_.add(handle, events, data);
            }
        }
        return answer;
    }

    void await(const Subject& subject) {
        const auto limit = std::chrono::steady_clock::now() + patience_with_threads;
        while (subject.armed != 0 && fault_ == none_) {
            expect(std::chrono::steady_clock::now() < limit, "a report is lost");
            std::this_thread::yield();
        }
    }

    void take(const epoll_event& event) {
        const auto index = static_cast<std::size_t>(event.data.u64 >> 32U);
        auto number = static_cast<std::uint32_t>(event.data.u64);
        if (index >= subjects_.size()) {
            return expect(false, "an event of no one");
        }
        Subject& subject = subjects_[index];
        if (subject.armed != number) {
            return expect(false, "an event that is stale, or doubled");
        }
        expect(event.events == EPOLLIN, "another mask");
        expect(world_.receive(subject.pair.local, 1).bytes == 1, "no byte");
        ++reports_;
        expect(subject.armed.compare_exchange_strong(number, 0), "an event that is doubled");
    }

    World& world_;
    const Port& port_;
    std::array<Subject, changers * sockets_each> subjects_;
    std::mutex making_;  ///< One thread at a time may use the World's lists.
    std::atomic<std::size_t> changing_ = changers;
    std::atomic<bool> over_ = false;
    std::atomic<std::uint64_t> reports_ = 0;
    std::atomic<std::uint64_t> ports_ = 0;
    std::atomic<std::uint64_t> arms_ = 0;
    std::atomic<std::uint64_t> wakes_ = 0;
    static constexpr const char* none_ = "none";
    std::atomic<const char*> fault_ = none_;
    std::atomic<int> fault_number_ = 0;  ///< `errno` at that moment.
};

/// Returns when the time is over or something is wrong.
void watch(const Game& game) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + duration();
    auto limit = Clock::now() + patience_with_threads;
    std::uint64_t reports = 0;
    std::uint64_t ports = 0;
    for (auto now = Clock::now(); now < end && !game.is_over(); now = Clock::now()) {
        if (game.reports() > reports && game.ports() > ports) {
            reports = game.reports();
            ports = game.ports();
            limit = now + patience_with_threads;
        }
        if (now > limit) {
            // Some threads could never be joined.
            std::fprintf(stderr, "epoll_stress: stalled after %llu reports and %llu ports\n",
                         static_cast<unsigned long long>(game.reports()),
                         static_cast<unsigned long long>(game.ports()));
            std::_Exit(EXIT_FAILURE);
        }
        std::this_thread::sleep_for(50ms);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(epoll_stress)

BOOST_AUTO_TEST_CASE(nothing_is_lost_and_nothing_doubled_with_all_at_once) {
    ThreadedStage stage(Backend::afd);
    const Port port;
    Game game(stage.world, port);
    std::vector<std::thread> threads;
    const auto begin = [&](auto work) { threads.emplace_back([&game, work] { game.run(work); }); };
    for (std::size_t i = 0; i < waiting_threads; ++i) {
        begin([&] { game.wait(); });
    }
    for (std::size_t i = 0; i < changers; ++i) {
        threads.emplace_back([&game, i] {
            game.run([&] { game.change(i); });
            game.end_change();
        });
    }
    begin([&] { game.send(); });
    begin([&] { game.wake(); });
    begin([&] { game.come_and_go(); });
    watch(game);
    game.end();
    for (std::thread& thread : threads) {
        thread.join();
    }
    BOOST_TEST(std::string(game.fault()) == "none", game.fault()
                                                        << ", errno " << game.fault_number());
    BOOST_TEST(game.reports() > 0U);
    BOOST_TEST(game.ports() > 0U);
    BOOST_TEST(game.reports() == game.arms());
    BOOST_TEST_MESSAGE(game.arms() << " times armed, " << game.reports() << " reports, "
                                   << game.wakes() << " wakes, " << game.ports()
                                   << " ports; the model found wrong: " << game.fault());
}

BOOST_AUTO_TEST_SUITE_END()
