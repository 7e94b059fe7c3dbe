// The two formats of the report. The content is the same in both; report.cpp composes it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <string_view>

#include "report.hpp"

namespace wakepoll::kit {
namespace {

struct Section {
    Kind kind;
    std::string_view title;
};

constexpr std::array sections = {
    Section{Kind::experiment, "Experiments"},
    Section{Kind::suite, "Suites"},
    Section{Kind::program, "Programs"},
    Section{Kind::benchmark, "Benchmarks"},
};

constexpr std::array truths = {Truth::did_not_hold, Truth::held, Truth::not_shown};

std::string_view word(Truth truth) {
    switch (truth) {
        case Truth::held:
            return "held";
        case Truth::did_not_hold:
            return "did not hold";
        default:
            return "not shown";
    }
}

std::string sum_of(const Report& report) {
    std::array<std::size_t, truths.size()> counts = {};
    for (const Verdict& verdict : report.verdicts) {
        const auto at = std::find(truths.begin(), truths.end(), verdict.truth) - truths.begin();
        ++counts[static_cast<std::size_t>(at)];
    }
    const auto bad = std::count_if(report.results.begin(), report.results.end(),
                                   [](const StepResult& result) { return !is_good(result); });
    return "facts: " + std::to_string(counts[1]) + " held, " + std::to_string(counts[0]) +
           " did not hold, " + std::to_string(counts[2]) + " not shown; " + std::to_string(bad) +
           " of " + std::to_string(report.results.size()) + " programs not as they should be";
}

constexpr std::string_view about_facts =
    "A fact held where the tests that it names passed here. Many allow for what Wine does and "
    "for what Windows does; a fact about Wine alone is of no concern on Windows.";

std::string seconds_of(const StepResult& result) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f s", result.seconds);
    return text;
}

/// What it printed is shown whole if that is its purpose, and its end if something is wrong.
std::string shown_output(const StepResult& result) {
    constexpr std::size_t enough = 16'384;
    if (result.step.kind == Kind::experiment || result.step.kind == Kind::benchmark) {
        return result.output;
    }
    if (is_good(result) || result.end == End::not_started) {
        return {};
    }
    if (result.output.size() <= enough) {
        return result.output;
    }
    const std::size_t line = result.output.find('\n', result.output.size() - enough);
    return "...\n" + result.output.substr(line == std::string::npos ? result.output.size() - enough
                                                                    : line + 1);
}

std::string indented(const std::string& text) {
    std::string result;
    std::istringstream input(clean(text));
    for (std::string line; next_line(input, line);) {
        result += "    " + line + "\n";
    }
    return result;
}

constexpr std::string_view html_head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>wakepoll on this system</title>
<style>
body { font: 15px/1.45 "Segoe UI", sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
th:first-child, td:first-child { white-space: nowrap; overflow-wrap: normal; }
pre { background: #f5f5f5; padding: 0.6rem; overflow-x: auto; font-size: 13px; }
.good { color: #1a7f37; } .bad { color: #b00020; font-weight: 600; } .open { color: #777; }
</style>
</head>
<body>
<h1>wakepoll on this system</h1>
)";

std::string_view css_class(Truth truth) {
    switch (truth) {
        case Truth::held:
            return "good";
        case Truth::did_not_hold:
            return "bad";
        default:
            return "open";
    }
}

void add_facts_html(std::string& html, const Report& report) {
    html +=
        "<h2>Facts</h2>\n<table>\n<tr><th>here</th><th>fact</th><th>from</th><th>tests</th>"
        "</tr>\n";
    for (const Truth truth : truths) {
        for (const Verdict& verdict : report.verdicts) {
            if (verdict.truth != truth) {
                continue;
            }
            std::string tests;
            for (const std::string& test : verdict.fact.tests) {
                tests += (tests.empty() ? "" : ", ") + test;
            }
            html += "<tr><td class=\"" + std::string(css_class(truth)) + "\">" +
                    std::string(word(truth)) + "</td><td>" + escaped(verdict.fact.section) + ": " +
                    escaped(verdict.fact.text) + "</td><td>" + escaped(verdict.fact.marks) +
                    "</td><td>" + escaped(tests) + " (" + escaped(verdict.because) +
                    ")</td></tr>\n";
        }
    }
    html += "</table>\n";
}

void add_results_html(std::string& html, const Report& report, const Section& section) {
    std::string rows;
    std::string outputs;
    for (const StepResult& result : report.results) {
        if (result.step.kind != section.kind) {
            continue;
        }
        rows += "<tr><td>" + escaped(result.step.name) + "</td><td class=\"" +
                (is_good(result) ? "good" : "bad") + "\">" + escaped(in_words(result)) +
                "</td><td>" + seconds_of(result) + "</td></tr>\n";
        if (const std::string output = shown_output(result); !output.empty()) {
            outputs +=
                "<h3>" + escaped(result.step.name) + "</h3>\n<pre>" + escaped(output) + "</pre>\n";
        }
    }
    if (!rows.empty()) {
        html += "<h2>" + std::string(section.title) +
                "</h2>\n<table>\n<tr><th>name</th><th>result</th><th>took</th></tr>\n" + rows +
                "</table>\n" + outputs;
    }
}

}  // namespace

std::string as_text(const Report& report) {
    std::string text = "wakepoll on this system\n\n";
    for (const auto& [what, value] : report.system) {
        text += clean(what) + ": " + clean(value) + "\n";
    }
    text += std::string("\nresult: ") +
            (report.is_good() ? "everything ran and held" : "not everything ran and held") + "\n" +
            sum_of(report) + "\n\nFacts\n\n" + std::string(about_facts) + "\n\n";
    for (const Truth truth : truths) {
        for (const Verdict& verdict : report.verdicts) {
            if (verdict.truth == truth) {
                text += std::string(word(truth)) + ": " + clean(verdict.fact.marks) + " " +
                        clean(verdict.fact.section) + ": " + clean(verdict.fact.text) + "\n" +
                        indented(verdict.because);
            }
        }
    }
    for (const Section& section : sections) {
        std::string part;
        for (const StepResult& result : report.results) {
            if (result.step.kind == section.kind) {
                part += (is_good(result) ? "good: " : "bad: ") + clean(result.step.name) + ": " +
                        clean(in_words(result)) + " (" + seconds_of(result) + ")\n" +
                        indented(shown_output(result));
            }
        }
        if (!part.empty()) {
            text += "\n" + std::string(section.title) + "\n\n" + part;
        }
    }
    return text;
}

std::string as_html(const Report& report) {
    std::string html(html_head);
    html += "<table>\n";
    for (const auto& [what, value] : report.system) {
        html += "<tr><td>" + escaped(what) + "</td><td>" + escaped(value) + "</td></tr>\n";
    }
    html += std::string("</table>\n<p class=\"") +
            (report.is_good() ? "good\">Everything ran and held"
                              : "bad\">Not everything ran and held") +
            "</p>\n<p>" + escaped(sum_of(report)) + "</p>\n";
    for (const Section& section : sections) {
        if (section.kind == Kind::suite) {
            add_facts_html(html, report);
        }
        add_results_html(html, report, section);
    }
    return html + "</body>\n</html>\n";
}

}  // namespace wakepoll::kit
