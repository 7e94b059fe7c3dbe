// Closes and registers handles and reuses their numbers at random, by the owner and by others.
//
// The checks are in churn.hpp. On the simulated kernel it runs for 10 minutes of the virtual clock
// over each backend, with the others acting wherever a seed lets them; with real threads it runs
// for STRESS_SECONDS (stress_time.hpp), on either kernel.
//
// On Wine 8 a socket under construction has its number before it can be polled, and Wine's server
// crashes when such a socket is polled. So on a real kernel sockets are closed before they are
// unregistered only while no other thread makes any.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#if defined(_WIN32)
#include <windows.h>
#endif

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "churn.hpp"
#include "stage.hpp"
#include "stress_time.hpp"

using namespace wakepoll;
using namespace wakepoll::test;
namespace data = boost::unit_test::data;

namespace {

void print(const OsPoller& poller, const Churn& churn) {
    BOOST_TEST_MESSAGE(poller.stats().waits
                       << " waits, " << churn.events() << " events, " << churn.registrations()
                       << " registrations and modifications, " << churn.orphans()
                       << " closed while registered (" << churn.told_apart()
                       << " with a request in flight, " << churn.in_the_way()
                       << " in the way of a recycled number), "
                       << poller.stats().registrations_dropped << " dropped");
}

/// Another thread, for the lifetime of this object.
class Disturber {
public:
    Disturber(Stage& stage, Churn& churn) : world_(stage.world) {
        world_.beside([this, &churn] {
            while (!stop_) {
                churn.disturb();
                std::this_thread::yield();
            }
        });
    }
    ~Disturber() {
        stop_ = true;
        world_.join();
    }
    Disturber(const Disturber&) = delete;
    Disturber& operator=(const Disturber&) = delete;

private:
    World& world_;
    std::atomic<bool> stop_ = false;
};

#if defined(_WIN32)

constexpr bool is_real = true;

/// The number of handles that this process has open.
std::uint32_t open_handles() {
    DWORD count = 0;
    BOOST_REQUIRE(::GetProcessHandleCount(::GetCurrentProcess(), &count) != FALSE);
    return count;
}

#else

constexpr bool is_real = false;

std::uint32_t open_handles() {
    return static_cast<std::uint32_t>(sim::Kernel::current().open_handles());
}

#endif

}  // namespace

BOOST_AUTO_TEST_SUITE(recycle)

#if !defined(_WIN32)

BOOST_AUTO_TEST_CASE(no_event_is_stale_in_ten_minutes_of_the_virtual_clock) {
    constexpr auto length = sanitized ? 30s : 600s;
    on_every_kernel(1, [&](Stage& stage) {
        sim::Kernel& kernel = stage.kernel;
        OsPoller poller = make_poller(Churn::config);
        const auto seed = static_cast<std::uint32_t>(kernel.options().seed);
        Churn churn(stage, poller, seed);
        std::mt19937 random(seed + 1);
        const auto below = [&](std::uint32_t limit) { return random() % limit; };
        const auto end = kernel.now() + length;
        for (int turns = 1; kernel.now() < end; ++turns) {
            for (std::uint64_t others = below(6); others > 0; --others) {
                if (below(2) == 0) {
                    stage.world.beside([&] { churn.disturb(); });
                } else {
                    kernel.at(std::chrono::microseconds(below(50'000)), [&] { churn.disturb(); });
                }
            }
            const auto longest = below(2) == 0 ? 0U : below(8) == 0 ? 1'000U : 20U;
            churn.turn(std::chrono::milliseconds(below(longest + 1)));
            if (turns % 64 == 0) {
                stage.world.join();
                kernel.advance(100ms);
                churn.take_census();
            }
        }
        stage.world.join();
        kernel.advance(100ms);
        churn.end();
        BOOST_TEST(kernel.afd_requests() == 0U);
        BOOST_TEST(churn.orphans() > 10U);
        print(poller, churn);
    });
}

#endif

BOOST_DATA_TEST_CASE(no_event_is_stale_while_another_thread_opens_and_closes,
                     data::make(wanted_backends()), backend) {
    ThreadedStage stage(backend);
    {
        // For what the first use leaves open permanently.
        OsPoller poller = make_poller(Churn::config);
        Churn churn(stage, poller, 1);
        churn.allow_orphans(!is_real);
        const Disturber disturber(stage, churn);
    }
    const std::uint32_t before = open_handles();
    OsPoller poller = make_poller(Churn::config);
    Churn churn(stage, poller, 2);
    const StressTime time;
    const auto turns = [&] {
        for (std::uint32_t turn = 0; turn < 200; ++turn) {
            churn.turn(turn % 4 == 0 ? 2ms : 0ms);
        }
    };
    do {
        churn.allow_orphans(!is_real);
        {
            const Disturber disturber(stage, churn);
            turns();
        }
        churn.take_census();
        churn.allow_orphans(true);
        turns();
        churn.take_census();
    } while (!time.is_over());
    churn.end();
    print(poller, churn);
    poller.dispose();
    BOOST_TEST(open_handles() == before);
#if !defined(_WIN32)
    BOOST_TEST(stage.kernel.afd_requests() == 0U);
#endif
}

BOOST_AUTO_TEST_SUITE_END()
