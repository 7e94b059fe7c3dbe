// Runs one random program over the public API on the simulated kernel.
//
// The campaign, its shrinker, its replay and the fuzzer all use this function, so each can replay
// what another has found. Nothing here knows Boost.Test, a command line or a file; a broken promise
// is returned as a text. A failed assertion or a sanitizer ends the process: to survive that, run
// programs in a separate process (see worker.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "behaviours.hpp"
#include "choices.hpp"

namespace wakepoll::test {

/// Counts over all programs.
struct Tally {
    std::uint64_t programs = 0;
    std::uint64_t steps = 0;
    std::uint64_t waits = 0;
    std::uint64_t events = 0;
    std::uint64_t wakes = 0;       ///< Requested.
    std::uint64_t operations = 0;  ///< Started.
    std::uint64_t failures = 0;    ///< Kernel calls that failed by a planned fault.
    /// Those calls (a sim::Call) and their codes.
    std::set<std::pair<std::uint8_t, std::uint32_t>> kinds_of_failure;
    /// How often each odd behaviour of real Windows was met.
    sim::Met met{};
};

/// Receives the trace of a program, in lines.
using Trace = std::function<void(const std::string& lines)>;

/// Runs one program. Returns what is broken, or nothing if all promises were kept. `trace`, if not
/// empty, receives a readable account of the program.
[[nodiscard]] std::optional<std::string> run_program(Choices& choices, Tally& tally,
                                                     const Trace& trace = {});

}  // namespace wakepoll::test
