// kit: which cases of a suite ran, from the log of Boost.Test.
//
// The log for humans, at the level test_suite, is read, because each of its lines is flushed: a
// program that crashes or hangs leaves what it had come to, where the logs in XML are lost with it.
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
