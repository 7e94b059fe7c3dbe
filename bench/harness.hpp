// What every benchmark shares: options, rounds in interleaved order, and numbers that can be
// compared.
//
// A scenario is a program: it makes *contestants*, which do the same work in different ways, and a
// *cell* of its table is one run of all of them. Within a cell they take many short turns, A B C A
// B C, so that whatever else the machine does meanwhile hits all of them alike. A turn begins with
// rounds that are not counted, to warm up. Only what a round says of itself is timed; bringing up
// and taking down is not.
//
// A machine that does other things can only make a round dearer, and on a busy one the median says
// more about those than about the contestant. So a ratio is told twice: of the lower quintiles,
// which is the one to go by, and of the medians.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wakepoll::bench {

using Nanoseconds = std::chrono::duration<double, std::nano>;

/// How long a single function takes.
template <class Function>
[[nodiscard]] Nanoseconds time_of(const Function& function) {
    const auto begin = std::chrono::steady_clock::now();
    function();
    return std::chrono::steady_clock::now() - begin;
}

/// The command line. `flags` are those of the scenario's own that were given.
struct Options {
    bool quick = false;  ///< Few rounds: to see that it works, not to be quoted.
    bool json = false;   ///< One JSON array in place of the table.
    std::string filter;  ///< Only cells whose name contains this.
    std::vector<std::string> flags;

    [[nodiscard]] bool has(std::string_view flag) const {
        return std::find(flags.begin(), flags.end(), flag) != flags.end();
    }
    [[nodiscard]] bool wants(std::string_view cell) const {
        return cell.find(filter) != std::string_view::npos;
    }
};

/// Throws std::invalid_argument, with what may be given, for anything that is not known.
[[nodiscard]] inline Options parse_options(int count, char** arguments,
                                           std::initializer_list<std::string_view> own_flags) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--quick") {
            options.quick = true;
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument == "--filter" && i + 1 < count) {
            options.filter = arguments[++i];
        } else if (std::find(own_flags.begin(), own_flags.end(), argument) != own_flags.end()) {
            options.flags.emplace_back(argument);
        } else {
            std::string usage = "usage: [--quick] [--json] [--filter TEXT]";
            for (const std::string_view flag : own_flags) {
                usage += fmt::format(" [{}]", flag);
            }
            throw std::invalid_argument(usage);
        }
    }
    return options;
}

/// The value below which this part of the sorted samples lies.
[[nodiscard]] inline double quantile(const std::vector<double>& sorted, double part) {
    const double last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(std::lround(part * last))];
}

struct Summary {
    double low = 0;  ///< The lower quintile: a fifth of the rounds cost less.
    double median = 0;
    double p99 = 0;
    double spread = 0;  ///< Between the quartiles, as a part of the median.
    std::size_t samples = 0;
};

[[nodiscard]] inline Summary summary_of(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    const double median = quantile(samples, 0.5);
    return {quantile(samples, 0.2), median, quantile(samples, 0.99),
            (quantile(samples, 0.75) - quantile(samples, 0.25)) / median, samples.size()};
}

/// One way of doing the work.
struct Contestant {
    std::string name;
    std::function<void()> begin;         ///< Before each of its turns.
    std::function<Nanoseconds()> round;  ///< Does `batch` units and says what is to be timed.
    std::function<void()> end;           ///< After each of its turns: nothing of it is left.
};

/// How much is done in a cell.
struct Effort {
    std::size_t turns = 1;
    std::size_t warm_up = 1;  ///< Rounds at the begin of each turn that are not counted.
    std::size_t rounds = 1;   ///< Rounds of each turn that are.
};

/// What came of one contestant in one cell, in microseconds a unit.
struct Measurement {
    std::string name;
    Summary summary;
};

/// How two numbers of the same cell stand to each other.
struct Ratio {
    double low = 0;
    double median = 0;
};

[[nodiscard]] inline Ratio ratio_of(const Measurement& own, const Measurement& peer) {
    return {own.summary.low / peer.summary.low, own.summary.median / peer.summary.median};
}

/// Runs a cell. The answers are in the order of the contestants; `batch` is the number of units in
/// a round.
[[nodiscard]] inline std::vector<Measurement> run(const std::vector<Contestant>& contestants,
                                                  std::size_t batch, const Effort& effort) {
    std::vector<std::vector<double>> samples(contestants.size());
    for (std::size_t turn = 0; turn < effort.turns; ++turn) {
        for (std::size_t i = 0; i < contestants.size(); ++i) {
            const Contestant& contestant = contestants[i];
            contestant.begin();
            for (std::size_t round = 0; round < effort.warm_up + effort.rounds; ++round) {
                const Nanoseconds time = contestant.round();
                if (round >= effort.warm_up) {
                    samples[i].push_back(time.count() / 1000 / static_cast<double>(batch));
                }
            }
            contestant.end();
        }
    }
    std::vector<Measurement> measured;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
        measured.push_back({contestants[i].name, summary_of(std::move(samples[i]))});
    }
    return measured;
}

/// One object of the JSON output.
[[nodiscard]] inline std::string json_of(std::string_view cell, std::string_view unit,
                                         std::size_t batch, const Measurement& measured) {
    const Summary& summary = measured.summary;
    return fmt::format(
        R"({{"cell":"{}","name":"{}","unit":"us/{}","batch":{},"low":{:.3f},"median":{:.3f},)"
        R"("p99":{:.3f},"spread":{:.3f},"rounds":{}}})",
        cell, measured.name, unit, batch, summary.low, summary.median, summary.p99, summary.spread,
        summary.samples);
}

}  // namespace wakepoll::bench
