// One random program over the public API on the simulated kernel, and what became of it.
//
// The campaign, its shrinker, its replay and the fuzzer all run programs by this one function, so
// what one of them finds the others can play again. Nothing here knows of Boost.Test, a command
// line or a file; a promise that is broken comes back as a text. What ends the process (a failed
// assertion, a sanitizer) ends it: whoever wants to survive that runs programs in a process of
// their own (see worker.hpp).
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

/// What programs have done, over all of them.
struct Tally {
    std::uint64_t programs = 0;
    std::uint64_t steps = 0;
    std::uint64_t waits = 0;
    std::uint64_t events = 0;
    std::uint64_t wakes = 0;       ///< Asked for.
    std::uint64_t operations = 0;  ///< Started.
    std::uint64_t failures = 0;    ///< Calls that were made to fail.
    /// Which calls those were (a sim::Call), and with which codes they failed.
    std::set<std::pair<std::uint8_t, std::uint32_t>> kinds_of_failure;
    /// How often the kernel did what real Windows does and a kinder one would not.
    sim::Met met{};
};

/// Is told what a program does, in lines.
using Trace = std::function<void(const std::string& lines)>;

/// Runs one program. What is wrong, or nothing where all promises were held. `trace` gets a
/// readable account of the program where it is not empty.
[[nodiscard]] std::optional<std::string> run_program(Choices& choices, Tally& tally,
                                                     const Trace& trace = {});

}  // namespace wakepoll::test
