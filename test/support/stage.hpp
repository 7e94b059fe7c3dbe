// The stage of a poller's test: a kernel and the world outside it.
//
// `on_every_kernel` runs a test's body on Windows or Wine once over each backend, and on the
// simulated kernel once for each personality and each of a number of seeds, so that what a seed
// decides (when a peer acts, how early a wait ends) is tried in many ways. The seeds are
// distributed among the backends. A failure names the backend, the personality and the seed;
// `BACKEND`, `PERSONALITY` and `SEED` in the environment replay just that one. `BACKEND` alone runs
// every seed over that backend.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "backends.hpp"
#include "printing.hpp"
#include "sanitizers.hpp"
#include "wakepoll/wakepoll.hpp"
#include "world.hpp"
#if !defined(_WIN32)
#include "kernel.hpp"
#include "personality.hpp"
#endif

namespace wakepoll::test {

using namespace std::chrono_literals;

/// How long a test waits for what must come. On the virtual clock it costs nothing.
inline constexpr auto patience = 5min;

/// Checks for other threads: Boost.Test's own may only be used on the main thread.
class Expectations {
public:
    ~Expectations() { BOOST_TEST(broken_ == 0, "an expectation of another thread was broken"); }

    void expect(bool held) noexcept { broken_ += held ? 0 : 1; }
    void expect(const Result<void>& done) noexcept { expect(done.has_value()); }

private:
    std::atomic<int> broken_ = 0;
};

#if defined(_WIN32)

struct Stage : Expectations {
    World world;
};

template <class Body>
void on_kernels(std::optional<Backend> only, int /*seeds*/, Body&& body) {
    for (const Backend backend : wanted_backends(only)) {
        BOOST_TEST_CONTEXT("BACKEND=" << name_of(backend)) {
            const BackendUnderTest under_test(backend);
            Stage stage;
            body(stage);
        }
    }
}

#else

struct Stage : Expectations {
    explicit Stage(const sim::Options& options = {}) : kernel(options) {}
    ~Stage() { BOOST_TEST(!kernel.hung(), kernel.trace()); }

    sim::Kernel kernel;
    World world;
};

/// Every personality of the simulated kernel, otherwise with `options`.
template <class Body>
void on_kernels(std::optional<Backend> only, int seeds, Body&& body, sim::Options options = {}) {
    const char* const only_seed = std::getenv("SEED");
    const char* const only_personality = std::getenv("PERSONALITY");
    const std::vector<Backend> backends = wanted_backends(only);
    const auto many = static_cast<std::uint64_t>(seeds_to_try(seeds));
    for (const sim::Personality personality : sim::all_personalities) {
        const std::string name = sim::traits_of(personality).name;
        if (only_personality != nullptr && name != only_personality) {
            continue;
        }
        const std::uint64_t first =
            only_seed != nullptr ? std::strtoull(only_seed, nullptr, 10) : 1;
        const std::uint64_t last = only_seed != nullptr ? first : many;
        for (std::uint64_t seed = first; seed <= last; ++seed) {
            for (const Backend backend : dealt_backends(backends, many, seed)) {
                BOOST_TEST_CONTEXT("BACKEND=" << name_of(backend) << " PERSONALITY=" << name
                                              << " SEED=" << seed) {
                    const BackendUnderTest under_test(backend);
                    options.personality = personality;
                    options.seed = seed;
                    Stage stage(options);
                    body(stage);
                }
            }
        }
    }
}

#endif

template <class Body>
void on_every_kernel(int seeds, Body&& body) {
    on_kernels(std::nullopt, seeds, body);
}

/// For a test that is about this backend, or that does not depend on the backend.
template <class Body>
void on_every_kernel(Backend only, int seeds, Body&& body) {
    on_kernels(only, seeds, body);
}

/// A stage with a real clock and real threads, with this backend under test.
class ThreadedStage : public Stage {
public:
#if defined(_WIN32)
    explicit ThreadedStage(Backend backend) : under_test_(backend) {}
#else
    explicit ThreadedStage(Backend backend)
        : Stage(sim::Options{.mode = sim::Mode::threaded}), under_test_(backend) {}
#endif

private:
    BackendUnderTest under_test_;
};

/// The default number of seeds for a test of a promise.
inline constexpr int many_seeds = 1000;

/// A poller over the backend under test, unless the configuration names one.
[[nodiscard]] inline OsPoller make_poller(const PollerConfig& config = {}) {
    return OsPoller::create(under_test(config)).value();
}

/// A wait's result with its events.
template <std::size_t Room = 64>
struct Waited {
    std::array<NativeEvent, Room> events;
    WaitResult result;

    [[nodiscard]] std::size_t count() const { return result.count; }

    /// The mask reported with this user data; 0 if there is no such event.
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
