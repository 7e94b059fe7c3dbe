// Shared by all scenarios: cells, rounds in interleaved order, and comparable numbers.
//
// A *scenario* is one file: a function that gets a `Bench` and runs its *cells*, for example one
// for each number of sockets. In a cell several *contestants* do the same work in different ways.
// They take many short turns, A B C C B A, so that other load on the machine affects all of them
// alike. A turn begins with rounds that are not counted, to warm up. Only the time that a round
// returns counts; set-up and clean-up do not.
//
// Other load can only slow a round down, and on a busy machine the median says more about that load
// than about the contestant. So a comparison has two values: of the lower quintiles, which is the
// one to use, and of the medians. A comparison may have a limit and then reports whether it was
// met; a missed limit is reported but is no failure of the program.
//
// One thread runs a scenario; the threads that it creates end with the turn.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "statistics.hpp"

namespace wakepoll::bench {

using Nanoseconds = std::chrono::duration<double, std::nano>;

/// How long a function takes.
template <class Function>
[[nodiscard]] Nanoseconds time_of(const Function& function) {
    const auto begin = std::chrono::steady_clock::now();
    function();
    return std::chrono::steady_clock::now() - begin;
}

/// The command line.
struct Options {
    bool quick = false;  ///< Few rounds and few cells: to see that it works, not to be quoted.
    bool json = false;   ///< One JSON array instead of the tables.
    std::string save;    ///< A file that receives that array in any case.
    std::string filter;  ///< Only cells whose name, `scenario/cell`, contains this.
};

/// Throws std::invalid_argument, with the usage, for an unknown argument.
[[nodiscard]] Options parse_options(int count, char** arguments);

/// One way to do the work. `begin` and `end` are optional.
struct Contestant {
    std::string name;
    std::function<Nanoseconds()> round;  ///< Does `batch` units and returns the time to count.
    std::function<void()> begin = {};    ///< Before each of its turns.
    std::function<void()> end = {};      ///< After each of its turns; must leave nothing behind.
};

/// How much is done in a cell.
struct Effort {
    std::size_t turns = 1;
    std::size_t warm_up = 1;  ///< Uncounted rounds at the beginning of each turn.
    std::size_t rounds = 1;   ///< Counted rounds of each turn.
};

struct Cell {
    std::string name;
    std::string unit;       ///< What is counted: "event", "wake".
    std::size_t batch = 1;  ///< Units in a round.
    Effort effort;
    /// The share of the rounds that counts as undisturbed: the slowest of these is compared.
    double undisturbed = 0.2;
};

/// The result of one contestant in one cell: microseconds per unit, sorted.
struct Measurement {
    std::string name;
    std::vector<double> samples;
    Summary summary;
};

/// Compares two contestants of a cell.
struct Comparison {
    enum class Kind : std::uint8_t {
        ratio,       ///< `own` as a multiple of `peer`.
        difference,  ///< `own` less `peer`, in microseconds per unit.
    };

    std::string own;
    std::string peer;
    Kind kind = Kind::ratio;
    double limit = 0;  ///< The maximum; 0 for no limit.
};

[[nodiscard]] inline Comparison compared(std::string own, std::string peer) {
    return {std::move(own), std::move(peer)};
}
[[nodiscard]] inline Comparison at_most(double limit, std::string own, std::string peer) {
    return {std::move(own), std::move(peer), Comparison::Kind::ratio, limit};
}
[[nodiscard]] inline Comparison at_most_more(double microseconds, std::string own,
                                             std::string peer) {
    return {std::move(own), std::move(peer), Comparison::Kind::difference, microseconds};
}

/// A number that is not the time of a unit: bytes, or a share of something.
struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
};

class Bench {
public:
    explicit Bench(Options options) : options_(std::move(options)) {}

    [[nodiscard]] const Options& options() const noexcept { return options_; }
    [[nodiscard]] bool quick() const noexcept { return options_.quick; }

    /// Starts a scenario; what follows belongs to it.
    void begin_scenario(std::string_view name, std::string_view about);

    /// Whether to run a cell of the scenario.
    [[nodiscard]] bool wants(std::string_view cell) const;

    /// Runs a cell and reports its results; returns nothing for a cell that is not wanted. Skips
    /// comparisons whose contestants are not both present.
    std::vector<Measurement> run(const Cell& cell, const std::vector<Contestant>& contestants,
                                 const std::vector<Comparison>& comparisons = {});

    /// Reports further numbers of a wanted cell, in one line.
    void tell(std::string_view cell, std::string_view name, const std::vector<Figure>& figures);

    /// Reports something that cannot be measured here, and why.
    void skip(std::string_view cell, std::string_view name, std::string_view reason);

    /// Prints the summary after all scenarios. Throws std::invalid_argument if the filter has
    /// left nothing to run, std::runtime_error if the file cannot be written.
    void finish();

private:
    void show(const Cell& cell, const std::vector<Measurement>& measured);
    void show(const Cell& cell, const Comparison& comparison, const Measurement& own,
              const Measurement& peer);
    void heading();
    void object(std::string text);

    const Options options_;
    std::string scenario_;
    std::string about_;
    bool headed_ = false;
    std::size_t cells_ = 0;
    std::vector<std::string> objects_;  ///< For the JSON output.
    std::vector<std::string> limits_;   ///< One line for each comparison with a limit.
    std::size_t missed_ = 0;
};

}  // namespace wakepoll::bench
