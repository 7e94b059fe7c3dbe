// Reduces a failing run to a short one that fails in the same way.
//
// A run is the list of numbers drawn. The shrinker removes steps, then spans of the list, then
// reduces numbers, until nothing works any more or the limit of runs is reached. The caller
// supplies the function that runs candidates, because a run may end its process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wakepoll::test {

/// A run and its result.
struct Run {
    std::vector<std::uint32_t> drawn;
    std::vector<std::size_t> steps;  ///< Indices at which removable parts begin.
    std::optional<std::string> broken;
};

/// Runs a program with these choices. The numbers really drawn may differ from the list.
using Runner = std::function<Run(const std::vector<std::uint32_t>& list)>;

/// The text of a failure, without what differs from run to run.
[[nodiscard]] std::string kind_of(const std::string& broken);

/// The shortest run that was found to fail in the same way. At most `most_runs` are tried.
[[nodiscard]] Run shrink(const Run& failing, const Runner& run, std::size_t most_runs);

}  // namespace wakepoll::test
