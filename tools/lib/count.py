"""count.py TESTLOG NAMES: add up one `meson test` run, from its meson-logs/testlog.json.

A Boost.Test program reports its cases in one line of XML (--report_level=short
--report_format=XML), and those are counted; data-driven cases count one by one. A program without
such a report counts as one test. A program that crashed, timed out or ended with an error that its
own report does not explain (a leak found at exit, for instance) counts as one more failure. So does
a case without assertions, and a Boost.Test program without a report. The exit code alone is not
enough: Wine may end a program that crashes with 0.

Prints the failures, and then, as its last line, `PASSED FAILED SKIPPED`. Writes the names of the
cases that ran to NAMES, one per line. A case has the same name wherever it is built and run: the
folder of its program, its suites, and its own name.
"""

import json
import re
import sys

REPORT = re.compile(r"<TestResult><TestSuite [^>]*>.*?</TestResult>", re.DOTALL)
# Cases excluded by the filter of the run are "skipped because disabled"; they do not count.
SKIPPED = re.compile(r'Test (?:case|suite) ".*" is skipped because (?!disabled)')
BEGINNING = re.compile(r"Running \d+ test cases?\.\.\.")
CRASH = re.compile(r"Unhandled (?:exception|page fault)")
ASSERTS_NOTHING = re.compile(r"Test case (\S+) did not check any assertions")
ENTERING_OR_LEAVING = re.compile(r'(Entering|Leaving) test (case|suite) "([^"]*)"')
# Log lines of what passed.
PROGRESS = re.compile(r"(Entering|Leaving) test (case|suite|module)|did not check any assertions|"
                      r"is skipped because disabled")
SHOWN_LINES = 80


def attribute(report, name):
    found = re.search(r'\b%s="(\d+)"' % name, report)
    return int(found.group(1)) if found else 0


def cases_of(test):
    """(passed, failed, skipped) of one program."""
    output = test.get("stdout", "") + test.get("stderr", "")
    good = test["result"] in ("OK", "EXPECTEDFAIL") and not CRASH.search(output)
    report = REPORT.search(output)
    if report is None:
        if test["result"] == "SKIP":
            return 0, 0, 1
        return (1, 0, 0) if good and not BEGINNING.search(output) else (0, 1, 0)
    text = report.group(0)
    passed = attribute(text, "test_cases_passed") + attribute(
        text, "test_cases_passed_with_warnings"
    )
    failed = attribute(text, "test_cases_failed") + attribute(text, "test_cases_timed_out")
    if failed == 0 and not good:
        failed = 1
    empty = len(ASSERTS_NOTHING.findall(output))
    return passed - empty, failed + empty, len(SKIPPED.findall(output))


def names_of(test):
    """The cases of one program that ran; the program itself where it has none."""
    folder, _, name = test["name"].rpartition(" / ")
    folder = folder.rpartition(":")[2].partition("+")[0]
    names = []
    suites = []
    output = test.get("stdout", "") + test.get("stderr", "")
    for way, kind, unit in ENTERING_OR_LEAVING.findall(output):
        if kind == "case":
            if way == "Entering":
                names.append("/".join([folder, *suites, unit]))
        elif way == "Entering":
            suites.append(unit)
        elif suites:
            suites.pop()
    if names or test["result"] == "SKIP" or REPORT.search(output):
        return names
    return ["%s/%s" % (folder, name)]


def show(test):
    print("-- %s: %s (exit code %s)" % (test["name"], test["result"], test.get("returncode")))
    output = REPORT.sub("", test.get("stdout", "") + test.get("stderr", ""))
    lines = [line for line in output.splitlines() if line.strip() and not PROGRESS.search(line)]
    lines += ["%s asserts nothing" % case for case in ASSERTS_NOTHING.findall(output)]
    for line in lines[-SHOWN_LINES:]:
        print("   " + line)


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log, \
            open(sys.argv[2], "w", encoding="utf-8") as names:
        for line in log:
            test = json.loads(line)
            names.writelines(name + "\n" for name in names_of(test))
            counts = cases_of(test)
            totals = [total + count for total, count in zip(totals, counts)]
            if counts[1] > 0:
                show(test)
    print(*totals)


if __name__ == "__main__":
    main()
