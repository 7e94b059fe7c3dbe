// The campaign program: see `usage` below, and engine.hpp for what it runs.
//
// Exit code 0: all promises were kept; 1: one was broken (the output says how to replay it), or a
// long run has not met all odd behaviour of real Windows; 2: bad command line.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "exhaustive.hpp"
#include "meetings.hpp"
#include "runs.hpp"

using namespace wakepoll::test;

namespace {

constexpr const char* usage = R"(usage: campaign [options]

Random programs over the whole public API on the simulated kernel, whose calls fail at random, with
all promises as invariants after each step. The first that is broken is cut down and printed.

  --seed N        the first seed (1)
  --programs N    how many programs (200000)
  --seconds N     end after so many seconds (180)
  --steps N       about how many steps a program has (40)
  --no-shrink     print a failing program as it is
  --replay SEED   run one program; with --trace print all it does, with --shrink what is
                  left of it when it is cut down
  --exhaustive    fail each kernel call of scripted scenarios with each error it can give
  --help          this text
)";

struct Options {
    std::uint64_t seed = 1;
    std::uint64_t programs = 200'000;
    std::uint64_t seconds = 180;
    std::uint64_t steps = 40;
    std::optional<std::uint64_t> replay;
    bool trace = false;
    bool shrink = false;
    bool no_shrink = false;
    bool exhaustive = false;
};

constexpr std::size_t most_runs_of_a_shrink = 6000;

[[noreturn]] void refuse(std::string_view argument) {
    std::fprintf(stderr, "campaign: %s is not understood\n%s", std::string(argument).c_str(),
                 usage);
    std::exit(2);
}

std::uint64_t number(const char* text) {
    std::uint64_t value = 0;
    const char* const end = text != nullptr ? text + std::strlen(text) : nullptr;
    if (text == nullptr || text == end || std::from_chars(text, end, value).ptr != end) {
        refuse(text != nullptr ? text : "an option without its number");
    }
    return value;
}

Options parse(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view name = arguments[i];
        const auto next = [&] { return number(++i < count ? arguments[i] : nullptr); };
        if (name == "--seed") {
            options.seed = next();
        } else if (name == "--programs") {
            options.programs = next();
        } else if (name == "--seconds") {
            options.seconds = next();
        } else if (name == "--steps") {
            options.steps = next();
        } else if (name == "--replay") {
            options.replay = next();
        } else if (name == "--trace") {
            options.trace = true;
        } else if (name == "--shrink") {
            options.shrink = true;
        } else if (name == "--no-shrink") {
            options.no_shrink = true;
        } else if (name == "--exhaustive") {
            options.exhaustive = true;
        } else if (name == "--help") {
            std::fputs(usage, stdout);
            std::exit(0);
        } else {
            refuse(name);
        }
    }
    if (options.steps == 0 || options.steps > 1'000'000) {
        refuse("that number of steps");
    }
    return options;
}

void print_counts(const Tally& tally, double seconds) {
    const auto print = [](const char* what, std::uint64_t number) {
        std::printf("  %-28s %12llu\n", what, static_cast<unsigned long long>(number));
    };
    print("programs", tally.programs);
    print("steps", tally.steps);
    print("waits", tally.waits);
    print("events", tally.events);
    print("wakes", tally.wakes);
    print("operations", tally.operations);
    print("failures injected", tally.failures);
    print("kinds of them (call, error)", tally.kinds_of_failure.size());
    std::printf("  %-28s %12.1f\n", "seconds", seconds);
}

void print_shrunk(Runs& runs, const Run& failing) {
    const Run shrunk = runs.shrunk(failing, most_runs_of_a_shrink);
    std::string trace;
    (void)runs.replay(shrunk.drawn, trace);
    std::printf("cut down from %zu choices to %zu:\n%s", failing.drawn.size(), shrunk.drawn.size(),
                trace.c_str());
}

int replay(Runs& runs, const Options& options) {
    std::string trace;
    const Run run = runs.replay(*options.replay, trace);
    if (options.trace) {
        std::fputs(trace.c_str(), stdout);
    }
    if (options.shrink && run.broken) {
        print_shrunk(runs, run);
    }
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(*options.replay),
                run.broken ? run.broken->c_str() : "all promises were held");
    return run.broken ? 1 : 0;
}

int run_campaign(Runs& runs, const Options& options) {
    const auto begun = std::chrono::steady_clock::now();
    const Campaign campaign =
        runs.many(options.seed, options.programs, std::chrono::seconds(options.seconds));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    if (campaign.broken) {
        const auto seed = static_cast<unsigned long long>(campaign.seed);
        std::printf("seed %llu: %s\n", seed, campaign.broken->c_str());
        if (!options.no_shrink) {
            std::string trace;
            print_shrunk(runs, runs.replay(campaign.seed, trace));
        }
        std::printf("again: campaign --replay %llu --steps %llu --trace\n", seed,
                    static_cast<unsigned long long>(options.steps));
    }
    print_counts(campaign.tally, seconds.count());
    if (campaign.broken || campaign.tally.programs == 0) {
        return 1;
    }
    std::printf("what real Windows does, and how often it was met:\n%s",
                table_of(campaign.tally.met).c_str());
    const std::string wrong = campaign.tally.programs >= enough_programs
                                  ? wrong_meetings(campaign.tally.met)
                                  : std::string();
    std::fputs(wrong.c_str(), stdout);
    return wrong.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = parse(count, arguments);
    if (options.exhaustive) {
        return run_exhaustively() ? 0 : 1;
    }
    Runs runs(static_cast<std::uint32_t>(options.steps));
    return options.replay ? replay(runs, options) : run_campaign(runs, options);
}
