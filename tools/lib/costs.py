"""Costs that do not depend on the machine: what bench/costs counts, and what was recorded of it.

    costs.py own DIRECTORY ENTRIES     what callgrind wrote about own-costs, as JSON
    costs.py check RECORDED CALLS OWN  compares; exit code 1 where something became dearer
    costs.py record RECORDED CALLS OWN writes them anew, but for those of other compilers
    costs.py markdown CALLS OWN        tables for doc/benchmarks.md

CALLS is what `kernel-calls --json` printed, OWN what `costs.py own` did. Kernel calls are the same
for every compiler; instructions are recorded for each, and compared with those of the same one.
The limits below are promised figures, and are checked whatever was recorded.
"""

import json
import os
import re
import sys

ARTICLES = {"event": "an event", "operation": "an operation"}

BACKENDS = ("wsapoll", "afd", "automatic")

HEADING = """\
# Costs that do not depend on the machine. `tools/bench --check` compares with these figures, and
# `tools/bench --record` writes them anew: the calls, and the instructions of the compiler in use.
#
# calls         kernel calls of an operation: in all, and by name; the same for every compiler
# compiler      the one that the instructions below it belong to
# instructions  of the library itself for an operation, the kernel left out
"""

# A figure may grow by this part before it counts as dearer.
TOLERANCE = 0.03

# (names, instructions of what, at most)
LIMITS = (
    (re.compile(r"ready/(64-of-64|1000-of-1000)/"), "event", 60),
    (re.compile(r"empty-wait/"), "operation", 400),
    (re.compile(r"wake/coalesced$"), "operation", 20),
)

# Those of them that are not kept, and why. They are printed, and do not fail the check.
KNOWN_MISSES = (
    (re.compile(r"ready/.*/(afd|automatic)"),
     "AFD is given its request anew for each wait, so there are four passes over the sockets: to "
     "begin, to ask, to take the answer, to report"),
    (re.compile(r"empty-wait/of-64/wsapoll"),
     "WSAPoll leaves its answer in the array, of which each entry has to be looked at"),
)

# Mangled names. Whose cost an instruction is says the nearest of its callers, itself included, that
# is one of these: below a function of the kernel's (or of what plays the world around it) it is not
# the library's, below a function of public_calls.hpp it is.
KERNEL = re.compile(r"_Z+(?:Th\w+?_)?N?[KVRO]*8wakepoll(?:3sys|3sim|4test)")
PUBLIC_CALL = re.compile(r"_ZN8wakepoll5costs3own")
NAME = re.compile(r"\((\d+)\)(?: (.*))?$")


def is_own(function, callers):
    """Whether what `function` does itself is the library's, with these callers, nearest first."""
    if PUBLIC_CALL.match(function):
        return False
    for name in (function, *callers):
        if KERNEL.match(name):
            return False
        if PUBLIC_CALL.match(name):
            return True
    return False


def read_callgrind(path):
    """What set off the writing of the file, and the library's own instructions in it.

    The file was written with --separate-callers, so each function's name is followed by those of
    its callers, and what a function did itself stands there once for each such chain.
    """
    names = {}
    own = {}  # by number: whether it is the library's
    trigger = None
    current = None
    total = 0
    called = False  # The next line is what a call cost in all, which is told of the callee, too.
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            key, _, value = line.rstrip("\n").partition("=")
            if key in ("fn", "cfn"):
                number, name = NAME.match(value).groups()
                if name is not None:
                    names[number] = name
                if key == "fn":
                    current = number
            elif key == "calls":
                called = True
            elif line[0] in "+-*0123456789":
                if not called:
                    if current not in own:
                        function, *callers = names[current].split("'")
                        own[current] = is_own(function, callers)
                    total += int(line.split()[1]) if own[current] else 0
                called = False
            elif line.startswith("desc: Trigger: "):
                trigger = line.strip().rpartition("Client Request: ")[2]
            elif line.startswith("events:") and line.split()[1:] != ["Ir"]:
                sys.exit("costs.py: %s counts something else than instructions" % path)
    return trigger, total


