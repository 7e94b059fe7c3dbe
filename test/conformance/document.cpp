// Writes doc/internals/conformance.md from epoll.txt and differences.txt. See expectations.hpp.
#include <algorithm>
#include <set>
#include <sstream>

#include "expectations.hpp"

namespace wakepoll::test {
namespace {

/// A difference: the places, and the observation there.
struct Elsewhere {
    std::string where;
    std::string seen;
    std::string reason;
};

/// The entries that apply to an observation, each once, with its result.
std::vector<Elsewhere> elsewhere(const Conformance& conformance, const std::string& scenario,
                                 const Observation& observation) {
    std::vector<Elsewhere> found;
    std::vector<const Difference*> known;
    for (const Place& place : all_places()) {
        const Expected expected = conformance.expected(scenario, observation, place);
        if (expected.difference != nullptr &&
            std::find(known.begin(), known.end(), expected.difference) == known.end()) {
            known.push_back(expected.difference);
            found.push_back(
                {expected.difference->where, expected.seen, expected.difference->reason});
        }
    }
    return found;
}

struct Counts {
    std::size_t observations = 0;
    std::size_t comparisons = 0;
    std::size_t same = 0;
    std::size_t of_windows = 0;
    std::size_t unknown = 0;
    std::size_t of_wine = 0;
    std::size_t chosen = 0;
};

Counts count(const Conformance& conformance) {
    Counts counts;
    for (const std::string& scenario : conformance.scenarios()) {
        for (const Observation& observation : conformance.epoll(scenario)) {
            ++counts.observations;
            for (const Place& place : all_places()) {
                ++counts.comparisons;
                counts.same +=
                    conformance.expected(scenario, observation, place).difference == nullptr ? 1
                                                                                             : 0;
            }
            std::set<Kind> kinds;
            for (const Elsewhere& one : elsewhere(conformance, scenario, observation)) {
                kinds.insert(conformance.reason(one.reason).kind);
            }
            counts.of_windows += kinds.count(Kind::windows);
            counts.unknown += kinds.count(Kind::unknown);
            counts.of_wine += kinds.count(Kind::wine);
            counts.chosen += kinds.count(Kind::chosen);
        }
    }
    return counts;
}

/// Escapes bars for a cell of a table, which they would end even within backticks.
std::string escaped(const std::string& text) {
    std::string made;
    for (const char character : text) {
        made += character == '|' ? std::string("\\|") : std::string(1, character);
    }
    return made;
}

std::string quoted(const std::string& text) { return '`' + escaped(text) + '`'; }

void write_reasons(std::ostream& out, const Conformance& conformance, Kind kind) {
    for (const std::string& name : conformance.reasons_in_order()) {
        const Reason& reason = conformance.reason(name);
        if (reason.kind != kind) {
            continue;
        }
        out << "### " << reason.title << "\n\n"
            << reason.text << "\n\nSource: " << reason.source << "\n\n"
            << "| scenario | observation | epoll | where | wakepoll |\n|---|---|---|---|---|\n";
        for (const std::string& scenario : conformance.scenarios()) {
            for (const Observation& observation : conformance.epoll(scenario)) {
                for (const Elsewhere& one : elsewhere(conformance, scenario, observation)) {
                    if (one.reason == name) {
                        out << "| " << scenario << " | " << escaped(observation.label) << " | "
                            << quoted(observation.seen) << " | " << one.where << " | "
                            << quoted(one.seen) << " |\n";
                    }
                }
            }
        }
        out << '\n';
    }
}

void write_all(std::ostream& out, const Conformance& conformance) {
    for (const std::string& scenario : conformance.scenarios()) {
        out << "| **" << scenario << "** | | |\n";
        for (const Observation& observation : conformance.epoll(scenario)) {
            out << "| " << escaped(observation.label) << " | " << quoted(observation.seen) << " | ";
            const std::vector<Elsewhere> others = elsewhere(conformance, scenario, observation);
            if (others.empty()) {
                out << "same";
            }
            for (std::size_t i = 0; i < others.size(); ++i) {
                out << (i == 0 ? "" : "; ") << others[i].where << ": " << quoted(others[i].seen);
            }
            out << " |\n";
        }
    }
}

}  // namespace

std::string document(const Conformance& conformance) {
    const Counts counts = count(conformance);
    std::ostringstream out;
    const auto row = [&](const char* what, std::size_t number) {
        out << "| " << what << " | " << number << " |\n";
    };
    out << R"(# wakepoll compared with Linux's epoll

Generated by [tools/conformance](../../tools/conformance) from [epoll.txt](../../test/conformance/epoll.txt) and
[differences.txt](../../test/conformance/differences.txt); the native tests fail if this page does not match them.

The scenarios are written once ([test/conformance](../../test/conformance/scene.hpp)) and run on real epoll with real
sockets, on `OsPoller` under Wine, and on `OsPoller` over the simulated kernel. Each records observations, in words, which
are compared with epoll's one by one.

| | |
|---|---|
)";
    row("scenarios", conformance.scenarios().size());
    row("observations", counts.observations);
    row("places that are compared with epoll (kernels times backends)", all_places().size());
    row("comparisons", counts.comparisons);
    row("of these the same as epoll's", counts.same);
    row("observations that differ because of Windows", counts.of_windows);
    row("observations that are assumed to differ, not known of Windows", counts.unknown);
    row("observations that differ on Wine only", counts.of_wine);
    row("observations that differ by a rule of wakepoll", counts.chosen);
    out << R"(
A place is a kernel and a backend. `windows_11`, `windows_server_2019` and `wine_8` are the simulated kernel's
personalities; Wine itself is one more kernel. In the tables *windows* is both simulated versions of Windows, *wine* is
Wine itself and the simulated Wine, *all* is every place; a backend after a slash limits the entry to that backend.

A difference without a reason here fails the tests, and so does a reason whose difference is no longer seen. Statements
about Windows rest on [windows-facts.md](windows-facts.md), whose marks are used here, and on the simulated kernel, which
implements it: nothing has run on Windows itself.

## Forced by Windows

)";
    write_reasons(out, conformance, Kind::windows);
    out << R"(## Not known of Windows

Where the behaviour of Windows is not known, the simulated Windows reports less, not more.

)";
    write_reasons(out, conformance, Kind::unknown);
    out << R"(## On Wine only

On both simulated versions of Windows the same observations are epoll's, or those that Windows forces.

)";
    write_reasons(out, conformance, Kind::wine);
    out << "## wakepoll's own rules\n\n";
    write_reasons(out, conformance, Kind::chosen);
    out << "## All observations\n\n| observation | epoll | wakepoll |\n|---|---|---|\n";
    write_all(out, conformance);
    return out.str();
}

}  // namespace wakepoll::test
