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
    "for what Windows does; a fact about Wine alone is of no concern on Windows. Known from: [doc] "
    "Microsoft's reference, [win] what others saw on Windows, [wine 8] and [wine 10] a run there.";

constexpr std::string_view what_to_do =
    "Please open an issue of wakepoll with the file report.txt, which says the same and is beside "
    "this page.";

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
:root { color-scheme: light dark; --text: #222; --back: #fff; --line: #ddd; --soft: #f5f5f5; --faint: #666;
  --good: #1a7f37; --bad: #b00020; }
@media (prefers-color-scheme: dark) {
  :root { --text: #ddd; --back: #1b1b1b; --line: #444; --soft: #262626; --faint: #999; --good: #57ab5a; --bad: #ff7b72; }
}
body { font: 15px/1.5 "Segoe UI", sans-serif; max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem;
  color: var(--text); background: var(--back); }
h1 { margin: 0 0 1rem; } h2 { margin: 2.5rem 0 0.5rem; } h3 { margin: 1.5rem 0 0.3rem; }
a { color: inherit; }
nav a { margin-right: 1.2rem; }
.verdict { border-left: 0.4rem solid; padding: 0.6rem 1rem; background: var(--soft); }
.verdict strong { font-size: 1.3rem; } .verdict span { color: var(--text); font-weight: 400; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { color: var(--faint); font-weight: 600; }
.system td:first-child { width: 7rem; color: var(--faint); }
.results td:first-child { width: 17rem; } .results td:last-child { width: 4.5rem; white-space: nowrap; }
.facts { table-layout: fixed; } .facts th:nth-child(2) { width: 9rem; } .facts th:nth-child(3) { width: 32%; }
.facts td:nth-child(3), .facts small { color: var(--faint); font-size: 13px; }
pre { background: var(--soft); padding: 0.6rem; overflow-x: auto; font-size: 13px; margin: 0; }
pre.prose { white-space: pre-wrap; }
code { font-size: 0.92em; }
summary { cursor: pointer; } summary h3 { display: inline-block; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .open { color: var(--faint); }
@media (max-width: 45rem) {
  .facts tr, .facts td, .results tr, .results td { display: block; border: 0; padding: 0.1rem 0; }
  .facts tr, .results tr { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
  .facts tr:first-child, .results tr:first-child { display: none; }
  .results td:first-child, .results td:last-child { width: auto; }
}
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

/// Escaped, and what stands between backticks as code.
std::string with_code(const std::string& text) {
    std::string html;
    std::istringstream input(escaped(text));
    bool is_code = false;
    for (std::string part; std::getline(input, part, '`'); is_code = !is_code) {
        html += is_code ? "<code>" + part + "</code>" : part;
    }
    return html;
}

/// What to look at first is open; what has no result here is folded.
void add_facts_html(std::string& html, const Report& report, Truth truth) {
    std::string rows;
    std::size_t count = 0;
    for (const Verdict& verdict : report.verdicts) {
        if (verdict.truth != truth) {
            continue;
        }
        std::string tests;
        for (const std::string& test : verdict.fact.tests) {
            tests += (tests.empty() ? "" : ", ") + test;
        }
        rows += "<tr><td><small>" + escaped(verdict.fact.section) + "</small><br>" +
                with_code(verdict.fact.text) + "</td><td>" + escaped(verdict.fact.marks) +
                "</td><td><span class=\"" + std::string(css_class(truth)) + "\">" +
                escaped(verdict.because) + "</span><br>" + escaped(tests) + "</td></tr>\n";
        ++count;
    }
    if (count > 0) {
        html += std::string("<details") + (truth == Truth::not_shown ? "" : " open") +
                "><summary><h3 class=\"" + std::string(css_class(truth)) + "\">" +
                std::to_string(count) + " " + std::string(word(truth)) +
                "</h3></summary>\n<table class=\"facts\">\n"
                "<tr><th>fact</th><th>known from</th><th>tests</th></tr>\n" +
                rows + "</table>\n</details>\n";
    }
}

std::string results_table(const std::string& rows) {
    return rows.empty() ? ""
                        : "<table class=\"results\">\n<tr><th>name</th><th>result</th>"
                          "<th>took</th></tr>\n" +
                              rows + "</table>\n";
}

std::string row_of(const StepResult& result) {
    // The answer of an experiment is neither good nor bad.
    const bool is_answer = result.step.kind == Kind::experiment && is_good(result);
    return "<tr><td>" + escaped(result.step.name) + "</td><td class=\"" +
           (is_answer         ? ""
            : is_good(result) ? "good"
                              : "bad") +
           "\">" + escaped(in_words(result)) + "</td><td>" + seconds_of(result) + "</td></tr>\n";
}

void add_results_html(std::string& html, const Report& report, const Section& section) {
    std::string rows;
    std::string outputs;
    for (const StepResult& result : report.results) {
        if (result.step.kind != section.kind) {
            continue;
        }
        rows += row_of(result);
        if (const std::string output = shown_output(result); !output.empty()) {
            outputs += "<h3>" + escaped(result.step.name) + "</h3>\n<pre" +
                       (section.kind == Kind::experiment ? " class=\"prose\">" : ">") +
                       escaped(output) + "</pre>\n";
        }
    }
    if (!rows.empty()) {
        html += "<h2 id=\"" + std::string(section.title) + "\">" + std::string(section.title) +
                "</h2>\n" + results_table(rows) + outputs;
    }
}

/// The verdict, what to do with it, the system, and what went wrong.
void add_top_html(std::string& html, const Report& report) {
    html += std::string("<p class=\"verdict ") +
            (report.is_good() ? "good\"><strong>Everything ran and held</strong>"
                              : "bad\"><strong>Not everything ran and held</strong>") +
            "<br><span>" + escaped(sum_of(report)) + "</span></p>\n<p>" + std::string(what_to_do) +
            "</p>\n<nav>";
    for (const Section& section : sections) {
        const std::string title(section.title);
        if (section.kind == Kind::suite) {
            html += "<a href=\"#Facts\">Facts</a>";
        }
        if (std::any_of(report.results.begin(), report.results.end(),
                        [&](const StepResult& one) { return one.step.kind == section.kind; })) {
            html += "<a href=\"#" + title + "\">" + title + "</a>";
        }
    }
    html += "</nav>\n<h2>System</h2>\n<table class=\"system\">\n";
    for (const auto& [what, value] : report.system) {
        html += "<tr><td>" + escaped(what) + "</td><td>" + escaped(value) + "</td></tr>\n";
    }
    html += "</table>\n";
    if (!report.is_good()) {
        std::string wrong;
        for (const StepResult& result : report.results) {
            wrong += is_good(result) ? "" : row_of(result);
        }
        html += "<h2 class=\"bad\">Not as it should be</h2>\n" + results_table(wrong);
        add_facts_html(html, report, Truth::did_not_hold);
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
    add_top_html(html, report);
    for (const Section& section : sections) {
        if (section.kind == Kind::suite) {
            html += "<h2 id=\"Facts\">Facts</h2>\n<p>" + std::string(about_facts) + "</p>\n";
            add_facts_html(html, report, Truth::held);
            add_facts_html(html, report, Truth::not_shown);
        }
        add_results_html(html, report, section);
    }
    return html + "</body>\n</html>\n";
}

}  // namespace wakepoll::kit
