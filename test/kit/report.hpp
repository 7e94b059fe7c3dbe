// kit: the report, as text and as HTML.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "boost_log.hpp"
#include "facts.hpp"
#include "plan.hpp"

namespace wakepoll::kit {

enum class End {
    by_itself,
    stopped,      ///< Its time was over.
    not_started,  ///< `output` says why.
};

struct StepResult {
    Step step;
    End end = End::not_started;
    std::uint32_t exit_code = 0;
    double seconds = 0;
    std::string output;  ///< What it printed, which is any bytes.
    SuiteLog log;        ///< Of a suite.
};

/// It ran to its end and found nothing wrong. The exit code alone is not enough, as Wine may end a
/// program that crashes with 0: a suite must have been left, an experiment must have an answer, and
/// Wine must not have said that there was a crash.
[[nodiscard]] bool is_good(const StepResult& result);

/// The answer of an experiment, empty if it has none.
[[nodiscard]] std::string answer_of(const StepResult& result);

/// How it ended, in words: "12 cases passed", "stopped after 10 minutes in sys_pipe/a_case".
[[nodiscard]] std::string in_words(const StepResult& result);

struct Report {
    std::vector<std::pair<std::string, std::string>> system;  ///< What, and its value.
    std::vector<Verdict> verdicts;
    std::vector<StepResult> results;

    /// Everything ran and held.
    [[nodiscard]] bool is_good() const;
};

/// The bytes as UTF-8 without control characters but the end of a line and the tab: what is not
/// becomes U+FFFD.
[[nodiscard]] std::string clean(const std::string& bytes);

/// `clean`, for HTML.
[[nodiscard]] std::string escaped(const std::string& bytes);

[[nodiscard]] std::string as_text(const Report& report);
[[nodiscard]] std::string as_html(const Report& report);

}  // namespace wakepoll::kit
