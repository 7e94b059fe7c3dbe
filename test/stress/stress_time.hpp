// How long a stress test runs if the clock is real.
//
// One second, unless STRESS_SECONDS in the environment says otherwise: short enough to run with all
// other tests, while a manual run may take a minute or an hour.
#pragma once

#include <chrono>
#include <cstdlib>

namespace wakepoll::test {

/// The machine's own clock, also if the test's is virtual.
using RealClock = std::chrono::steady_clock;

inline std::chrono::seconds stress_seconds() {
    const char* const seconds = std::getenv("STRESS_SECONDS");
    const long number = seconds != nullptr ? std::strtol(seconds, nullptr, 10) : 0;
    return std::chrono::seconds(number > 0 ? number : 1);
}

/// Starts when it is constructed.
class StressTime {
public:
    [[nodiscard]] std::chrono::nanoseconds passed() const { return RealClock::now() - begin_; }
    [[nodiscard]] bool is_over() const { return passed() >= stress_seconds(); }

private:
    RealClock::time_point begin_ = RealClock::now();
};

}  // namespace wakepoll::test
