#include "boost_log.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>

#include "plan.hpp"

namespace wakepoll::kit {
namespace {

/// The text between the first `before` and the next `after`.
std::optional<std::string> between(const std::string& line, const std::string& before,
                                   const std::string& after) {
    const std::size_t begin = line.find(before);
    if (begin == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t from = begin + before.size();
    const std::size_t end = line.find(after, from);
    if (end == std::string::npos) {
        return std::nullopt;
    }
    return line.substr(from, end - from);
}

class Reader {
public:
    void read(const std::string& line) {
        if (const auto suite = between(line, "Entering test suite \"", "\"")) {
            suites_.push_back(*suite);
        } else if (line.find("Leaving test suite \"") != std::string::npos) {
            if (!suites_.empty()) {
                suites_.pop_back();
            }
        } else if (const auto entered = between(line, "Entering test case \"", "\"")) {
            log_.cases.push_back({path(*entered), Outcome::unfinished, {}});
            in_case_ = true;
            failed_ = false;
        } else if (line.find("Leaving test case \"") != std::string::npos) {
            if (in_case_ && log_.cases.back().outcome == Outcome::unfinished) {
                log_.cases.back().outcome = failed_ ? Outcome::failed : Outcome::passed;
            }
            in_case_ = false;
        } else if (const auto empty =
                       between(line, "Test case ", " did not check any assertions")) {
            asserted_nothing(*empty);
        } else if (const auto skipped = between(line, "Test case \"", "\" is skipped because")) {
            // Cases that the filter left out are "disabled", and no concern of this run.
            if (line.find("is skipped because disabled") == std::string::npos) {
                log_.cases.push_back({*skipped, Outcome::nothing, {}});
            }
        } else if (line.find("error: in \"") != std::string::npos) {
            if (in_case_) {
                failed_ = true;
                if (log_.cases.back().complaint.empty()) {
                    log_.cases.back().complaint = line;
                }
            }
        } else if (line.find("Leaving test module \"") != std::string::npos) {
            log_.finished = true;
        }
    }

    [[nodiscard]] SuiteLog take() { return std::move(log_); }

private:
    [[nodiscard]] std::string path(const std::string& name) const {
        std::string whole;
        for (const std::string& suite : suites_) {
            whole += suite + "/";
        }
        return whole + name;
    }

    /// Said while the case is being left or, by some versions, behind that.
    void asserted_nothing(const std::string& name) {
        const auto found = std::find_if(log_.cases.rbegin(), log_.cases.rend(),
                                        [&](const CaseResult& one) { return one.name == name; });
        if (found != log_.cases.rend() && !failed_) {
            found->outcome = Outcome::nothing;
        }
    }

    SuiteLog log_;
    std::vector<std::string> suites_;
    bool in_case_ = false;
    bool failed_ = false;
};

}  // namespace

SuiteLog read_boost_log(const std::string& text) {
    Reader reader;
    std::istringstream input(text);
    for (std::string line; next_line(input, line);) {
        reader.read(line);
    }
    return reader.take();
}

}  // namespace wakepoll::kit
