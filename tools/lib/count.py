"""count.py TESTLOG: add up one `meson test` run, from its meson-logs/testlog.json.

A Boost.Test program reports its cases in one line of XML (--report_level=short
--report_format=XML), and those are what is counted; data-driven cases count one by one. A program
without such a report counts as one test. A program that crashed, timed out or ended with an error
that its own report does not explain (a leak found at exit, for instance) counts as one failure
more.

Prints what failed, and then, as its last line, `PASSED FAILED SKIPPED`.
"""

import json
import re
import sys

REPORT = re.compile(r"<TestResult><TestSuite [^>]*>.*?</TestResult>", re.DOTALL)
# Cases that the filter of the run left out are "skipped because disabled", and no concern of it.
SKIPPED = re.compile(r'Test (?:case|suite) ".*" is skipped because (?!disabled)')
# The log of what went well.
PROGRESS = re.compile(r"(Entering|Leaving) test (case|suite|module)|did not check any assertions|"
                      r"is skipped because disabled")
SHOWN_LINES = 80


def attribute(report, name):
    found = re.search(r'\b%s="(\d+)"' % name, report)
    return int(found.group(1)) if found else 0


def cases_of(test):
    """(passed, failed, skipped) of one program."""
    output = test.get("stdout", "") + test.get("stderr", "")
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    report = REPORT.search(output)
    if report is None:
        if test["result"] == "SKIP":
            return 0, 0, 1
        return (1, 0, 0) if good else (0, 1, 0)
    text = report.group(0)
    passed = attribute(text, "test_cases_passed") + attribute(
        text, "test_cases_passed_with_warnings"
    )
    failed = attribute(text, "test_cases_failed") + attribute(text, "test_cases_timed_out")
    if failed == 0 and not good:
        failed = 1
    return passed, failed, len(SKIPPED.findall(output))


def show(test):
    print("-- %s: %s (exit code %s)" % (test["name"], test["result"], test.get("returncode")))
    output = REPORT.sub("", test.get("stdout", "") + test.get("stderr", ""))
    lines = [line for line in output.splitlines() if line.strip() and not PROGRESS.search(line)]
    for line in lines[-SHOWN_LINES:]:
        print("   " + line)


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        for line in log:
            test = json.loads(line)
            counts = cases_of(test)
            totals = [total + count for total, count in zip(totals, counts)]
            if counts[1] > 0:
                show(test)
    print(*totals)


if __name__ == "__main__":
    main()
