// From a failing run to a short one that fails in the same way.
//
// A run is the list of what was drawn. Steps are left out, then spans of the list, then numbers are
// made smaller, again and again until nothing more can be done or there was no success for long.
// Whoever runs the candidates is given by the caller, because a run may end its process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wakepoll::test {

/// A run and what came of it.
struct Run {
    std::vector<std::uint32_t> drawn;
    std::vector<std::size_t> steps;  ///< Where in it what can be left out as a whole begins.
    std::optional<std::string> broken;
};

/// Runs a program with these choices. What was really drawn may differ from the list.
using Runner = std::function<Run(const std::vector<std::uint32_t>& list)>;

/// What is broken, without what differs from run to run.
[[nodiscard]] std::string kind_of(const std::string& broken);

/// The shortest run that was found to fail in the same way. At most `most_runs` are tried.
[[nodiscard]] Run shrink(const Run& failing, const Runner& run, std::size_t most_runs);

}  // namespace wakepoll::test