def own(directory, entries_path):
    """Adds up each entry that own-costs has printed, from the file that belongs to it."""
    with open(entries_path, encoding="utf-8") as lines:
        compiler, *entries = lines.read().splitlines()
    result = []
    for part, entry in enumerate(entries, start=1):
        name, operations, events = entry.split()
        trigger, instructions = read_callgrind(os.path.join(directory, "own.%d" % part))
        if trigger != name or instructions == 0:
            sys.exit("costs.py: part %d is about %s, not %s, or counts nothing" %
                     (part, trigger, name))
        row = {"name": name, "operation": round(instructions / int(operations), 2)}
        if int(events) > 0:
            row["event"] = round(row["operation"] / int(events), 2)
        result.append(row)
    json.dump({"compiler": compiler, "entries": result}, sys.stdout, indent=1)
    print()


def number(value):
    return "%.10g" % value


def text_of_calls(made):
    by_name = ["%s=%s" % (call, number(made[call])) for call in made if call != "total"]
    return " ".join([number(made["total"]), *by_name])


def write_rows(out, kind, rows, text_of):
    group = None
    for name, row in rows.items():
        if group != name.partition("/")[0]:
            group = name.partition("/")[0]
            out.write("\n")
        out.write("%-12s %-38s %s\n" % (kind, name, text_of(row)))


class Figures:
    """Names, in the order of the scenarios, to what was counted: kernel calls of an operation, in
    all ("total") and by name; and for each compiler the instructions of one."""

    def __init__(self):
        self.calls = {}
        self.instructions = {}  # by compiler, then by name

    @staticmethod
    def counted(calls, own_costs):
        figures = Figures()
        for count in calls:
            figures.calls[count["name"]] = {"total": count["total"], **count["calls"]}
        figures.instructions[own_costs["compiler"]] = {
            entry["name"]: entry["operation"] for entry in own_costs["entries"]}
        return figures

    @staticmethod
    def read(path):
        figures = Figures()
        section = {}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                kind, *words = line.split() or ["#"]
                if kind == "compiler":
                    section = figures.instructions.setdefault(" ".join(words), {})
                elif kind == "instructions":
                    section[words[0]] = float(words[1])
                elif kind == "calls":
                    made = dict(word.split("=") for word in words[2:])
                    figures.calls[words[0]] = {
                        call: float(value) for call, value in {"total": words[1], **made}.items()
                    }
                elif not kind.startswith("#"):
                    sys.exit("%s: what is '%s'?" % (path, kind))
        return figures

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            out.write(HEADING)
            write_rows(out, "calls", self.calls, text_of_calls)
            for compiler, figures in sorted(self.instructions.items()):
                out.write("\ncompiler %s\n" % compiler)
                write_rows(out, "instructions", figures, number)


def compare(kind, name, old, new, tolerance, dearer, moved):
    """Sorts one figure into those that became dearer, and those that merely moved."""
    if old == new:
        return
    change = " (%+.1f %%)" % (100 * (new - old) / old) if old else ""
    text = "%s of %s: %s, recorded %s%s" % (kind, name, number(new), number(old), change)
    (dearer if new > old * (1 + tolerance) else moved).append(text)


def compare_names(kind, old, new):
    missing = ["%s of %s: recorded, and not counted any more" % (kind, name)
               for name in old if name not in new]
    return missing + ["%s of %s: counted, and not recorded" % (kind, name)
                      for name in new if name not in old]


def over_the_limits(own_costs):
    """The limits that are not kept, in words; and of those that can not be, why."""
    broken = []
    known = {}
    for pattern, what, limit in LIMITS:
        for entry in own_costs["entries"]:
            if not pattern.match(entry["name"]) or entry[what] <= limit:
                continue
            text = "%s: %s instructions, where %s may have %d" % (
                entry["name"], number(entry[what]), ARTICLES[what], limit)
            reasons = [reason for miss, reason in KNOWN_MISSES if miss.match(entry["name"])]
            if reasons:
                known.setdefault(reasons[0], []).append(text)
            else:
                broken.append(text)
    return broken, known


