"""Costs that do not depend on the machine: what bench/costs counts, and the recorded figures.

    costs.py own DIRECTORY ENTRIES     what callgrind wrote about own-costs, as JSON
    costs.py check RECORDED CALLS OWN  compares; exit code 1 where something costs more
    costs.py record RECORDED CALLS OWN rewrites the recorded figures, and keeps those of other
                                       compilers
    costs.py markdown CALLS OWN        tables for doc/benchmarks.md

CALLS is the output of `kernel-calls --json`, OWN that of `costs.py own`. Kernel calls are exact and
the same for every compiler; instructions are recorded per compiler and only compared with those of
the same compiler. The limits of costs_limits.py are checked whatever was recorded, those of
instructions for the compiler that is named there.
"""

import json
import os
import sys

import costs_patterns
from costs_callgrind import read_callgrind
from costs_limits import ARTICLES, LIMITS, limit_of, made_in, over_the_limits

BACKENDS = ("wsapoll", "afd", "automatic")

HEADING = """\
# Costs that do not depend on the machine. `tools/bench --check` compares with these figures, and
# `tools/bench --record` rewrites them: the calls, and the instructions of the compiler in use.
#
# calls         kernel calls of an operation: in total, and by name; the same for every compiler
# pattern       by use of the reported sockets: kernel calls of an event / those of one AFD request
#               for each socket + sockets polled for it
# compiler      the compiler of the instructions below it
# instructions  of the library itself for an operation, without the kernel
"""

# A figure may grow by this factor before it counts as more.
TOLERANCE = 0.03


def own(directory, entries_path):
    """Adds up each entry that own-costs has printed, from its file."""
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


class Figures:
    """Figures by name, in the order of the scenarios: kernel calls of an operation, in total
    ("total") and by name, and what else was noted; those of patterns; and for each compiler the
    instructions of an operation."""

    def __init__(self):
        self.calls = {}
        self.patterns = {}
        self.instructions = {}  # by compiler, then by name

    @staticmethod
    def counted(calls, own_costs):
        figures = Figures()
        for count in calls["counts"]:
            figures.calls[count["name"]] = made_in(count)
        figures.patterns = costs_patterns.counted(calls["patterns"])
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
                elif kind == "pattern":
                    figures.patterns[words[0]] = costs_patterns.parse(words[1:])
                elif not kind.startswith("#"):
                    sys.exit("%s: what is '%s'?" % (path, kind))
        return figures

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            out.write(HEADING)
            self.write_rows(out, "calls", (
                (name, " ".join([number(made["total"]),
                                 *("%s=%s" % (call, number(value))
                                   for call, value in made.items() if call != "total")]))
                for name, made in self.calls.items()))
            self.write_rows(out, "pattern", (
                (name, costs_patterns.row(uses)) for name, uses in self.patterns.items()))
            for compiler in sorted(self.instructions):
                out.write("\ncompiler %s\n" % compiler)
                self.write_rows(out, "instructions", (
                    (name, number(value)) for name, value in self.instructions[compiler].items()))

    @staticmethod
    def write_rows(out, kind, rows):
        group = None
        for name, text in rows:
            if group != name.partition("/")[0]:
                group = name.partition("/")[0]
                out.write("\n")
            out.write("%-12s %-38s %s\n" % (kind, name, text))


def compare(kind, name, old, new, tolerance, grown, moved):
    """Sorts one figure into those that cost more, and those that merely moved."""
    if old == new:
        return
    change = " (%+.1f %%)" % (100 * (new - old) / old) if old else ""
    text = "%s of %s: %s, recorded %s%s" % (kind, name, number(new), number(old), change)
    (grown if new > old * (1 + tolerance) else moved).append(text)


def compare_names(kind, old, new):
    missing = ["%s of %s: recorded, and not counted any more" % (kind, name)
               for name in old if name not in new]
    return missing + ["%s of %s: counted, and not recorded" % (kind, name)
                      for name in new if name not in old]


def compare_calls(old, new, grown, moved):
    grown += compare_names("kernel calls", old.calls, new.calls)
    for name in new.calls.keys() & old.calls.keys():
        for call in sorted(old.calls[name].keys() | new.calls[name].keys()):
            label = "kernel calls" if call == "total" else "kernel calls (%s)" % call
            compare(label, name, old.calls[name].get(call, 0), new.calls[name].get(call, 0), 0,
                    grown, moved)
    for rows, found in zip((grown, moved), costs_patterns.compare(old.patterns, new.patterns)):
        rows += found


