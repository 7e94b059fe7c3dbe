// See exhaustive.hpp.
#include "exhaustive.hpp"

#include <array>
#include <cstdio>
#include <exception>

#include "backends.hpp"
#include "scenarios.hpp"

namespace wakepoll::test {
namespace {

/// Where a run fails its call: the n-th of those that can fail, with which of its codes.
struct Place {
    std::uint64_t call = 0;  ///< 0: none.
    std::size_t code = 0;
};

struct Outcome {
    std::vector<sim::PlannedFailure> failures;
    std::uint64_t reported = 0;
    std::optional<std::string> broken;
};

Outcome play(const Scenario& scenario, sim::Personality personality, Backend backend,
             const Place& place) {
    Outcome outcome;
    sim::Kernel kernel(sim::Options{.personality = personality, .seed = 7});
    std::optional<World> world(std::in_place);
    try {
        Script script(kernel, *world, backend);
        if (place.call != 0) {
            kernel.fail_nth_with(place.call, place.code);
        }
        try {
            scenario.play(script);
        } catch (const std::exception& error) {
            outcome.broken = error.what();
        }
        kernel.clear_faults();
        outcome.failures = std::move(script.failures);
        for (const sim::PlannedFailure& failure : kernel.take_failures()) {
            outcome.failures.push_back(failure);
        }
        outcome.reported = script.reported;
    } catch (const std::exception& error) {
        outcome.broken = error.what();
    }
    world.reset();
    if (!outcome.broken && (kernel.open_handles() != 0 || kernel.winsock_sessions() != 0 ||
                            kernel.afd_requests() != 0)) {
        outcome.broken = "something is left open";
    }
    if (outcome.broken) {
        const std::string failed =
            outcome.failures.empty()
                ? "no call failed"
                : text_of("call ", place.call, ", ", name_of(outcome.failures.front().call),
                          ", failed with ", outcome.failures.front().code);
        outcome.broken =
            text_of(scenario.name, ", ", sim::traits_of(personality).name, ", ", name_of(backend),
                    ", ", failed, ": ", *outcome.broken, '\n', kernel.trace());
    }
    return outcome;
}

/// Each call of the scenario with each of its codes.
void exhaust(const Scenario& scenario, sim::Personality personality, Backend backend,
             Exhausted& sum) {
    for (Place place; !sum.broken; ++place.call) {
        std::size_t codes = 1;
        for (place.code = 0; place.code < codes && !sum.broken; ++place.code) {
            const Outcome outcome = play(scenario, personality, backend, place);
            ++sum.runs;
            sum.reported += outcome.reported;
            sum.broken = outcome.broken;
            if (place.call == 0) {
                continue;
            }
            if (outcome.failures.empty()) {
                return;  // There are no more calls.
            }
            const sim::PlannedFailure& failure = outcome.failures.front();
            codes = sim::possible_codes(failure.call).size();
            ++sum.failures;
            sum.kinds_of_failure.emplace(static_cast<std::uint8_t>(failure.call), failure.code);
        }
    }
}

/// Calls and codes of the simulated kernel's table.
std::size_t possible_kinds() {
    std::size_t kinds = 0;
    for (std::size_t call = 0; call < sim::call_kinds; ++call) {
        kinds += sim::possible_codes(static_cast<sim::Call>(call)).size();
    }
    return kinds;
}

}  // namespace

Exhausted exhaust_scenarios() {
    Exhausted sum;
    for (const Scenario& scenario : all_scenarios()) {
        for (const sim::Personality personality : sim::all_personalities) {
            for (const Backend backend : all_backends) {
                exhaust(scenario, personality, backend, sum);
            }
        }
    }
    return sum;
}

bool run_exhaustively() {
    const Exhausted sum = exhaust_scenarios();
    if (sum.broken) {
        std::printf("%s\n", sum.broken->c_str());
    }
    const auto print = [](const char* what, std::uint64_t number) {
        std::printf("  %-28s %12llu\n", what, static_cast<unsigned long long>(number));
    };
    print("scenarios", all_scenarios().size());
    print("runs", sum.runs);
    print("failures injected", sum.failures);
    print("kinds of them (call, error)", sum.kinds_of_failure.size());
    print("kinds that there are", possible_kinds());
    print("errors reported", sum.reported);
    return !sum.broken;
}

}  // namespace wakepoll::test
