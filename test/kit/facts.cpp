#include "facts.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

#include "plan.hpp"

namespace wakepoll::kit {
namespace {

constexpr std::size_t fields_of_a_fact = 4;

/// A case belongs to the test of its name, to each suite around it, and, where it is one of a
/// data-driven case, to that one, which Boost.Test makes a suite. A test is named by the outermost
/// suite and the case, whatever suites are between.
bool belongs(const std::string& name, const std::string& test) {
    const auto ends_or_goes_on = [&](std::size_t at) {
        return at == name.size() || name[at] == '/';
    };
    if (name.compare(0, test.size(), test) == 0 && ends_or_goes_on(test.size())) {
        return true;
    }
    const std::size_t slash = test.find('/');
    if (slash == std::string::npos || name.compare(0, slash + 1, test, 0, slash + 1) != 0) {
        return false;
    }
    const std::string inner = test.substr(slash);
    const std::size_t at = name.find(inner, slash + 1);
    return at != std::string::npos && ends_or_goes_on(at + inner.size());
}

Verdict judge_one(const Fact& fact, const std::vector<CaseResult>& cases) {
    Verdict verdict{fact, Truth::not_shown, {}};
    std::size_t passed = 0;
    for (const CaseResult& one : cases) {
        const bool concerns =
            std::any_of(fact.tests.begin(), fact.tests.end(),
                        [&](const std::string& test) { return belongs(one.name, test); });
        if (!concerns || one.outcome == Outcome::nothing) {
            continue;
        }
        if (one.outcome == Outcome::passed) {
            ++passed;
            continue;
        }
        verdict.truth = Truth::did_not_hold;
        verdict.because =
            one.name + (one.outcome == Outcome::failed ? " failed: " + one.complaint
                                                       : std::string(" was begun and did not end"));
        return verdict;
    }
    if (passed > 0) {
        verdict.truth = Truth::held;
        verdict.because =
            passed == 1 ? "one case passed" : std::to_string(passed) + " cases passed";
    } else {
        verdict.because = "no case of its tests ran here";
    }
    return verdict;
}

}  // namespace

std::vector<Fact> read_facts(std::istream& input) {
    std::vector<Fact> facts;
    for (std::string line; next_line(input, line);) {
        if (line.empty()) {
            continue;
        }
        const std::vector<std::string> fields = split(line, '\t');
        if (fields.size() != fields_of_a_fact || fields[2].empty()) {
            throw std::runtime_error("a line of the facts is none: '" + line + "'");
        }
        facts.push_back({fields[0], fields[1], split(fields[2], ' '), fields[3]});
    }
    return facts;
}

std::vector<Verdict> judge(const std::vector<Fact>& facts, const std::vector<CaseResult>& cases) {
    std::vector<Verdict> verdicts;
    verdicts.reserve(facts.size());
    for (const Fact& fact : facts) {
        verdicts.push_back(judge_one(fact, cases));
    }
    return verdicts;
}

}  // namespace wakepoll::kit