def check(path, calls, own_costs):
    """Prints what differs; True where nothing costs more."""
    old = Figures.read(path)
    new = Figures.counted(calls, own_costs)
    moved = []
    grown = []
    compare_calls(old, new, grown, moved)
    compiler = own_costs["compiler"]
    counted = new.instructions[compiler]
    recorded = old.instructions.get(compiler)
    if recorded is not None:
        grown += compare_names("instructions", recorded, counted)
        for name in counted.keys() & recorded.keys():
            compare("instructions", name, recorded[name], counted[name], TOLERANCE, grown, moved)
    limits = over_the_limits(calls, own_costs)
    for title, rows in (("over a limit", limits), ("more than recorded", grown),
                        ("moved, within what is allowed", moved)):
        if rows:
            print("%s:" % title)
            print("".join("    %s\n" % row for row in sorted(rows)), end="")
    if recorded is None:
        print("recorded with %s, this is %s: instructions are not compared, %d skipped" %
              (", ".join(sorted(old.instructions)), compiler, len(counted)))
    if grown or moved:
        print("If this is as it should be, `tools/bench --record` records the new figures.")
    print(costs_patterns.summary(calls["patterns"]))
    print("%d scenarios of kernel calls and %d of instructions: %d figures grown, %d moved, "
          "%d over a limit" %
          (len(new.calls), len(counted), len(grown), len(moved), len(limits)))
    return not grown and not limits


def table(head, rows):
    print("| %s |" % " | ".join(head))
    print("|---|%s" % ("---:|" * (len(head) - 1)))
    for row in rows:
        print("| %s |" % " | ".join(row))
    print()


def by_backend(names):
    """The scenarios that run over several backends, each with its names by backend; and the
    others."""
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

    def made(name):
        return text({what: value for what, value in made_in(counts[name]).items()
                     if what != "total"})

    def users(count):
        return text(count["users"]) if count["users"] else ""

    counts = {count["name"]: count for count in calls["counts"]}
    scenarios, others = by_backend(counts)
    print("Kernel calls of an operation, by backend:\n")
    table(["scenario", *BACKENDS, "the user's own"],
          [[scenario,
            *(made(rows[backend]) if backend in rows else "" for backend in BACKENDS),
            users(counts[next(iter(rows.values()))])] for scenario, rows in scenarios.items()])
    print("The same for costs that do not depend on the backend:\n")
    table(["scenario", "calls"], [[name, made(name)] for name in others])
    patterns_tables(calls["patterns"])


def patterns_tables(patterns):
    rows = costs_patterns.counted(patterns)
    uses = list(dict.fromkeys(use for row in rows.values() for use in row))
    print("Over AFD, by pattern of activity, kernel calls of an event / those of one request for "
          "each socket + sockets polled for it. %s.\n" % costs_patterns.summary(patterns))
    table(["active sockets", *uses],
          [[name, *(row.get(use, "") for use in uses)] for name, row in rows.items()])


def instructions_tables(own_costs):
    entries = {entry["name"]: entry for entry in own_costs["entries"]}

    def text(name):
        entry = entries[name]
        if entry.get("event", entry["operation"]) == entry["operation"]:
            return number(entry["operation"])
        return "%s; %s an event" % (number(entry["operation"]), number(entry["event"]))

    def limit(name):
        what, most = limit_of(LIMITS, name) or ("", 0)
        return "%d %s" % (most, ARTICLES[what]) if what else ""

    scenarios, others = by_backend(entries)
    print("Instructions of an operation in wakepoll itself, the kernel left out (%s):\n" %
          own_costs["compiler"])
    table(["scenario", *BACKENDS, "limit"],
          [[scenario, *(text(rows[backend]) if backend in rows else "" for backend in BACKENDS),
            ", ".join(dict.fromkeys(filter(None, map(limit, rows.values()))))]
           for scenario, rows in scenarios.items()])
    print("The same for costs that do not depend on the backend:\n")
    table(["scenario", "instructions", "limit"],
          [[name, text(name), limit(name)] for name in others])


def record(path, figures):
    if os.path.exists(path):
        others = Figures.read(path).instructions
        figures.instructions = {**others, **figures.instructions}
    figures.write(path)


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
        record(paths[0], Figures.counted(load(paths[1]), load(paths[2])))
    elif command == "markdown" and len(paths) == 2:
        calls_tables(load(paths[0]))
        instructions_tables(load(paths[1]))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
