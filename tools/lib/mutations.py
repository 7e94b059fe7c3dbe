"""mutations.py ROOT [--wine] [--record] [NAME...]: checks that a test fails for each mutation.

With --copy, only makes build/mutations/tree a copy of the tree. Otherwise applies the patches
test/mutations/*.patch to the copy, one at a time, builds what the copy's suites need and runs these
until one fails. Never touches the user's files. Called by tools/mutations, which installs what is
needed and sets up the copy's build directories, native and wine.

The first line of a patch says what it breaks:

    P6: the one who filled the span is visited first again, and the rest starve
    P4, Wine: a delay is taken for a time of the day

Those marked "Wine" change what is below the simulated kernel, so only the suites under Wine can
notice. The suite that caught the mutation in an earlier run, of this copy or of the document's, is
built and runs first. Where it does not notice, the suites run in rounds, the quickest round first,
and within a round the quickest suite. A suite that hangs has noticed something, too. The campaigns
run last, only where nothing else has noticed.

Prints a table, and with --record puts each row into the document, which keeps those of what was
not tried. The last line is the total. The exit code is not 0 where a mutation was not caught or could
not be tried.
"""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

from tree_copy import mirror, refresh

FIRST_LINE = re.compile(r"(P\d+)(, Wine)?: (.+)")
FAILED_CASE = re.compile(r'error: in "([^"]+)"')
ENTERED = re.compile(r'Entering test (suite|case) "([^"]+)"')
ROW = re.compile(r"\| ([\w-]+) \| .* \| ([^|*]+) \|")
NATIVE_ROUNDS = [["core", "public", "fuzz_corpus"], ["sim", "poller", "epoll"],
                 ["stress", "examples"]]
WINE_ROUNDS = [["sys"], ["poller"]]


class Stop(Exception):
    """An error after which it makes no sense to continue."""


class Mutation:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)[: -len(".patch")]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        first = FIRST_LINE.fullmatch(text.splitlines()[0])
        if first is None:
            raise Stop("%s: the first line does not say what it breaks" % self.name)
        self.promise, self.wine, self.what = first[1], bool(first[2]), first[3]
        self.files = re.findall(r"^\+\+\+ b/(\S+)", text, re.MULTILINE)


def documented(path):
    """What caught each mutation, by the document of an earlier run."""
    with open(path, encoding="utf-8") as file:
        rows = (ROW.fullmatch(line.rstrip("\n")) for line in file)
        return {row[1]: row[2] for row in rows if row is not None}


def suite_of(case, tests):
    """The name of the test that runs a case, as the table has it: `suite/case`, or `test/case`."""
    suite = case.removesuffix(" (does not end)").split("/")[0]
    for test in tests:
        if suite == test["name"] or suite == test["name"].split(" ")[-1]:
            return test["name"]
    return ""


