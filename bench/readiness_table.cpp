// What an event costs, by the number of registered and of active sockets: raw WSAPoll of all, one
// AFD request for each socket, and the poller.
//
// A round: the peers of the active sockets send one byte each, this thread sees that all of them
// have arrived, and then it is timed how long the contestant takes to report each of them and to
// receive its byte. Sending is not timed: all is there when the timed part begins, so nothing
// depends on how the threads of the system are scheduled. Each contestant has what it is given for
// itself: during its turn nothing of the others is registered or in flight.
//
// The active sockets are spread evenly over the registered ones and stay the same; with --moving
// each round has the next ones. --all-backends adds the poller's backends by name.
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "harness.hpp"
#include "loopback_sockets.hpp"
#include "readiness_contestant.hpp"

namespace wakepoll::bench {
namespace {

constexpr std::string_view all_backends = "--all-backends";
constexpr std::string_view moving = "--moving";

constexpr std::size_t registered_counts[] = {1, 16, 64, 256, 1000};
constexpr std::size_t active_counts[] = {1, 16, 64};

// The places of those that the requirements are about.
constexpr std::size_t wsapoll = 0;
constexpr std::size_t request_each = 1;
constexpr std::size_t automatic = 2;

struct Entrant {
    std::string name;
    std::unique_ptr<ReadinessContestant> contestant;
};

std::vector<Entrant> make_entrants(const Options& options) {
    std::vector<Entrant> entrants;
    entrants.push_back({"WSAPoll of all", make_wsapoll_of_all()});
    entrants.push_back({"AFD request each", make_afd_request_each()});
    entrants.push_back({"poller, automatic", make_poller(Backend::automatic)});
    if (!options.has(all_backends)) {
        return entrants;
    }
    entrants.push_back({"poller, wsapoll", make_poller(Backend::wsapoll)});
    try {
        entrants.push_back({"poller, afd", make_poller(Backend::afd)});
    } catch (const std::system_error& error) {
        fmt::print(stderr, "poller, afd: skipped, because it can not be created ({})\n",
                   error.code().message());
    }
    return entrants;
}

struct Cell {
    std::size_t registered = 0;
    std::size_t active = 0;

    [[nodiscard]] std::string name() const {
        return fmt::format("registered={} active={}", registered, active);
    }
};

std::vector<Cell> make_cells(const Options& options) {
    std::vector<Cell> cells;
    const auto add = [&](Cell cell) {
        if (options.wants(cell.name())) {
            cells.push_back(cell);
        }
    };
    for (const std::size_t registered : registered_counts) {
        for (const std::size_t active : active_counts) {
            if (active < registered) {
                add({registered, active});
            }
        }
        add({registered, registered});
    }
    return cells;
}

/// Many short turns, because what else the machine does is best shared evenly then; and enough
/// rounds at the begin of each for a policy that goes by what was active lately.
Effort effort_for(const Cell& cell, bool quick) {
    const auto rounds = [&](std::size_t events, std::size_t least, std::size_t most) {
        return std::clamp(events / cell.active, least, most);
    };
    if (quick) {
        return {9, rounds(128, 3, 16), rounds(96, 3, 12)};
    }
    return {21, rounds(1024, 8, 40), rounds(1024, 5, 100)};
}

/// Which sockets have something to receive in this round.
class Activity {
public:
    Activity(const Cell& cell, bool moves) : cell_(cell), moves_(moves) {}