def check(path, calls, own_costs):
    """Says what differs; True where nothing became dearer."""
    old = Figures.read(path)
    new = Figures.counted(calls, own_costs)
    moved = []
    dearer = compare_names("kernel calls", old.calls, new.calls)
    for name in new.calls.keys() & old.calls.keys():
        for call in sorted(old.calls[name].keys() | new.calls[name].keys()):
            label = "kernel calls" if call == "total" else "kernel calls (%s)" % call
            compare(label, name, old.calls[name].get(call, 0), new.calls[name].get(call, 0), 0,
                    dearer, moved)
    compiler = own_costs["compiler"]
    counted = new.instructions[compiler]
    recorded = old.instructions.get(compiler)
    if recorded is not None:
        dearer += compare_names("instructions", recorded, counted)
        for name in counted.keys() & recorded.keys():
            compare("instructions", name, recorded[name], counted[name], TOLERANCE, dearer, moved)
    limits, known = over_the_limits(own_costs)
    for reason, rows in known.items():
        print("over a limit, as is known. %s:" % reason)
        print("".join("    %s\n" % row for row in rows), end="")
    for title, rows in (("over a limit", limits), ("dearer than recorded", dearer),
                        ("moved, within what is allowed", moved)):
        if rows:
            print("%s:" % title)
            print("".join("    %s\n" % row for row in sorted(rows)), end="")
    if recorded is None:
        print("recorded with %s, this is %s: instructions are not compared, %d skipped" %
              (", ".join(sorted(old.instructions)), compiler, len(counted)))
    if dearer or moved:
        print("If this is as it should be, `tools/bench --record` records the new figures.")
    print("%d scenarios of kernel calls and %d of instructions: %d figures dearer, %d moved, "
          "%d over a limit, %d known to be" %
          (len(new.calls), len(counted), len(dearer), len(moved), len(limits),
           sum(map(len, known.values()))))
    return not dearer and not limits


def table(head, rows):
    print("| %s |" % " | ".join(head))
    print("|---|%s" % ("---:|" * (len(head) - 1)))
    for row in rows:
        print("| %s |" % " | ".join(row))
    print()


def by_backend(names):
    """The scenarios that are played over several backends, each with its names by backend; and
    those that are not."""
    scenarios = {}
    others = []
    for name in names:
        scenario, _, backend = name.rpartition("/")
        if backend in BACKENDS:
            scenarios.setdefault(scenario, {})[backend] = name
        else:
            others.append(name)
    return scenarios, others


def calls_tables(calls):
    def text(made):
        return ", ".join("%s %s" % (number(value), call) for call, value in made.items()) or "0"

    def users(count):
        return text(count["users"]) if count["users"] else ""

    counts = {count["name"]: count for count in calls}
    scenarios, others = by_backend(counts)
    print("Kernel calls of an operation, by backend:\n")
    table(["scenario", *BACKENDS, "the user's own"],
          [[scenario,
            *(text(counts[rows[backend]]["calls"]) if backend in rows else ""
              for backend in BACKENDS),
            users(counts[next(iter(rows.values()))])] for scenario, rows in scenarios.items()])
    print("The same where the backend makes no difference:\n")
    table(["scenario", "calls"], [[name, text(counts[name]["calls"])] for name in others])


def instructions_tables(own_costs):
    entries = {entry["name"]: entry for entry in own_costs["entries"]}

    def text(name):
        entry = entries[name]
        if entry.get("event", entry["operation"]) == entry["operation"]:
            return number(entry["operation"])
        return "%s; %s an event" % (number(entry["operation"]), number(entry["event"]))

    def limit(name):
        return next(("%d %s" % (most, ARTICLES[what])
                     for pattern, what, most in LIMITS if pattern.match(name)), "")

    scenarios, others = by_backend(entries)
    print("Instructions of an operation in wakepoll itself, the kernel left out (%s):\n" %
          own_costs["compiler"])
    table(["scenario", *BACKENDS, "limit"],
          [[scenario, *(text(rows[backend]) if backend in rows else "" for backend in BACKENDS),
            limit(next(iter(rows.values())))] for scenario, rows in scenarios.items()])
    print("The same where the backend makes no difference:\n")
    table(["scenario", "instructions", "limit"],
          [[name, text(name), limit(name)] for name in others])


def load(path):
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def main(arguments):
    command, *paths = arguments or [""]
    if command == "own" and len(paths) == 2:
        own(*paths)
    elif command == "check" and len(paths) == 3:
        return 0 if check(paths[0], load(paths[1]), load(paths[2])) else 1
    elif command == "record" and len(paths) == 3:
        figures = Figures.counted(load(paths[1]), load(paths[2]))
        figures.instructions = {**Figures.read(paths[0]).instructions, **figures.instructions}
        figures.write(paths[0])
    elif command == "markdown" and len(paths) == 2:
        calls_tables(load(paths[0]))
        instructions_tables(load(paths[1]))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
