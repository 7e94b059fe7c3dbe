#include "report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <sstream>

namespace wakepoll::kit {
namespace {

/// The length of the UTF-8 sequence at `at`, 0 if there is none: a wrong byte, one that is too
/// long for its character, half of a surrogate pair, or one beyond Unicode.
std::size_t sequence_at(const std::string& bytes, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char first = byte(at);
    std::size_t length = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        low = first == 0xE0 ? 0xA0 : 0x80;
        high = first == 0xED ? 0x9F : 0xBF;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        low = first == 0xF0 ? 0x90 : 0x80;
        high = first == 0xF4 ? 0x8F : 0xBF;
    }
    if (length == 0 || bytes.size() - at < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (byte(at + i) < low || byte(at + i) > high) {
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

std::size_t count_of(const SuiteLog& log, Outcome outcome) {
    return static_cast<std::size_t>(
        std::count_if(log.cases.begin(), log.cases.end(),
                      [&](const CaseResult& one) { return one.outcome == outcome; }));
}

const CaseResult* first_of(const SuiteLog& log, Outcome outcome) {
    const auto found = std::find_if(log.cases.begin(), log.cases.end(),
                                    [&](const CaseResult& one) { return one.outcome == outcome; });
    return found == log.cases.end() ? nullptr : &*found;
}

/// What Wine prints of a program that crashes, which may end with 0 all the same.
bool says_it_crashed(const StepResult& result) {
    return result.output.find("Unhandled exception") != std::string::npos ||
           result.output.find("Unhandled page fault") != std::string::npos;
}

std::string ended_with(std::uint32_t code) {
    char text[40];
    // What an exception ends with is an NTSTATUS, which one looks up by its digits in base 16.
    std::snprintf(text, sizeof(text), code > 0xFFFF ? "ended with 0x%08X" : "ended with %u", code);
    return text;
}

}  // namespace

std::string answer_of(const StepResult& result) {
    static const std::string mark = "answer: ";
    std::istringstream input(result.output);
    for (std::string line; next_line(input, line);) {
        if (result.step.kind == Kind::experiment && line.compare(0, mark.size(), mark) == 0) {
            return line.substr(mark.size());
        }
    }
    return {};
}

bool is_good(const StepResult& result) {
    if (result.end != End::by_itself || result.exit_code != 0 || says_it_crashed(result)) {
        return false;
    }
    switch (result.step.kind) {
        case Kind::suite:
            return result.log.finished && !result.log.cases.empty() &&
                   count_of(result.log, Outcome::failed) == 0 &&
                   count_of(result.log, Outcome::unfinished) == 0;
        case Kind::experiment:
            return !answer_of(result).empty();
        default:
            return true;
    }
}

std::string in_words(const StepResult& result) {
    if (result.end == End::not_started) {
        return "could not be started: " + result.output;
    }
    const std::size_t failed = count_of(result.log, Outcome::failed);
    std::string words;
    if (result.end == End::stopped) {
        words = "stopped after " + std::to_string(result.step.minutes) +
                (result.step.minutes == 1 ? " minute" : " minutes");
    } else if (is_good(result) && result.step.kind != Kind::suite) {
        return result.step.kind == Kind::experiment ? answer_of(result) : "all went well";
    } else if (says_it_crashed(result)) {
        words = "crashed";
    } else if (result.exit_code != 0 && failed == 0) {
        words = ended_with(result.exit_code);
    } else if (!is_good(result) && failed == 0) {
        words = "ended too early";
    }
    if (const CaseResult* unfinished = first_of(result.log, Outcome::unfinished)) {
        words += " in " + unfinished->name;
    }
    if (result.step.kind == Kind::suite) {
        const std::size_t nothing = count_of(result.log, Outcome::nothing);
        words += (words.empty() ? "" : "; ") +
                 std::to_string(count_of(result.log, Outcome::passed)) + " cases passed";
        if (failed > 0) {
            words += ", " + std::to_string(failed) + " failed";
        }
        if (nothing > 0) {
            words += ", " + std::to_string(nothing) + " had nothing to show here";
        }
    }
    return words;
}

bool Report::is_good() const {
    return !results.empty() && std::all_of(results.begin(), results.end(), kit::is_good) &&
           std::none_of(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
               return verdict.truth == Truth::did_not_hold;
           });
}

std::string clean(const std::string& bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto byte = static_cast<unsigned char>(bytes[at]);
        const std::size_t length = sequence_at(bytes, at);
        if (byte == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n') {
            ++at;
        } else if (length == 0 || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
            text += "\xEF\xBF\xBD";
            ++at;
        } else {
            text.append(bytes, at, length);
            at += length;
        }
    }
    return text;
}

std::string escaped(const std::string& bytes) {
    std::string text;
    for (const char c : clean(bytes)) {
        switch (c) {
            case '&':
                text += "&amp;";
                break;
            case '<':
                text += "&lt;";
                break;
            case '>':
                text += "&gt;";
                break;
            case '"':
                text += "&quot;";
                break;
            default:
                text += c;
        }
    }
    return text;
}

}  // namespace wakepoll::kit
