"""unpacked_test.py BUILD KIT.EXE: the kit as its user has it, under Wine.

Packs what is built, unpacks it into a folder with a space in its name, runs `kit.exe --quick` there, and
looks at the report: each experiment has its answer, facts were shown, and none that was seen on this Wine
does not hold. Whether something else failed is in the report, and in the exit code. Then it breaks the plan,
to see that a program which hangs or is missing is in the report, too.
"""

import html.parser
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "lib"))

import kit  # noqa: E402

# Seconds. Each of the kit's programs is stopped after its own minutes.
PATIENCE = 1500
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(html.parser.HTMLParser):
    """Its text, and whether each tag is closed in its order."""

    def __init__(self, source):
        super().__init__()
        self.open = []
        self.wrong = []
        self.text = ""
        self.titles = []
        self.feed(source)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("/" + tag)

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("h2", "h3"):
            self.titles.append(data)


def run(folder, *arguments):
    command = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), str(folder / "kit.exe"), *arguments]
    # Into a file: a service that Wine starts on the way would keep a pipe open.
    with open(folder / "console.txt", "wb") as output:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                              timeout=PATIENCE, check=False).returncode
    return code, (folder / "console.txt").read_text(encoding="utf-8", errors="replace")


def require(good, words):
    if not good:
        raise SystemExit("FAILED: " + words)


def wine_version(report):
    found = re.search(r"^Wine: (\d+)", report, re.MULTILINE)
    require(found, "the report does not say that this is Wine")
    return found.group(1)


def look_at_both(folder):
    report = (folder / "report.txt").read_text(encoding="utf-8")
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    require(not page.wrong, "tags that are not closed in their order: %s" % page.wrong)
    for line in report.splitlines():
        if line.startswith(("system: ", "facts: ")):
            words = line.removeprefix("system: ")
            require(words in page.text, "the page does not say: " + line)
    return report, page


def look_at_quick(folder):
    code, console = run(folder, "--quick")
    print(console)
    report, page = look_at_both(folder)
    print(report)
    for name in kit.EXPERIMENTS:
        found = re.search(r"^good: %s: .*\n(?:    .*\n)*?    answer: (.+)$" % name, report, re.MULTILINE)
        require(found, "no answer of " + name)
        require(not found.group(1).startswith("not known"), name + " has no answer")
        require(found.group(1) in page.text, "the page has no answer of " + name)
        require(name in page.titles, "the page has nothing of " + name)
    mark = "[wine %s" % wine_version(report)
    refuted = [line for line in report.splitlines() if line.startswith("did not hold: ") and mark in line]
    require(not refuted, "seen on this Wine, and does not hold: %s" % refuted)
    held = len(re.findall(r"^held: .*\[wine 8\]", report, re.MULTILINE))
    require(held >= 30, "only %d facts were shown" % held)
    require((code == 0) == ("result: everything ran and held" in report),
            "the exit code is %d, and the report says otherwise" % code)
    require(code in (0, 1), "the exit code is %d" % code)
    return code


def look_at_broken(folder):
    """What hangs, what is not there, what ends with an error, and what waits for its input."""
    plan = folder / "plan.txt"
    was = plan.read_bytes()
    plan.write_bytes(b"program\tmissing\tfull\t1\tprograms/none.exe\t0\n"
                     b"program\tfailing\tfull\t1\tprograms/experiments.exe\t1\tno_such\n"
                     b"experiment\thanging\tfull\t1\tprograms/experiments.exe\t1\thang\n")
    code, console = run(folder)
    plan.write_bytes(was)
    print(console)
    report, _ = look_at_both(folder)
    require(code == 1, "with a broken plan the exit code is %d" % code)
    require("bad: missing: could not be started" in report, "a program that is missing is not reported")
    require("bad: failing: ended with 2" in report, "a program that fails is not reported")
    require("bad: hanging: stopped after 1 minute" in report, "a program that hangs is not reported")
    code, console = run(folder, "--only", "nothing")
    require(code == 2 and "no such step" in console, "a step that is not there is not refused")


def main():
    build = pathlib.Path(sys.argv[1])
    folder = build / "test" / "kit" / "un packed"
    packed = [build / "test" / "kit" / name for name in ("kit.zip", "again.zip")]
    for path in packed:
        subprocess.run([sys.executable, str(ROOT / "tools" / "lib" / "kit.py"), str(build), str(path),
                        "--partial"], check=True, stdin=subprocess.DEVNULL)
    require(packed[0].read_bytes() == packed[1].read_bytes(), "the same programs make two different zips")
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(packed[0]) as archive:
        archive.extractall(folder)
    folder /= "wakepoll-kit"
    for name in ("run.cmd", "kit.exe", "plan.txt", "facts.txt", "version.txt"):
        require((folder / name).exists(), "%s is not in the zip" % name)
    look_at_broken(folder)
    code = look_at_quick(folder)
    require(code == 0, "not everything ran and held: see the report above")


if __name__ == "__main__":
    main()
