// What every scenario shares: cells, rounds in interleaved order, and numbers that can be compared.
//
// A *scenario* is one file: a function that is given a `Bench` and runs its *cells*, for example
// one for each number of sockets. In a cell several *contestants* do the same work in different
// ways. They take many short turns, A B C A B C, so that whatever else the machine does meanwhile
// hits all of them alike. A turn begins with rounds that are not counted, to warm up. Only what a
// round says of itself is timed; bringing up and taking down is not.
//
// A machine that does other things can only make a round dearer, and on a busy one the median says
// more about those than about the contestant. So a comparison is told twice: of the lower
// quintiles, which is the one to go by, and of the medians. A comparison may have a limit, and then
// says whether it is kept; a limit that is missed is told, it is no failure of the program.
//
// One thread runs a scenario; the threads that it makes for itself end with the turn.
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

/// How long a single function takes.
template <class Function>
[[nodiscard]] Nanoseconds time_of(const Function& function) {
    const auto begin = std::chrono::steady_clock::now();
    function();
    return std::chrono::steady_clock::now() - begin;
}

/// The command line.
struct Options {
    bool quick = false;  ///< Few rounds and few cells: to see that it works, not to be quoted.
    bool json = false;   ///< One JSON array in place of the tables.
    std::string save;    ///< A file that gets that array, whatever is printed.
    std::string filter;  ///< Only cells whose name, `scenario/cell`, contains this.
};

/// Throws std::invalid_argument, with what may be given, for anything that is not known.
[[nodiscard]] Options parse_options(int count, char** arguments);

/// One way of doing the work. `begin` and `end` may be left out.
struct Contestant {
    std::string name;
    std::function<Nanoseconds()> round;  ///< Does `batch` units and says what is to be timed.
    std::function<void()> begin = {};    ///< Before each of its turns.
    std::function<void()> end = {};      ///< After each of its turns: nothing of it is left.
};

/// How much is done in a cell.
struct Effort {
    std::size_t turns = 1;
    std::size_t warm_up = 1;  ///< Rounds at the begin of each turn that are not counted.
    std::size_t rounds = 1;   ///< Rounds of each turn that are.
};

struct Cell {
    std::string name;
    std::string unit;       ///< What is done: "event", "wake".
    std::size_t batch = 1;  ///< Units in a round.
    Effort effort;
    /// The part of the rounds that is taken for undisturbed: what they cost at most is compared.
    double undisturbed = 0.2;
};

/// What came of one contestant in one cell: microseconds a unit, sorted.
struct Measurement {
    std::string name;
    std::vector<double> samples;
    Summary summary;
};

/// One contestant beside another of the same cell.
struct Comparison {
    enum class Kind : std::uint8_t {
        ratio,       ///< `own` as a multiple of `peer`.
        difference,  ///< `own` less `peer`, in microseconds a unit.
    };

    std::string own;
    std::string peer;
    Kind kind = Kind::ratio;
    double limit = 0;  ///< At most this; 0 where nothing is asked for.
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

/// A number that is not the time of a unit: bytes, or a part of something.
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

    /// All that follows belongs to this scenario.
    void begin_scenario(std::string_view name, std::string_view about);

    /// Whether a cell of the scenario is to be run.
    [[nodiscard]] bool wants(std::string_view cell) const;

    /// Runs a cell, where it is wanted, and tells what came of it; nothing comes of one that is
    /// not. Comparisons whose contestants are not both there are left out.
    std::vector<Measurement> run(const Cell& cell, const std::vector<Contestant>& contestants,
                                 const std::vector<Comparison>& comparisons = {});

    /// Numbers besides, told in one line. Of a cell that is wanted.
    void tell(std::string_view cell, std::string_view name, const std::vector<Figure>& figures);

    /// Something that can not be measured here, and why.
    void skip(std::string_view cell, std::string_view name, std::string_view reason);

    /// What remains to be said when all scenarios have run. Throws std::invalid_argument where the
    /// filter has left nothing to run, std::runtime_error where the file can not be written.
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
    std::vector<std::string> objects_;  ///< Of the JSON output.
    std::vector<std::string> limits_;   ///< A line for each comparison with a limit.
    std::size_t missed_ = 0;
};

}  // namespace wakepoll::bench
