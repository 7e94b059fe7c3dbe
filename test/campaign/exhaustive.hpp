// Every kernel call of scripted scenarios fails once, with each error that it can give.
//
// Each scenario (scenarios.hpp) is played over every backend and personality: once as it is, then
// with its first call failing, its second, and so on, and each of them with every code that the
// simulated kernel's table has for it (sim/calls.cpp). Random programs reach the same places by
// chance; here nothing is left to it.
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
    std::uint64_t failures = 0;  ///< Calls that were made to fail,
    std::uint64_t reported = 0;  ///< and of these, those whose error a call of the poller gave.
    std::set<std::pair<std::uint8_t, std::uint32_t>> kinds_of_failure;
    sim::Met met{};                     ///< What real Windows does, and how often.
    std::optional<std::string> broken;  ///< The first run that went wrong, in words.
};

/// Plays all of it, up to the first that goes wrong.
[[nodiscard]] Exhausted exhaust_scenarios();

/// The same, and prints what came of it. False where something was broken.
[[nodiscard]] bool run_exhaustively();

}  // namespace wakepoll::test
