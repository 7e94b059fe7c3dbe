// Every kernel call of scripted scenarios fails once, with each of its possible errors.
//
// Each scenario (scenarios.hpp) runs over every backend and personality: once without a failure,
// then with its first call failing, then its second, and so on, each with every code in the
// simulated kernel's table (sim/calls.cpp). Random programs reach the same places only by chance.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "behaviours.hpp"

namespace wakepoll::test {

struct Exhausted {
    std::uint64_t runs = 0;
    std::uint64_t failures = 0;  ///< Calls that failed by a planned fault,
    std::uint64_t reported = 0;  ///< and those of them whose error a call of the poller returned.
    std::set<std::pair<std::uint8_t, std::uint32_t>> kinds_of_failure;
    sim::Met met{};                     ///< The odd behaviour of real Windows, with counts.
    std::optional<std::string> broken;  ///< The first failing run, as a text.
};

/// Runs everything, up to the first failure.
[[nodiscard]] Exhausted exhaust_scenarios();

/// The same, and prints the result. False after a failure.
[[nodiscard]] bool run_exhaustively();

}  // namespace wakepoll::test
