// WakeState under real threads, for the thread sanitizer and for what no order of steps on one
// thread can show: that waking publishes what was written before, and that no thread uses the
// kernel's objects once disposal has waited for the deliveries.
//
// A semaphore for each place stands for the kernel. Every wait is bounded: a lost wake fails the
// test instead of hanging it.
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "core/wake_state.hpp"

namespace wakepoll::core::test {
namespace {

using Delivery = WakeState::Delivery;
using Clock = std::chrono::steady_clock;

/// Longer than any of this takes on a busy machine.
constexpr std::chrono::seconds patience{300};

/// What a thread blocks in: signals are counted, and a block takes them all.
class Semaphore {
public:
    void signal() {
        const std::lock_guard lock(mutex_);
        ++signals_;
        condition_.notify_one();
    }

    /// False if nothing came for so long that nothing will.
    [[nodiscard]] bool block() {
        std::unique_lock lock(mutex_);
        const bool signalled = condition_.wait_for(lock, patience, [this] { return signals_ > 0; });
        signals_ = 0;
        return signalled;
    }

private:
    std::mutex mutex_;
    std::condition_variable condition_;
    int signals_ = 0;
};

class Kernel {
public:
    void rouse(Park where) {
        if (closed_) {
            misused_ = true;
        }
        at(where).signal();
    }

    [[nodiscard]] bool block(Park where) { return at(where).block(); }

    /// No thread may be inside, or come in later.
    void close() { closed_ = true; }

    [[nodiscard]] bool was_misused() const { return misused_; }

private:
    [[nodiscard]] Semaphore& at(Park where) { return where == Park::port ? port_ : doorbell_; }

