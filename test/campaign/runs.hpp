// The campaign's runs: many programs with successive seeds, a replay, and the shrinking of a
// failure.
//
// Each runs in a separate process (worker.hpp), so that a program may end in any way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine.hpp"
#include "shrink.hpp"
#include "worker.hpp"

namespace wakepoll::test {

struct Campaign {
    Tally tally;
    /// The first that failed, if any.
    std::uint64_t seed = 0;
    std::optional<std::string> broken;
};

class Runs {
public:
    /// Runs programs of about `steps` steps.
    explicit Runs(std::uint32_t steps) : steps_(steps), shared_(shared_memory()) {}

    /// Runs programs with the seeds from `first` on, until `programs` have run, the time is over,
    /// or one has failed.
    [[nodiscard]] Campaign many(std::uint64_t first, std::uint64_t programs,
                                std::chrono::seconds time);

    /// Runs one program; `trace` receives its trace.
    [[nodiscard]] Run replay(std::uint64_t seed, std::string& trace);
    [[nodiscard]] Run replay(const std::vector<std::uint32_t>& list, std::string& trace);

    /// A short run that fails in the same way as this one.
    [[nodiscard]] Run shrunk(const Run& failing, std::size_t most_runs);

private:
    [[nodiscard]] Run play(Choices& choices, std::string* trace);

    std::uint32_t steps_;
    Shared& shared_;
};

}  // namespace wakepoll::test
