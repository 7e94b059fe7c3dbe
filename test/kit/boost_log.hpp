// kit: the cases of a suite that ran, from the log of Boost.Test.
//
// Reads the human-readable log at the level test_suite, because each of its lines is flushed: after
// a crash or a hang it shows how far the program had come, while the XML logs are lost.
#pragma once

#include <string>
#include <vector>

namespace wakepoll::kit {

enum class Outcome {
    passed,
    failed,
    unfinished,  ///< Begun, and the program ended or was stopped in it.
    nothing,     ///< Skipped, or it asserted nothing: what it is about is not here.
};

struct CaseResult {
    std::string name;  ///< The suites and the case, `suite/case`.
    Outcome outcome = Outcome::passed;
    std::string complaint;  ///< The first error.
};

struct SuiteLog {
    std::vector<CaseResult> cases;
    bool finished = false;  ///< The test module was left.
};

[[nodiscard]] SuiteLog read_boost_log(const std::string& text);

}  // namespace wakepoll::kit
