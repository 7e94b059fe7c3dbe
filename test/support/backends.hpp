// The backends that the poller's tests run over, and the one under test.
//
// A test is written once and runs over all of them: `on_every_kernel` (stage.hpp) distributes its
// seeds among them, data-driven cases with real threads take them as data. Pollers from
// `make_poller`, or with a configuration from `under_test`, use the backend under test; a test
// about one backend names it. BACKEND in the environment restricts the run to the one it names.
//
// Everything here belongs to the test's main thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wakepoll/config.hpp"

namespace wakepoll {

namespace test {

/// The name of a backend, as in BACKEND in the environment.
[[nodiscard]] constexpr std::string_view name_of(Backend backend) noexcept {
    switch (backend) {
        case Backend::automatic:
            return "automatic";
        case Backend::wsapoll:
            return "wsapoll";
        case Backend::afd:
            return "afd";
    }
    return "?";
}

}  // namespace test

/// How Boost.Test prints it. Found by argument-dependent lookup, so it must be in this namespace.
inline std::ostream& boost_test_print_type(std::ostream& out, Backend backend) {
    return out << test::name_of(backend);
}

}  // namespace wakepoll

namespace wakepoll::test {

inline constexpr std::array all_backends = {Backend::automatic, Backend::wsapoll, Backend::afd};

[[nodiscard]] constexpr bool is_tested(Backend backend) noexcept {
    for (const Backend one : all_backends) {
        if (one == backend) {
            return true;
        }
    }
    return false;
}

/// All backends, or the one that BACKEND in the environment names. An unknown name ends the
/// program: otherwise no test would run, and none would fail.
inline const std::vector<Backend>& wanted_backends() {
    static const std::vector<Backend> wanted = [] {
        const char* const only = std::getenv("BACKEND");
        if (only == nullptr) {
            return std::vector<Backend>(all_backends.begin(), all_backends.end());
        }
        for (const Backend backend : all_backends) {
            if (name_of(backend) == only) {
                return std::vector<Backend>{backend};
            }
        }
        std::fprintf(stderr, "BACKEND=%s is no backend that is tested\n", only);
        std::exit(EXIT_FAILURE);
    }();
    return wanted;
}

/// The wanted backends for a test: `only`, or all if it names none.
inline std::vector<Backend> wanted_backends(std::optional<Backend> only) {
    std::vector<Backend> wanted = wanted_backends();
    std::erase_if(wanted, [&](Backend backend) { return only && backend != *only; });
    return wanted;
}

/// The backend of the run with this number, where each run has one.
inline Backend dealt_backend(std::uint64_t number) {
    const std::vector<Backend>& wanted = wanted_backends();
    return wanted[number % wanted.size()];
}

/// The backends that a seed runs over: one of them, so that each has its share over all seeds; all
/// of them if there are few seeds.
inline std::span<const Backend> dealt_backends(std::span<const Backend> backends,
                                               std::uint64_t seeds, std::uint64_t seed) {
    constexpr std::uint64_t few_seeds = 3;
    if (seeds <= few_seeds || seeds < backends.size() || backends.empty()) {
        return backends;
    }
    return backends.subspan(seed % backends.size(), 1);
}

/// Sets the backend under test for its lifetime.
class BackendUnderTest {
public:
    explicit BackendUnderTest(Backend backend) : before_(std::exchange(current_, backend)) {}
    ~BackendUnderTest() { current_ = before_; }
    BackendUnderTest(const BackendUnderTest&) = delete;
    BackendUnderTest& operator=(const BackendUnderTest&) = delete;

    /// The first wanted one where none is set.
    [[nodiscard]] static Backend current() {
        return current_ ? *current_ : wanted_backends().front();
    }

private:
    static inline std::optional<Backend> current_;

    std::optional<Backend> before_;
};

/// The configuration with the backend under test, unless it names one.
[[nodiscard]] inline PollerConfig under_test(PollerConfig config = {}) {
    if (config.backend == Backend::automatic) {
        config.backend = BackendUnderTest::current();
    }
    return config;
}

}  // namespace wakepoll::test
