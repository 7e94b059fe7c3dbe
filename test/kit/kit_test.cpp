// The kit's handling of a plan, a suite's log, and the facts; and its report.
#include <boost/test/unit_test.hpp>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "boost_log.hpp"
#include "command_line.hpp"
#include "facts.hpp"
#include "plan.hpp"
#include "report.hpp"

namespace wakepoll::kit {
namespace {

BOOST_AUTO_TEST_SUITE(kit)

const std::string log_of_a_suite =
    "Running 4 test cases...\r\n"
    "Entering test module \"wakepoll\"\r\n"
    "a.cpp(7): Entering test suite \"sys_a\"\r\n"
    "a.cpp(9): Entering test case \"good\"\r\n"
    "a.cpp(9): Leaving test case \"good\"; testing time: 12us\r\n"
    "a.cpp(12): Entering test case \"bad\"\r\n"
    "a.cpp(13): error: in \"sys_a/bad\": check x == 1 has failed [2 != 1]\r\n"
    "a.cpp(14): error: in \"sys_a/bad\": check y has failed\r\n"
    "a.cpp(12): Leaving test case \"bad\"\r\n"
    "a.cpp(20): Entering test case \"idle\"\r\n"
    "Test case sys_a/idle did not check any assertions\r\n"
    "a.cpp(20): Leaving test case \"idle\"\r\n"
    "a.cpp(24): Test case \"sys_a/left_out\" is skipped because disabled\r\n"
    "a.cpp(26): Test case \"sys_a/missing\" is skipped because there is no console\r\n"
    "a.cpp(30): Entering test suite \"each\"\r\n"
    "a.cpp(30): Entering test case \"_0\"\r\n"
    "a.cpp(30): Leaving test case \"_0\"\r\n"
    "a.cpp(30): Leaving test suite \"each\"\r\n"
    "a.cpp(7): Leaving test suite \"sys_a\"\r\n"
    "Leaving test module \"wakepoll\"; testing time: 4ms\r\n";

std::string shape(const std::vector<CaseResult>& cases) {
    std::string text;
    for (const CaseResult& one : cases) {
        constexpr const char* outcomes[] = {"passed", "failed", "unfinished", "nothing"};
        text += one.name + " " + outcomes[static_cast<int>(one.outcome)] + "\n";
    }
    return text;
}

BOOST_AUTO_TEST_CASE(a_log_says_what_each_case_came_to) {
    const SuiteLog log = read_boost_log(log_of_a_suite);
    BOOST_TEST(shape(log.cases) ==
               "sys_a/good passed\n"
               "sys_a/bad failed\n"
               "sys_a/idle nothing\n"
               "sys_a/missing nothing\n"
               "sys_a/each/_0 passed\n");
    BOOST_TEST(log.finished);
    BOOST_TEST(log.cases.at(1).complaint ==
               "a.cpp(13): error: in \"sys_a/bad\": check x == 1 has failed [2 != 1]");
}

BOOST_AUTO_TEST_CASE(a_log_may_end_anywhere) {
    for (std::size_t size = 0; size < log_of_a_suite.size(); ++size) {
        const SuiteLog log = read_boost_log(log_of_a_suite.substr(0, size));
        BOOST_TEST(log.cases.size() <= 5U);
        if (size < log_of_a_suite.find("Leaving test module")) {
            BOOST_TEST(!log.finished);
        }
    }
    const SuiteLog log =
        read_boost_log(log_of_a_suite.substr(0, log_of_a_suite.find("Leaving test case \"bad\"")));
    BOOST_TEST(shape(log.cases) == "sys_a/good passed\nsys_a/bad unfinished\n");
}

BOOST_AUTO_TEST_CASE(lines_of_no_order_do_no_harm) {
    const SuiteLog log = read_boost_log(
        "Leaving test suite \"x\"\nLeaving test case \"y\"\nerror: in \"z\": w\n"
        "Test case q did not check any assertions\n");
    BOOST_TEST(log.cases.empty());
}

Verdict verdict_of(const std::vector<std::string>& tests, const std::vector<CaseResult>& cases) {
    return judge({{"One", "[win]", tests, "It is so."}}, cases).at(0);
}

BOOST_AUTO_TEST_CASE(a_fact_holds_where_its_tests_passed) {
    const std::vector<CaseResult> cases = read_boost_log(log_of_a_suite).cases;
    BOOST_TEST((verdict_of({"sys_a/good"}, cases).truth == Truth::held));
    BOOST_TEST((verdict_of({"sys_a/each"}, cases).truth == Truth::held));
    BOOST_TEST((verdict_of({"sys_a/good", "sys_b/not_run"}, cases).truth == Truth::held));
}

BOOST_AUTO_TEST_CASE(a_fact_does_not_hold_where_one_of_its_tests_failed) {
    const std::vector<CaseResult> cases = read_boost_log(log_of_a_suite).cases;
    const Verdict verdict = verdict_of({"sys_a/good", "sys_a/bad"}, cases);
    BOOST_TEST((verdict.truth == Truth::did_not_hold));
    BOOST_TEST(verdict.because.find("check x == 1") != std::string::npos);
    BOOST_TEST((verdict_of({"sys_a"}, cases).truth == Truth::did_not_hold));
}

BOOST_AUTO_TEST_CASE(a_fact_does_not_hold_where_the_program_ended_in_its_test) {
    BOOST_TEST((verdict_of({"sys_a/bad"}, {{"sys_a/bad", Outcome::unfinished, {}}}).truth ==
                Truth::did_not_hold));
}

BOOST_AUTO_TEST_CASE(a_fact_is_not_shown_where_no_test_of_it_had_anything_to_say) {
    const std::vector<CaseResult> cases = read_boost_log(log_of_a_suite).cases;
    BOOST_TEST((verdict_of({"sys_a/idle", "sys_a/missing"}, cases).truth == Truth::not_shown));
    BOOST_TEST((verdict_of({"sys_a/goo"}, cases).truth == Truth::not_shown));
    BOOST_TEST((verdict_of({"sys_a/good/more"}, cases).truth == Truth::not_shown));
    BOOST_TEST((verdict_of({"sys_c"}, {}).truth == Truth::not_shown));
}

BOOST_AUTO_TEST_CASE(a_test_is_found_in_a_suite_within_its_suite) {
    const std::vector<CaseResult> cases = {{"sys_a/in_the_world/good", Outcome::passed, {}},
                                           {"sys_a/in_the_world/each/_0", Outcome::passed, {}}};
    BOOST_TEST((verdict_of({"sys_a/good"}, cases).truth == Truth::held));
    BOOST_TEST((verdict_of({"sys_a/each"}, cases).truth == Truth::held));
    for (const char* other : {"sys_a/goo", "sys_a/ood", "sys_b/good", "sys/good", "sys_a/eac"}) {
        BOOST_TEST((verdict_of({other}, cases).truth == Truth::not_shown), other);
    }
}

BOOST_AUTO_TEST_CASE(facts_are_read_line_by_line) {
    std::istringstream input("One\t[win]\tsys_a/good sys_a/bad\tIt is so.\r\n\nTwo\t\tsys_b\tB\n");
    const std::vector<Fact> facts = read_facts(input);
    BOOST_TEST_REQUIRE(facts.size() == 2U);
    BOOST_TEST(facts[0].tests.size() == 2U);
    BOOST_TEST(facts[0].text == "It is so.");
    for (const char* wrong : {"One\t[win]\tsys_a", "One\t[win]\t\ttext", "a\tb\tc\td\te"}) {
        std::istringstream line(wrong);
        BOOST_CHECK_THROW(static_cast<void>(read_facts(line)), std::runtime_error);
    }
}

BOOST_AUTO_TEST_CASE(a_plan_is_read_with_the_folder_in_it) {
    std::istringstream input(
        "suite\tsys/a\tquick\t10\tprograms/a.exe\t2\t--x=y\t{kit}\\b {kit}\tHOME={kit}\\c\tE=\r\n"
        "benchmark\tbench\tfull\t40\tprograms/b.exe\t0\n");
    const std::vector<Step> plan = read_plan(input, "C:\\a b");
    BOOST_TEST_REQUIRE(plan.size() == 2U);
    BOOST_TEST((plan[0].kind == Kind::suite));
    BOOST_TEST(plan[0].quick);
    BOOST_TEST(plan[0].minutes == 10);
    BOOST_TEST_REQUIRE(plan[0].arguments.size() == 2U);
    BOOST_TEST(plan[0].arguments[1] == "C:\\a b\\b C:\\a b");
    BOOST_TEST_REQUIRE(plan[0].environment.size() == 2U);
    BOOST_TEST(plan[0].environment[0].second == "C:\\a b\\c");
    BOOST_TEST(plan[0].environment[1].second.empty());
    BOOST_TEST(!plan[1].quick);
    BOOST_TEST(plan[1].arguments.empty());
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_step_is_refused) {
    for (const char* wrong :
         {"suite", "soup\ta\tquick\t1\tp\t0", "suite\ta\tquick\tsoon\tp\t0",
          "suite\ta\tquick\t0\tp\t0", "suite\ta\tquick\t1\tp\t2\tone", "suite\ta\tquick\t1\tp\t-1",
          "suite\ta\tquick\t1\tp\t0\tno_value", "suite\ta\tquick\t1\tp\t0\t=value"}) {
        std::istringstream input(wrong);
        BOOST_TEST_CONTEXT(wrong) {
            BOOST_CHECK_THROW(static_cast<void>(read_plan(input, "")), std::runtime_error);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_command_line_is_taken_apart_into_the_same_words) {
    BOOST_TEST(
        command_line("C:\\a b\\p.exe", {"x", "", "a b", "say \"it\"", "end\\", "an end\\"}) ==
        "\"C:\\a b\\p.exe\" x \"\" \"a b\" \"say \\\"it\\\"\" end\\ \"an end\\\\\"");
    BOOST_TEST(command_line("p", {"a\\\\\"b"}) == "p \"a\\\\\\\\\\\"b\"");
}

StepResult result_of(Kind kind, const std::string& output, std::uint32_t code = 0,
                     End end = End::by_itself) {
    StepResult result;
    result.step.kind = kind;
    result.step.name = "one";
    result.step.minutes = 10;
    result.end = end;
    result.exit_code = code;
    result.output = output;
    if (kind == Kind::suite) {
        result.log = read_boost_log(output);
    }
    return result;
}

const std::string good_log =
    "Entering test suite \"s\"\nEntering test case \"c\"\nLeaving test case \"c\"\n"
    "Leaving test suite \"s\"\nLeaving test module \"wakepoll\"\n";

BOOST_AUTO_TEST_CASE(a_suite_is_good_where_it_was_left_with_nothing_wrong) {
    BOOST_TEST(is_good(result_of(Kind::suite, good_log)));
    BOOST_TEST(!is_good(result_of(Kind::suite, good_log, 1)));
    BOOST_TEST(!is_good(result_of(Kind::suite, good_log, 0, End::stopped)));
    BOOST_TEST(!is_good(result_of(Kind::suite, log_of_a_suite)));
    BOOST_TEST(!is_good(result_of(Kind::suite, "Leaving test module \"wakepoll\"\n")));
    // On Wine a program that crashes may end with 0.
    BOOST_TEST(!is_good(result_of(Kind::suite, good_log.substr(0, good_log.find("Leaving")))));
    BOOST_TEST(
        !is_good(result_of(Kind::suite, good_log.substr(0, good_log.find("Leaving test module")))));
    BOOST_TEST(!is_good(result_of(Kind::suite, good_log + "wine: Unhandled page fault on read\n")));
    BOOST_TEST(!is_good(result_of(Kind::program, "Unhandled exception: 0xc0000005\n")));
    BOOST_TEST(is_good(result_of(Kind::program, "")));
    BOOST_TEST(!is_good(result_of(Kind::program, "", 3)));
}

BOOST_AUTO_TEST_CASE(an_experiment_is_good_where_it_has_an_answer) {
    const StepResult answered = result_of(Kind::experiment, "1 2\r\nanswer: it does\r\n");
    BOOST_TEST(is_good(answered));
    BOOST_TEST(in_words(answered) == "it does");
    BOOST_TEST(!is_good(result_of(Kind::experiment, "1 2\nanswer: not known: why\n", 1)));
    BOOST_TEST(!is_good(result_of(Kind::experiment, "1 2\nno answer: \n")));
    BOOST_TEST(in_words(result_of(Kind::experiment, "1 2\n")) == "ended too early");
    BOOST_TEST(answer_of(result_of(Kind::program, "answer: x\n")).empty());
}

BOOST_AUTO_TEST_CASE(how_a_program_ended_is_said_in_words) {
    const std::string begun = good_log.substr(0, good_log.find("Leaving"));
    BOOST_TEST(in_words(result_of(Kind::suite, good_log)) == "1 cases passed");
    BOOST_TEST(in_words(result_of(Kind::suite, begun, 0, End::stopped)) ==
               "stopped after 10 minutes in s/c; 0 cases passed");
    BOOST_TEST(in_words(result_of(Kind::suite, begun, 0xC0000005)) ==
               "ended with 0xC0000005 in s/c; 0 cases passed");
    BOOST_TEST(in_words(result_of(Kind::program, "wine: Unhandled exception 0x80000100\n")) ==
               "crashed");
    BOOST_TEST(in_words(result_of(Kind::suite, begun)) == "ended too early in s/c; 0 cases passed");
    BOOST_TEST(in_words(result_of(Kind::suite, log_of_a_suite, 201)) ==
               "2 cases passed, 1 failed, 2 had nothing to show here");
    BOOST_TEST(in_words(result_of(Kind::program, "", 2)) == "ended with 2");
    BOOST_TEST(
        in_words(result_of(Kind::program, "CreateProcess failed with 2", 0, End::not_started)) ==
        "could not be started: CreateProcess failed with 2");
}

BOOST_AUTO_TEST_CASE(a_report_is_good_where_everything_ran_and_held) {
    Report report;
    BOOST_TEST(!report.is_good());
    report.results = {result_of(Kind::suite, good_log)};
    report.verdicts = {verdict_of({"s/c"}, report.results[0].log.cases), verdict_of({"t"}, {})};
    BOOST_TEST(report.is_good());
    report.verdicts.push_back(verdict_of({"s"}, {{"s/c", Outcome::failed, "x"}}));
    BOOST_TEST(!report.is_good());
    report.verdicts.pop_back();
    report.results.push_back(result_of(Kind::experiment, "", 1));
    BOOST_TEST(!report.is_good());
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_replaced) {
    const std::string mark = "\xEF\xBF\xBD";
    BOOST_TEST(clean("a\tb\r\nc\n") == "a\tb\nc\n");
    BOOST_TEST(clean("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
               "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
    BOOST_TEST(clean(std::string("a\0b", 3)) == "a" + mark + "b");
    BOOST_TEST(clean("\x1B[1m\r") == mark + "[1m" + mark);
    BOOST_TEST(clean("\xE4 \xC3") == mark + " " + mark);
    // Too long for its character; half of a surrogate pair; beyond Unicode.
    BOOST_TEST(clean("\xC0\xAF") == mark + mark);
    BOOST_TEST(clean("\xE0\x80\xAF") == mark + mark + mark);
    BOOST_TEST(clean("\xED\xA0\x80") == mark + mark + mark);
    BOOST_TEST(clean("\xF4\x90\x80\x80") == mark + mark + mark + mark);
}

BOOST_AUTO_TEST_CASE(html_is_escaped) {
    BOOST_TEST(escaped("<a href=\"x\">&</a>") == "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
    Report report;
    report.system = {{"system", "<script>"}};
    report.results = {result_of(Kind::experiment, "answer: <b>\xFF</b>\n"),
                      result_of(Kind::suite, log_of_a_suite, 201)};
    report.verdicts = {{{"<s>", "[win]", {"sys_a/bad"}, "a < b"}, Truth::did_not_hold, "<c>"}};
    const std::string html = as_html(report);
    for (const char* raw : {"<script>", "<b>", "<s>", "<c>", "a < b", "\xFF"}) {
        BOOST_TEST(html.find(raw) == std::string::npos, raw);
    }
    BOOST_TEST(html.find("answer: &lt;b&gt;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(both_shapes_say_the_same) {
    Report report;
    report.system = {{"system", "Windows 11"}};
    report.results = {result_of(Kind::experiment, "1 2 3\nanswer: it does\n"),
                      result_of(Kind::suite, log_of_a_suite, 201),
                      result_of(Kind::benchmark, "wake 3 us\n")};
    report.verdicts = judge({{"One", "[win] [wine 8]", {"sys_a/good"}, "It holds."},
                             {"Two", "[doc]", {"sys_a/bad"}, "It does not."},
                             {"Three", "[doc]", {"sys_x"}, "It is not shown."}},
                            report.results[1].log.cases);
    for (const std::string& shape : {as_text(report), as_html(report)}) {
        for (const char* wanted :
             {"Windows 11", "answer: it does", "check x == 1", "wake 3 us", "1 failed", "It holds.",
              "1 held, 1 did not hold, 1 not shown", "ot everything ran and held"}) {
            BOOST_TEST(shape.find(wanted) != std::string::npos, wanted);
        }
    }
    const std::string text = as_text(report);
    BOOST_TEST(text.find("\nheld: [win] [wine 8] One: It holds.\n") != std::string::npos);
    BOOST_TEST(text.find("\ndid not hold: [doc] Two: It does not.\n") != std::string::npos);
    BOOST_TEST(text.find("\nnot shown: [doc] Three: It is not shown.\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_page_begins_with_the_verdict_and_what_went_wrong) {
    Report report;
    report.system = {{"system", "Windows 11"}};
    report.results = {result_of(Kind::experiment, "answer: it does\n"),
                      result_of(Kind::suite, log_of_a_suite, 201)};
    report.results[0].step.name = "good_one";
    report.results[1].step.name = "bad_one";
    report.verdicts = judge({{"A", "[win]", {"sys_a/good"}, "`read` waits."},
                             {"B", "[win]", {"sys_a/bad"}, "It does not."},
                             {"C", "[win]", {"sys_x"}, "It is not shown."}},
                            report.results[1].log.cases);
    const std::string html = as_html(report);
    std::size_t at = 0;
    for (const char* wanted :
         {"class=\"verdict bad\"><strong>Not everything", "1 held, 1 did not hold, 1 not shown",
          "report.txt", "Windows 11", "Not as it should be", "bad_one",
          "<details open><summary><h3 class=\"bad\">1 did not hold", "It does not.",
          "Experiments</h2>", "good_one", "id=\"Facts\"",
          "<details open><summary><h3 class=\"good\">1 held", "<code>read</code> waits.",
          "<details><summary><h3 class=\"open\">1 not shown", "It is not shown."}) {
        const std::size_t found = html.find(wanted, at);
        BOOST_TEST_REQUIRE(found != std::string::npos, wanted);
        at = found;
    }
    report.results.pop_back();
    report.verdicts.pop_back();
    report.verdicts.erase(report.verdicts.begin() + 1);
    const std::string good = as_html(report);
    BOOST_TEST(good.find("class=\"verdict good\"><strong>Everything ran and held") !=
               std::string::npos);
    for (const char* unwanted : {"Not as it should be", "did not hold</h3>", "href=\"#Suites\""}) {
        BOOST_TEST(good.find(unwanted) == std::string::npos, unwanted);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace wakepoll::kit