    Semaphore port_;
    Semaphore doorbell_;
    bool closed_ = false;  // Plain, so that a late caller is a data race as well.
    std::atomic<bool> misused_{false};
};

/// What post_wakeup makes of it. `fails` says that the kernel refuses.
bool wake_up(WakeState& wake, Kernel& kernel, bool fails = false) {
    const Delivery delivery = wake.begin_wake();
    if (delivery.kind != Delivery::Kind::needed) {
        return delivery.kind == Delivery::Kind::done;
    }
    if (!fails) {
        kernel.rouse(delivery.where);
    }
    wake.finish(delivery, !fails);
    return !fails;
}

/// Waits for a condition that another thread brings about. False if it never does.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
    const auto deadline = Clock::now() + patience;
    while (!condition()) {
        if (Clock::now() > deadline) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// What one waking thread and the owner tell each other.
struct alignas(64) Line {
    std::atomic<std::uint32_t> said{0};   ///< Written before each wake.
    std::atomic<std::uint32_t> heard{0};  ///< What the owner read after the last wake it consumed.
};

BOOST_AUTO_TEST_SUITE(wake_threads)

// Each thread publishes a number, wakes, and now and then waits until it is heard before it
// continues; so a lost wake blocks all threads where it happens, and no later one makes up for it.
// Some kernel calls fail: those wakes are repeated, as callers have to.
BOOST_AUTO_TEST_CASE(of_four_times_250000_wakes_none_is_lost) {
    constexpr std::uint32_t wakes = 250'000;
    WakeState wake;
    Kernel kernel;
    std::array<Line, 4> lines;
    std::atomic<bool> broken{false};

    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        threads.emplace_back([&, i] {
            std::mt19937 random(static_cast<std::uint32_t>(i));
            Line& line = lines[i];
            for (std::uint32_t n = 1; n <= wakes; ++n) {
                line.said.store(n, std::memory_order_relaxed);
                while (!wake_up(wake, kernel, random() % 16 == 0)) {
                }
                if (random() % 32 != 0 && n != wakes) {
                    continue;
                }
                if (!eventually([&] { return line.heard.load() >= n || broken; }) || broken) {
                    broken = true;
                    return;
                }
            }
        });
    }

    std::uint32_t parks = 0;
    std::uint32_t reports = 0;
    const auto all_heard = [&] {
        return std::all_of(lines.begin(), lines.end(),
                           [](const Line& line) { return line.heard.load() == wakes; });
    };
    while (!broken && !all_heard()) {
        const Park where = ++parks % 2 == 0 ? Park::port : Park::sockets;
        if (wake.park(where)) {
            const bool roused = kernel.block(where);
            wake.unpark();
            if (!roused) {
                broken = true;
            }
        }
        if (wake.consume()) {
            ++reports;
            for (Line& line : lines) {
                line.heard.store(line.said.load(std::memory_order_relaxed));
            }
        }
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    BOOST_TEST(!broken, "the owner was left blocked");
    BOOST_TEST(wake.requests() >= wakes * lines.size());
    BOOST_TEST(reports > 0U);
    BOOST_TEST_MESSAGE(reports << " reports, " << parks << " tries to park");
}

// The plain numbers are a data race unless a wake that made no kernel call, being the second of
// two, publishes what its thread has written. The owner learns that both have come from the same
// word, without any order but the one under test.
BOOST_AUTO_TEST_CASE(a_wake_that_needs_no_call_publishes_what_was_written_before_it) {
    constexpr std::uint32_t rounds = 5'000;
    WakeState wake;
    Kernel kernel;
    std::array<std::uint32_t, 2> written{};
    std::atomic<std::uint32_t> round{1};
    std::vector<std::thread> threads;
    for (std::uint32_t& number : written) {
        threads.emplace_back([&] {
            for (std::uint32_t n = 1; n <= rounds; ++n) {
                if (!eventually([&] { return round.load() >= n; })) {
                    return;
                }
                number = n;
                (void)wake_up(wake, kernel);
            }
        });
    }
    std::uint32_t seen = 0;
    for (std::uint32_t n = 1; n <= rounds; ++n) {
        if (!eventually([&] { return wake.requests() >= 2 * n; })) {
            break;
        }
        // The count is raised before the wake is pending.
        if (!eventually([&] { return wake.consume(); })) {
            break;
        }
        seen += written[0] == n && written[1] == n ? 1 : 0;
        round.store(n + 1);
    }
    round.store(rounds);
    for (std::thread& thread : threads) {
        thread.join();
    }
    BOOST_TEST(seen == rounds);
}

BOOST_AUTO_TEST_CASE(after_a_close_nobody_touches_the_kernel) {
    for (std::uint32_t run = 0; run < 300; ++run) {
        WakeState wake;
        Kernel kernel;
        std::atomic<int> started{0};
        std::atomic<int> refused{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                ++started;
                while (!wake.is_closed()) {
                    (void)wake_up(wake, kernel);
                }
                refused += wake.begin_wake().kind == Delivery::Kind::refused ? 1 : 0;
            });
        }
        bool lost = !eventually([&] { return started == 3; });
        for (std::uint32_t wait = 0; wait < run % 20 && !lost; ++wait) {
            const Park where = wait % 2 == 0 ? Park::port : Park::sockets;
            if (wake.park(where)) {
                lost = !kernel.block(where);
                wake.unpark();
            }
            (void)wake.consume();
        }
        // Parked if possible, so that the close comes in the middle of their deliveries.
        (void)wake.park(run % 2 == 0 ? Park::port : Park::sockets);
        wake.close();
        wake.wait_for_deliveries();
        kernel.close();
        for (std::thread& thread : threads) {
            thread.join();
        }
        BOOST_TEST_REQUIRE(!lost);
        BOOST_TEST_REQUIRE(refused == 3);
        BOOST_TEST_REQUIRE(!kernel.was_misused());
    }
}

BOOST_AUTO_TEST_CASE(waiting_for_deliveries_ends_only_when_the_last_has_finished) {
    for (int run = 0; run < 200; ++run) {
        WakeState wake;
        BOOST_TEST_REQUIRE(wake.park(Park::port));
        const Delivery first = wake.begin_wake();
        const Delivery second = wake.begin_wake();
        std::atomic<bool> waiting{false};
        std::atomic<bool> all_finished{false};
        bool too_early = false;
        std::thread waiter([&] {
            waiting = true;
            wake.wait_for_deliveries();
            too_early = !all_finished;
        });
        (void)eventually([&] { return waiting.load(); });
        wake.finish(first, true);
        std::this_thread::yield();  // The waiter's chance to be wrong.
        all_finished = true;
        wake.finish(second, true);
        waiter.join();
        BOOST_TEST_REQUIRE(!too_early);
    }
}

BOOST_AUTO_TEST_CASE(a_256th_delivery_waits_until_there_is_room_to_count_it) {
    WakeState wake;
    BOOST_TEST(wake.park(Park::port));
    std::vector<Delivery> deliveries;
    for (int i = 0; i < 255; ++i) {
        deliveries.push_back(wake.begin_wake());
    }
    std::atomic<bool> one_finished{false};
    bool too_early = false;
    Delivery last;
    std::thread thread([&] {
        last = wake.begin_wake();
        too_early = !one_finished;
    });
    // Its request is counted at once; it cannot begin before a delivery has finished.
    BOOST_TEST(eventually([&] { return wake.requests() == 256; }));
    std::this_thread::yield();
    one_finished = true;
    wake.finish(deliveries.back(), false);
    thread.join();
    deliveries.back() = last;
    BOOST_TEST(!too_early);
    for (const Delivery& delivery : deliveries) {
        BOOST_TEST((delivery.kind == Delivery::Kind::needed && delivery.generation == 0));
        wake.finish(delivery, true);
    }
    wake.wait_for_deliveries();
    wake.unpark();
    BOOST_TEST(wake.consume());
    BOOST_TEST(!wake.consume());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::core::test
