// kit: the facts of doc/internals/windows-facts.md, and which of them this system shows.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "boost_log.hpp"

namespace wakepoll::kit {

struct Fact {
    std::string section;
    std::string marks;               ///< Where it is from, such as "[win] [wine 8]".
    std::vector<std::string> tests;  ///< Each `suite/case`, or a suite; never empty.
    std::string text;
};

enum class Truth { held, did_not_hold, not_shown };

struct Verdict {
    Fact fact;
    Truth truth = Truth::not_shown;
    std::string because;  ///< The cases that showed it, or the first that did not; may be empty.
};

/// Reads a list of facts: a line each, with section, marks, tests (separated by spaces) and text
/// between tabs. Throws std::runtime_error if a line is none.
[[nodiscard]] std::vector<Fact> read_facts(std::istream& input);

/// A fact holds if at least one case of its tests ran, and none failed or was left unfinished.
[[nodiscard]] std::vector<Verdict> judge(const std::vector<Fact>& facts,
                                         const std::vector<CaseResult>& cases);

}  // namespace wakepoll::kit
