// See runs.hpp.
#include "runs.hpp"

#include <algorithm>
#include <sstream>

namespace wakepoll::test {
namespace {

using namespace std::chrono_literals;

/// Far longer than any program takes.
constexpr std::chrono::seconds patience = 5min;

/// In a child's output, the broken promise follows this mark.
constexpr char broken_mark = '\x01';

std::string text_of(const Tally& tally) {
    std::ostringstream out;
    out << tally.programs << ' ' << tally.steps << ' ' << tally.waits << ' ' << tally.events << ' '
        << tally.wakes << ' ' << tally.operations << ' ' << tally.failures << ' '
        << tally.kinds_of_failure.size();
    for (const auto& [call, code] : tally.kinds_of_failure) {
        out << ' ' << static_cast<unsigned>(call) << ' ' << code;
    }
    for (const std::uint64_t count : tally.met) {
        out << ' ' << count;
    }
    return out.str();
}

Tally tally_of(const std::string& text) {
    Tally tally;
    std::istringstream in(text);
    std::size_t kinds = 0;
    in >> tally.programs >> tally.steps >> tally.waits >> tally.events >> tally.wakes >>
        tally.operations >> tally.failures >> kinds;
    for (unsigned call = 0, code = 0; kinds > 0 && in >> call >> code; --kinds) {
        tally.kinds_of_failure.emplace(static_cast<std::uint8_t>(call), code);
    }
    for (std::uint64_t& count : tally.met) {
        in >> count;
    }
    return tally;
}

/// Cuts the broken promise off the output, and returns it.
std::optional<std::string> take_broken(Ending& ending) {
    const std::size_t mark = ending.output.rfind(broken_mark);
    if (mark == std::string::npos) {
        return ending.broken;
    }
    std::string broken = ending.output.substr(mark + 1);
    ending.output.resize(mark);
    return broken;
}

}  // namespace

Campaign Runs::many(std::uint64_t first, std::uint64_t programs, std::chrono::seconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    const auto work = [&](const Tell& tell) {
        Tally tally;
        std::optional<std::string> broken;
        for (std::uint64_t i = 0; i < programs && !broken; ++i) {
            if (std::chrono::steady_clock::now() >= end) {
                break;
            }
            shared_.seed = first + i;
            Choices choices = Choices::from_seed(first + i, steps_);
            broken = run_program(choices, tally);
        }
        tell(text_of(tally));
        if (broken) {
            tell(broken_mark + *broken);
        }
    };
    Ending ending = run_apart(work, shared_, patience, true);
    Campaign campaign;
    campaign.broken = take_broken(ending);
    campaign.seed = shared_.seed;
    campaign.tally = tally_of(ending.output);
    // A child that died has not reported its count.
    campaign.tally.programs = std::max<std::uint64_t>(
        campaign.tally.programs, campaign.broken ? shared_.seed - first + 1 : 0);
    return campaign;
}

Run Runs::play(Choices& choices, std::string* trace) {
    shared_.drawn.count = 0;
    choices.copy_to(shared_.drawn);
    const auto work = [&](const Tell& tell) {
        Tally tally;
        const auto broken = run_program(choices, tally, trace != nullptr ? Trace(tell) : Trace());
        if (broken) {
            tell(broken_mark + *broken);
        }
    };
    Ending ending = run_apart(work, shared_, patience, trace != nullptr);
    Run run;
    run.broken = take_broken(ending);
    for (std::size_t i = 0; i < shared_.drawn.count; ++i) {
        const std::uint32_t number = shared_.drawn.numbers[i];
        if ((number & Drawn::begins_step) != 0) {
            run.steps.push_back(i);
        }
        run.drawn.push_back(number & ~Drawn::begins_step);
    }
    if (trace != nullptr) {
        *trace = std::move(ending.output);
    }
    return run;
}

Run Runs::replay(std::uint64_t seed, std::string& trace) {
    Choices choices = Choices::from_seed(seed, steps_);
    return play(choices, &trace);
}

Run Runs::replay(const std::vector<std::uint32_t>& list, std::string& trace) {
    Choices choices = Choices::from_list(list);
    return play(choices, &trace);
}

Run Runs::shrunk(const Run& failing, std::size_t most_runs) {
    const Runner runner = [this](const std::vector<std::uint32_t>& list) {
        Choices choices = Choices::from_list(list);
        return play(choices, nullptr);
    };
    return shrink(failing, runner, most_runs);
}

}  // namespace wakepoll::test