class Build:
    """One build directory of the copy, and its suites."""

    def __init__(self, base, name, rounds, rows):
        self.directory = os.path.join(base, name)
        self.memory = os.path.join(base, name + ".json")
        self.rounds, self.jobs = rounds, os.environ.get("JOBS", str(os.cpu_count()))
        # Results of earlier runs: how long each suite takes, and what caught a mutation.
        self.seconds, self.caught = {}, {}
        if os.path.exists(self.memory):
            with open(self.memory, encoding="utf-8") as file:
                self.seconds, self.caught = json.load(file)
        self.targets = {target["id"]: os.path.relpath(target["filename"][0], self.directory)
                        for target in self.introspect("targets")}
        self.suites = [[] for _ in range(len(rounds) + 1)]
        for test in self.introspect("tests"):
            names = {suite.split(":")[-1] for suite in test["suite"]}
            for number, kinds in enumerate(rounds):
                if names & set(kinds + ["campaign"]) or "campaign" in test["name"]:
                    late = "campaign" in test["name"] or "campaign" in names
                    self.suites[-1 if late else number].append(test)
                    break
        for mutation, case in rows.items():
            self.caught.setdefault(mutation, suite_of(case, sum(self.suites, [])))
        said = self.ninja(self.programs_of(sum(self.suites, [])))
        if said is not None:
            raise Stop("the tree does not build:\n" + said)
        # After each mutation the build is restored, too, which is faster than rebuilding it.
        self.pristine = self.directory + ".pristine"
        mirror(self.directory, self.pristine)
        self.originals = {program: self.digest(program)
                          for program in self.programs_of(sum(self.suites, []))}

    def put_back(self):
        mirror(self.pristine, self.directory)

    def introspect(self, what):
        run = subprocess.run(["meson", "introspect", "--" + what, self.directory],
                             capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    def programs_of(self, suites):
        """What ninja has to make for these suites, relative to the build directory."""
        return sorted({self.targets[target] for test in suites for target in test["depends"]})

    def digest(self, program):
        with open(os.path.join(self.directory, program), "rb") as file:
            return hashlib.sha256(file.read()).digest()

    def is_changed(self, test):
        """Whether a suite's programs differ from the originals; else it notices nothing."""
        return any(self.digest(program) != self.originals[program]
                   for program in self.programs_of([test]))

    def remember(self):
        with open(self.memory, "w", encoding="utf-8") as file:
            json.dump([self.seconds, self.caught], file)

    def ninja(self, targets):
        """None where it builds; otherwise ninja's output."""
        run = subprocess.run(["ninja", "-C", self.directory, "-j", self.jobs] + targets,
                             capture_output=True, text=True, check=False)
        return None if run.returncode == 0 else run.stdout + run.stderr

    def run(self, test, limit):
        """None where the suite passes; otherwise what failed, as in the table."""
        command = test["cmd"]
        if command[0].endswith(".exe"):
            command = [os.environ.get("WINE", "wine")] + command
        environment = dict(os.environ, **test.get("env", {}))
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, env=environment,
                                   cwd=test.get("workdir") or self.directory,
                                   start_new_session=True)
        hangs = False
        try:
            output = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            hangs = True
            os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0]
        if process.returncode == 0 and not hangs:
            self.seconds.setdefault(test["name"], time.monotonic() - began)
            return None
        text = output.decode(errors="replace")
        failed = FAILED_CASE.search(text)
        if failed is not None:
            return failed[1]
        entered = [name for kind, name in ENTERED.findall(text) if kind == "case"]
        place = test["name"] + ("/" + entered[-1] if entered else "")
        return place + (" (does not end)" if hangs else "" if entered else "")

    def failure_of(self, test, limit):
        """Like `run`. Under Wine on a busy machine a suite fails now and then, which must not count."""
        failed = self.run(test, limit)
        for _ in range(2 if test["cmd"][0].endswith(".exe") else 0):
            if failed is not None and not failed.endswith("(does not end)"):
                failed = self.run(test, limit)
        return failed

    def limit_of(self, test):
        return 20 + 6 * self.seconds.get(test["name"], 10)

    def baseline(self, anew):
        """Checks that every suite passes without a mutation; otherwise the table would mean nothing."""
        if anew:
            self.seconds = {}
        for suites in self.suites:
            for test in suites:
                if test["name"] not in self.seconds:
                    failed = self.failure_of(test, 300)
                    if failed is not None:
                        self.remember()
                        raise Stop("without any mutation, this fails: " + failed)
        self.remember()

    def try_out(self, name):
        """Returns what catches the mutation in the copy; None where nothing does."""
        before = [test for test in sum(self.suites, []) if test["name"] == self.caught.get(name)]
        for suites in [before] + self.suites:
            said = self.ninja(self.programs_of(suites)) if suites else None
            if said is not None:
                raise ValueError("does not build: " + next(
                    (line for line in said.splitlines() if " error: " in line), said[-200:]))
            for test in sorted(suites, key=lambda test: self.seconds.get(test["name"], 0)):
                if not self.is_changed(test) or (test in before and suites is not before):
                    continue
                failed = self.failure_of(test, self.limit_of(test))
                if failed is not None:
                    self.caught[name] = test["name"]
                    self.remember()
                    return failed
        return None


