// See harness.hpp.
#include "harness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace wakepoll::bench {
namespace {

std::vector<Measurement> measure(const std::vector<Contestant>& contestants, const Cell& cell) {
    const Effort& effort = cell.effort;
    std::vector<Measurement> measured;
    for (const Contestant& contestant : contestants) {
        measured.push_back({contestant.name, {}, {}});
        measured.back().samples.reserve(effort.turns * effort.rounds);
    }
    for (std::size_t turn = 0; turn < effort.turns; ++turn) {
        for (std::size_t place = 0; place < contestants.size(); ++place) {
            // Backwards in every other turn: what one leaves to the next is shared evenly.
            const std::size_t i = turn % 2 == 0 ? place : contestants.size() - 1 - place;
            const Contestant& contestant = contestants[i];
            if (contestant.begin) {
                contestant.begin();
            }
            for (std::size_t round = 0; round < effort.warm_up + effort.rounds; ++round) {
                const Nanoseconds time = contestant.round();
                if (round >= effort.warm_up) {
                    measured[i].samples.push_back(time.count() / 1000 /
                                                  static_cast<double>(cell.batch));
                }
            }
            if (contestant.end) {
                contestant.end();
            }
        }
    }
    for (Measurement& measurement : measured) {
        std::sort(measurement.samples.begin(), measurement.samples.end());
        measurement.summary = summary_of(measurement.samples, cell.undisturbed);
    }
    return measured;
}

const Measurement* find(const std::vector<Measurement>& measured, std::string_view name) {
    for (const Measurement& measurement : measured) {
        if (measurement.name == name) {
            return &measurement;
        }
    }
    return nullptr;
}

/// The quantile at every half percent: enough to draw the distribution.
std::string quantiles_of(const std::vector<double>& sorted) {
    constexpr int steps = 200;
    std::string text;
    for (int i = 0; i <= steps; ++i) {
        text += fmt::format("{}{:.4g}", i == 0 ? "" : ",", quantile(sorted, i / double{steps}));
    }
    return text;
}

std::string readable(double value) {
    return std::abs(value) >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

}  // namespace

Options parse_options(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--quick") {
            options.quick = true;
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument == "--filter" && i + 1 < count) {
            options.filter = arguments[++i];
        } else if (argument == "--save" && i + 1 < count) {
            options.save = arguments[++i];
        } else {
            throw std::invalid_argument("usage: [--quick] [--json] [--save FILE] [--filter TEXT]");
        }
    }
    return options;
}

void Bench::begin_scenario(std::string_view name, std::string_view about) {
    scenario_ = name;
    about_ = about;
    headed_ = false;
}

bool Bench::wants(std::string_view cell) const {
    return fmt::format("{}/{}", scenario_, cell).find(options_.filter) != std::string::npos;
}

std::vector<Measurement> Bench::run(const Cell& cell, const std::vector<Contestant>& contestants,
                                    const std::vector<Comparison>& comparisons) {
    if (!wants(cell.name)) {
        return {};
    }
    std::vector<Measurement> measured = measure(contestants, cell);
    show(cell, measured);
    for (const Comparison& comparison : comparisons) {
        const Measurement* const own = find(measured, comparison.own);
        const Measurement* const peer = find(measured, comparison.peer);
        if (own != nullptr && peer != nullptr) {
            show(cell, comparison, *own, *peer);
        }
    }
    return measured;
}

void Bench::heading() {
    ++cells_;
    if (headed_ || options_.json) {
        return;
    }
    headed_ = true;
    fmt::print("\n{}: {}\n{:<34} {:>10} {:>10} {:>10} {:>7}\n", scenario_, about_, "", "low",
               "median", "p99", "spread");
}

void Bench::object(std::string text) { objects_.push_back(std::move(text)); }