    [[nodiscard]] std::vector<std::size_t> next() {
        std::vector<std::size_t> indices(cell_.active);
        for (std::size_t i = 0; i < cell_.active; ++i) {
            indices[i] = (i * cell_.registered / cell_.active + shift_) % cell_.registered;
        }
        shift_ += moves_ ? 1 : 0;
        return indices;
    }

private:
    Cell cell_;
    bool moves_;
    std::size_t shift_ = 0;
};

/// Sends, and returns when every byte can be received.
void send_and_see_arrive(const Connections& connections, const std::vector<std::size_t>& indices) {
    std::vector<WSAPOLLFD> entries;
    for (const std::size_t index : indices) {
        connections.send_to(index);
        entries.push_back({connections.locals()[index], POLLRDNORM, 0});
    }
    while (!entries.empty()) {
        check(::WSAPoll(entries.data(), static_cast<ULONG>(entries.size()),
                        static_cast<INT>(patience_milliseconds)) > 0,
              "WSAPoll");
        std::erase_if(entries, [](const WSAPOLLFD& entry) { return entry.revents != 0; });
    }
}

std::vector<Measurement> measure(const Cell& cell, const std::vector<Entrant>& entrants,
                                 const Connections& connections, const Options& options) {
    const std::span<const SOCKET> sockets = connections.locals().first(cell.registered);
    Activity activity(cell, options.has(moving));
    std::vector<Contestant> contestants;
    for (const Entrant& entrant : entrants) {
        ReadinessContestant& contestant = *entrant.contestant;
        contestants.push_back({entrant.name, [&contestant, sockets] { contestant.watch(sockets); },
                               [&] {
                                   send_and_see_arrive(connections, activity.next());
                                   return time_of([&] { contestant.receive_from(cell.active); });
                               },
                               [&contestant] { contestant.forget(); }});
    }
    return run(contestants, cell.active, effort_for(cell, options.quick));
}

/// How the automatic backend stands in one cell.
struct Verdict {
    Cell cell;
    Ratio to_better;   ///< To the cheaper of the two others.
    Ratio to_request;  ///< To the loop of one request for each socket.
};

Verdict judge(const Cell& cell, const std::vector<Measurement>& measured) {
    const Ratio to_wsapoll = ratio_of(measured[automatic], measured[wsapoll]);
    const Ratio to_request = ratio_of(measured[automatic], measured[request_each]);
    return {
        cell,
        {std::max(to_wsapoll.low, to_request.low), std::max(to_wsapoll.median, to_request.median)},
        to_request};
}

void print_heading(const std::vector<Entrant>& entrants) {
    fmt::print(
        "Microseconds an event: lower quintile, median, p99, spread between the quartiles.\n"
        "Ratios of poller, automatic: of the lower quintiles.\n\n{:>10} {:>6}",
        "registered", "active");
    for (const Entrant& entrant : entrants) {
        fmt::print(" | {:^32}", entrant.name);
    }
    fmt::print(" | {:>9} {:>10}\n", "to better", "to request");
}

void print_row(const std::vector<Measurement>& measured, const Verdict& verdict) {
    fmt::print("{:>10} {:>6}", verdict.cell.registered, verdict.cell.active);
    for (const Measurement& measurement : measured) {
        const Summary& summary = measurement.summary;
        fmt::print(" | {:>8.1f} {:>8.1f} {:>8.1f} {:>4.0f}%", summary.low, summary.median,
                   summary.p99, summary.spread * 100);
    }
    fmt::print(" | {:>9.2f} {:>10.2f}\n", verdict.to_better.low, verdict.to_request.low);
    std::fflush(stdout);
}

/// A line for each cell that a requirement speaks of; whether it is met goes by the lower
/// quintiles.
template <class Met>
void print_requirement(const char* text, const std::vector<Verdict>& verdicts,
                       std::size_t least_active, Ratio Verdict::*ratio, const Met& met) {
    fmt::print("\n{}\n", text);
    for (const Verdict& verdict : verdicts) {
        if (verdict.cell.active >= least_active) {
            const Ratio& found = verdict.*ratio;
            fmt::print("  {:<30} {:>6.2f} {}   (of medians {:.2f})\n", verdict.cell.name(),
                       found.low, met(found.low) ? "pass" : "MISS", found.median);
        }
    }
}

void run_table(const Options& options) {
    const WinsockUse winsock;
    const std::vector<Entrant> entrants = make_entrants(options);
    const std::vector<Cell> cells = make_cells(options);
    std::size_t most = 0;
    for (const Cell& cell : cells) {
        most = std::max(most, cell.registered);
    }
    if (most == 0) {
        throw std::invalid_argument("no cell of the table has such a name");
    }
    const Connections connections(most);

    if (!options.json) {
        print_heading(entrants);
    }
    std::vector<Verdict> verdicts;
    std::vector<std::string> objects;
    for (const Cell& cell : cells) {
        const std::vector<Measurement> measured = measure(cell, entrants, connections, options);
        verdicts.push_back(judge(cell, measured));
        if (!options.json) {
            print_row(measured, verdicts.back());
            continue;
        }
        for (const Measurement& measurement : measured) {
            objects.push_back(json_of(cell.name(), "event", cell.active, measurement));
        }
    }
    if (options.json) {
        for (std::size_t i = 0; i < objects.size(); ++i) {
            fmt::print("{}{}\n", i == 0 ? "[" : ",", objects[i]);
        }
        fmt::print("]\n");
        return;
    }
    print_requirement("Never above 1.1 of the better of the two:", verdicts, 1, &Verdict::to_better,
                      [](double ratio) { return ratio <= 1.1; });
    print_requirement("Below 0.7 of one request for each socket wherever 16 or more are active:",
                      verdicts, 16, &Verdict::to_request, [](double ratio) { return ratio < 0.7; });
}

}  // namespace
}  // namespace wakepoll::bench

int main(int count, char** arguments) {
    try {
        wakepoll::bench::run_table(wakepoll::bench::parse_options(
            count, arguments, {wakepoll::bench::all_backends, wakepoll::bench::moving}));
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return EXIT_FAILURE;
    }
}