def apply(tree, mutation, reverse=False):
    """False where the patch does not apply to the tree any more."""
    # Ignores any repository around the tree: git would take the paths as relative to it.
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=os.path.dirname(tree))
    command = ["git", "apply", "-p1"] + (["-R"] if reverse else []) + [mutation.path]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True,
                          check=False).returncode == 0


def document(mutations, results):
    """The page, with what caught each mutation."""
    lines = ["# Mutations", "",
             "Does a test notice when a promise is broken? Each row is a small defect "
             "(`test/mutations/NAME.patch`)", "that was put into a copy of the tree, and the test "
             "that noticed it first. The promises are those of", "[design.md](design.md). "
             "Generated by `tools/mutations --wine --record`; do not edit.", "",
             "| mutation | what it breaks | file | promise | caught by |", "|---|---|---|---|---|"]
    for mutation in mutations:
        lines.append("| %s | %s | %s | %s%s | %s |" % (
            mutation.name, mutation.what.replace("|", "\\|"),
            ", ".join("`%s`" % file for file in mutation.files), mutation.promise,
            ", under Wine" if mutation.wine else "", results.get(mutation.name, "**not tried**")))
    return "\n".join(lines + [""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("--copy", action="store_true")
    parser.add_argument("--wine", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    base = os.path.join(options.root, "build", "mutations")
    tree = os.path.join(base, "tree")
    patches = os.path.join(options.root, "test", "mutations")
    if options.copy:
        refresh(options.root, tree)
        return 0
    mutations = [Mutation(os.path.join(patches, name)) for name in sorted(os.listdir(patches))
                 if name.endswith(".patch")]
    unknown = set(options.names) - {mutation.name for mutation in mutations}
    if unknown:
        raise Stop("no mutation is called " + ", ".join(sorted(unknown)))
    tried = [mutation for mutation in mutations
             if (not options.names or mutation.name in options.names)
             and (options.wine or not mutation.wine)]
    page = os.path.join(options.root, "doc", "internals", "mutations.md")
    results = documented(page)
    builds = {}
    for wine in sorted({mutation.wine for mutation in tried}):
        print("== building %s" % ("for Windows" if wine else "natively"), flush=True)
        builds[wine] = Build(base, "wine" if wine else "native",
                             WINE_ROUNDS if wine else NATIVE_ROUNDS, results)
        builds[wine].baseline(not options.names)
    caught, missed, errors = 0, 0, 0
    for mutation in tried:
        began = time.monotonic()
        times = {path: os.stat(path) for path in (os.path.join(tree, name)
                                                  for name in mutation.files)
                 if os.path.exists(path)}
        if not apply(tree, mutation):
            result, errors = "**the patch does not apply**", errors + 1
        else:
            build = builds[mutation.wine]
            try:
                case = build.try_out(mutation.name)
                caught, missed = caught + (case is not None), missed + (case is None)
                result = "**nothing**" if case is None else case
            except ValueError as error:
                result, errors = "**%s**" % error, errors + 1
            finally:
                apply(tree, mutation, reverse=True)
                for path, before in times.items():
                    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
                build.put_back()
        results[mutation.name] = result
        if options.record:  # Each time, so that a run that is ended keeps what it has found.
            with open(page, "w", encoding="utf-8") as file:
                file.write(document(mutations, results))
        print("%-4s %-40s %s (%d s)" % (mutation.promise, mutation.name, result,
                                        time.monotonic() - began), flush=True)
    total = "%d caught, %d not" % (caught, missed)
    if errors:
        total += ", %d could not be tried" % errors
    print(total)
    return 1 if missed or errors or not tried else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stop as reason:
        sys.exit("mutations: %s" % reason)