void Bench::show(const Cell& cell, const std::vector<Measurement>& measured) {
    heading();
    if (!options_.json) {
        fmt::print("  {}, us a {}\n", cell.name, cell.unit);
    }
    for (const Measurement& measurement : measured) {
        const Summary& summary = measurement.summary;
        if (!options_.json) {
            fmt::print("    {:<30} {:>10.2f} {:>10.2f} {:>10.2f} {:>6.0f}%\n", measurement.name,
                       summary.low, summary.median, summary.p99, summary.spread * 100);
        }
        object(fmt::format(
            R"({{"kind":"measurement","scenario":"{}","cell":"{}","name":"{}","unit":"us/{}",)"
            R"("batch":{},"low":{:.4f},"median":{:.4f},"p99":{:.4f},"spread":{:.3f},)"
            R"("rounds":{},"quantiles":[{}]}})",
            scenario_, cell.name, measurement.name, cell.unit, cell.batch, summary.low,
            summary.median, summary.p99, summary.spread, summary.samples,
            quantiles_of(measurement.samples)));
    }
    std::fflush(stdout);
}

void Bench::show(const Cell& cell, const Comparison& comparison, const Measurement& own,
                 const Measurement& peer) {
    const bool is_ratio = comparison.kind == Comparison::Kind::ratio;
    const auto compare = [&](double mine, double other) {
        return is_ratio ? mine / other : mine - other;
    };
    const double low = compare(own.summary.low, peer.summary.low);
    const double median = compare(own.summary.median, peer.summary.median);
    const bool met = comparison.limit == 0 || low <= comparison.limit;
    const std::string text =
        fmt::format("{} {} {}: {:.2f}{}, of medians {:.2f}", own.name, is_ratio ? "/" : "-",
                    peer.name, low, is_ratio ? "" : " us", median);
    std::string judged = text;
    if (comparison.limit != 0) {
        judged += fmt::format("; at most {:.2f}: {}", comparison.limit, met ? "pass" : "MISS");
        limits_.push_back(fmt::format("{}/{}: {}", scenario_, cell.name, judged));
        missed_ += met ? 0 : 1;
    }
    if (!options_.json) {
        fmt::print("    {}\n", judged);
        std::fflush(stdout);
    }
    object(fmt::format(
        R"({{"kind":"comparison","scenario":"{}","cell":"{}","own":"{}","peer":"{}",)"
        R"("as":"{}","low":{:.4f},"median":{:.4f},"limit":{},"met":{}}})",
        scenario_, cell.name, own.name, peer.name, is_ratio ? "ratio" : "difference", low, median,
        comparison.limit != 0 ? fmt::format("{}", comparison.limit) : "null",
        met ? "true" : "false"));
}

void Bench::tell(std::string_view cell, std::string_view name, const std::vector<Figure>& figures) {
    heading();
    std::string line;
    for (const Figure& figure : figures) {
        line += fmt::format("{}{} {}{}{}", line.empty() ? "" : ", ", figure.name,
                            readable(figure.value), figure.unit.empty() ? "" : " ", figure.unit);
        object(fmt::format(
            R"({{"kind":"figure","scenario":"{}","cell":"{}","name":"{}","figure":"{}",)"
            R"("unit":"{}","value":{:.4f}}})",
            scenario_, cell, name, figure.name, figure.unit, figure.value));
    }
    if (!options_.json) {
        fmt::print("    {}, {}: {}\n", cell, name, line);
        std::fflush(stdout);
    }
}

void Bench::skip(std::string_view cell, std::string_view name, std::string_view reason) {
    heading();
    if (!options_.json) {
        fmt::print("    {:<30} skipped: {}   ({})\n", name, reason, cell);
    }
    object(fmt::format(R"({{"kind":"skip","scenario":"{}","cell":"{}","name":"{}","reason":"{}"}})",
                       scenario_, cell, name, reason));
}

void Bench::finish() {
    if (cells_ == 0) {
        throw std::invalid_argument(
            fmt::format("no cell has a name with '{}' in it", options_.filter));
    }
    std::string array;
    for (const std::string& object : objects_) {
        array += fmt::format("{}{}\n", array.empty() ? "[" : ",", object);
    }
    array += "]\n";
    if (!options_.save.empty()) {
        std::ofstream file(options_.save, std::ios::binary);
        file << array;
        if (!file.flush()) {
            throw std::runtime_error(options_.save + " cannot be written");
        }
    }
    if (options_.json) {
        fmt::print("{}", array);
        return;
    }
    if (!limits_.empty()) {
        fmt::print("\nWhat is asked for, by the low figures: {} of {} missed\n", missed_,
                   limits_.size());
        for (const std::string& line : limits_) {
            fmt::print("  {}\n", line);
        }
    }
}

}  // namespace wakepoll::bench
