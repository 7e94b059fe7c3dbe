// Where a poller's test is played: a kernel and the world outside it.
//
// `on_every_kernel` runs a test's body once on Windows or Wine, and on the simulated kernel once
// for each personality and each of a number of seeds, so that what a seed decides (when a peer
// acts, how early a wait ends) is tried in many ways. A failure names the personality and the seed;
// `SEED` and `PERSONALITY` in the environment replay just that one.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "printing.hpp"
#include "wakepoll/wakepoll.hpp"
#include "world.hpp"
#if !defined(_WIN32)
#include "kernel.hpp"
#include "personality.hpp"
#endif

namespace wakepoll::test {

using namespace std::chrono_literals;

/// How long a test waits for what must come. On the virtual clock it costs nothing.
inline constexpr auto patience = 20s;

/// What other threads find out: Boost.Test's own checks belong to the main thread alone.
class Expectations {
public:
    ~Expectations() { BOOST_TEST(broken_ == 0, "an expectation of another thread was broken"); }

    void expect(bool held) noexcept { broken_ += held ? 0 : 1; }

private:
    std::atomic<int> broken_ = 0;
};

#if defined(_WIN32)

struct Stage : Expectations {
    World world;
};

/// A stage whose clock and threads are real.
using ThreadedStage = Stage;

template <class Body>
void on_every_kernel(int /*seeds*/, Body&& body) {
    Stage stage;
    std::forward<Body>(body)(stage);
}

#else

struct Stage : Expectations {
    explicit Stage(const sim::Options& options = {}) : kernel(options) {}
    ~Stage() { BOOST_TEST(!kernel.hung(), kernel.trace()); }

    sim::Kernel kernel;
    World world;
};

/// A stage whose clock and threads are real.
struct ThreadedStage : Stage {
    ThreadedStage() : Stage(sim::Options{.mode = sim::Mode::threaded}) {}
};

template <class Body>
void on_every_kernel(int seeds, Body&& body) {
    const char* const only_seed = std::getenv("SEED");
    const char* const only_personality = std::getenv("PERSONALITY");
    for (const sim::Personality personality : sim::all_personalities) {
        const std::string name = sim::traits_of(personality).name;
        if (only_personality != nullptr && name != only_personality) {
            continue;
        }
        const std::uint64_t first =
            only_seed != nullptr ? std::strtoull(only_seed, nullptr, 10) : 1;
        const std::uint64_t last = only_seed != nullptr ? first : static_cast<std::uint64_t>(seeds);
        for (std::uint64_t seed = first; seed <= last; ++seed) {
            BOOST_TEST_CONTEXT("PERSONALITY=" << name << " SEED=" << seed) {
                Stage stage(sim::Options{.personality = personality, .seed = seed});
                body(stage);
            }
        }
    }
}

#endif

/// How many seeds a test of a promise is run with unless it has a reason for another number.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int many_seeds = 300;  // Five times as slow; the ways are the plain run's to try.
#else
inline constexpr int many_seeds = 1000;
#endif

[[nodiscard]] inline OsPoller make_poller(const PollerConfig& config = {}) {
    return OsPoller::create(config).value();
}

/// A wait's result with its events.
template <std::size_t Room = 64>
struct Waited {
    std::array<NativeEvent, Room> events;
    WaitResult result;

    [[nodiscard]] std::size_t count() const { return result.count; }

    /// The mask reported with this user data; 0 where there is no such event.
    [[nodiscard]] std::uint32_t mask_of(std::uint64_t user_data) const {
        for (std::size_t i = 0; i < result.count; ++i) {
            if (events[i].completion == nullptr && events[i].data.u64 == user_data) {
                return events[i].events;
            }
        }
        return 0;
    }
};

template <std::size_t Room = 64>
[[nodiscard]] Waited<Room> wait(OsPoller& poller, Timeout timeout = patience) {
    Waited<Room> waited;
    waited.result = poller.wait(waited.events, timeout);
    return waited;
}

}  // namespace wakepoll::test
