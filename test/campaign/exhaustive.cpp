// See exhaustive.hpp.
#include "exhaustive.hpp"

#include <array>
#include <cstdio>
#include <exception>

#include "backends.hpp"
#include "meetings.hpp"
#include "scenarios.hpp"

namespace wakepoll::test {
namespace {

/// Which call of a run fails: the n-th of those that can fail, and the index of its code.
struct Place {
    std::uint64_t call = 0;  ///< 0: none.
    std::size_t code = 0;
};

struct Outcome {
    std::vector<sim::PlannedFailure> failures;
    std::uint64_t reported = 0;
    std::optional<std::string> broken;
};

/// The kernel and the backend of a run.
struct Ground {
    sim::Personality personality;
    Backend backend;
    /// The sockets' provider is layered, and reports only the next lower layer.
    bool layered;
    /// The value of the seeded traits.
    sim::Seeded unkind;
};

/// Sets all seeded traits to `Value`.
template <sim::Seeded Value>
void decide(sim::Traits& traits) {
    for (sim::Seeded* trait :
         {&traits.deaf_polls, &traits.stray_packets, &traits.forgets_what_is_shut}) {
        *trait = *trait == sim::Seeded::by_seed ? Value : *trait;
    }
}

bool leaves_to_seed(sim::Personality personality) {
    const sim::Traits& traits = sim::traits_of(personality);
    return traits.deaf_polls == sim::Seeded::by_seed ||
           traits.stray_packets == sim::Seeded::by_seed;
}

Outcome play(const Scenario& scenario, const Ground& ground, const Place& place) {
    Outcome outcome;
    sim::Kernel kernel(sim::Options{.personality = ground.personality,
                                    .seed = 7,
                                    .layered_sockets = ground.layered,
                                    .layered_refuses_base = ground.layered,
                                    .change = ground.unkind == sim::Seeded::yes
                                                  ? decide<sim::Seeded::yes>
                                                  : decide<sim::Seeded::no>});
    std::optional<World> world(std::in_place);
    try {
        Script script(kernel, *world, ground.backend);
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
            text_of(scenario.name, ", ", sim::traits_of(ground.personality).name,
                    ground.layered ? ", layered, " : ", ",
                    ground.unkind == sim::Seeded::yes ? "unkind, " : "", name_of(ground.backend),
                    ", ", failed, ": ", *outcome.broken, '\n', kernel.trace());
    }
    return outcome;
}

/// Fails each call of the scenario with each of its codes.
void exhaust(const Scenario& scenario, const Ground& ground, Exhausted& sum) {
    const Meetings meetings(sum.met);
    for (Place place; !sum.broken; ++place.call) {
        std::size_t codes = 1;
        for (place.code = 0; place.code < codes && !sum.broken; ++place.code) {
            const Outcome outcome = play(scenario, ground, place);
            ++sum.runs;
            sum.reported += outcome.reported;
            sum.broken = outcome.broken;
            if (place.call == 0) {
                continue;
            }
            if (outcome.failures.empty()) {
                return;  // No more calls.
            }
            const sim::PlannedFailure& failure = outcome.failures.front();
            codes = sim::possible_codes(failure.call).size();
            ++sum.failures;
            sum.kinds_of_failure.emplace(static_cast<std::uint8_t>(failure.call), failure.code);
        }
    }
}

/// Counts the calls and codes of the simulated kernel's table, and prints those that were not met.
std::size_t count_possible_kinds(const Exhausted& sum) {
    std::size_t kinds = 0;
    for (std::size_t i = 0; i < sim::call_kinds; ++i) {
        const auto call = static_cast<sim::Call>(i);
        for (const std::uint32_t code : sim::possible_codes(call)) {
            ++kinds;
            if (!sum.kinds_of_failure.contains({static_cast<std::uint8_t>(i), code})) {
                std::printf("  not met: %s with %u\n", sim::name_of(call), code);
            }
        }
    }
    return kinds;
}

}  // namespace

Exhausted exhaust_scenarios() {
    Exhausted sum;
    for (const Scenario& scenario : all_scenarios()) {
        for (const sim::Personality personality : sim::all_personalities) {
            for (const Backend backend : all_backends) {
                exhaust(scenario, {personality, backend, false, sim::Seeded::no}, sum);
                if (sim::traits_of(personality).tells_next_socket) {
                    exhaust(scenario, {personality, backend, true, sim::Seeded::no}, sum);
                }
                if (leaves_to_seed(personality)) {
                    exhaust(scenario, {personality, backend, false, sim::Seeded::yes}, sum);
                }
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
    print("kinds that there are", count_possible_kinds(sum));
    print("errors reported", sum.reported);
    const std::string wrong = wrong_meetings(sum.met);
    std::printf("what real Windows does, and how often it was met:\n%s%s",
                table_of(sum.met).c_str(), wrong.c_str());
    return !sum.broken && wrong.empty();
}

}  // namespace wakepoll::test
