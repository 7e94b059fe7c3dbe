"""Kernel calls by pattern of activity, as played by `kernel-calls`, compared with one AFD request
for each socket: how they are recorded, and their limits. Used by costs.py.

One more socket in a request counts as an eighth of a call: on Wine 0.8 of 8 microseconds.
"""

SOCKETS_OF_A_CALL = 8

# Limits: a cell's calls relative to the model's; calls and sockets together, of a cell and on
# average; sockets polled per event, unless all are ready.
MOST_CALLS = 1.02
MOST_WORK = 1.1
MOST_WORK_ON_AVERAGE = 0.95
MOST_SOCKETS = 4


def number(value):
    return "%.4g" % value


def of_an_event(played, whose, what):
    return played[whose][what] / played["events"]


def work(played, whose):
    asked = played[whose]
    return asked["calls"] + asked["sockets"] / SOCKETS_OF_A_CALL


def work_ratio(played):
    return work(played, "own") / work(played, "model")


def counted(patterns):
    """By name and use: calls of an event, those of the model, sockets polled for it; as text."""
    figures = {}
    for played in patterns:
        figures.setdefault(played["name"], {})[played["use"]] = "%s/%s+%s" % (
            number(of_an_event(played, "own", "calls")),
            number(of_an_event(played, "model", "calls")),
            number(of_an_event(played, "own", "sockets")))
    return figures


def row(uses):
    return "  ".join("%s %-17s" % use for use in uses.items()).rstrip()


def parse(words):
    return dict(zip(words[::2], words[1::2]))


def compare(old, new):
    """Returns what costs more, and what merely moved."""
    grown = ["pattern %s: recorded, and not played any more" % name
              for name in old if name not in new]
    grown += ["pattern %s: played, and not recorded" % name for name in new if name not in old]
    moved = []
    for name in (name for name in new if name in old):
        for use in {**old[name], **new[name]}:
            before, now = old[name].get(use, "0/0+0"), new[name].get(use, "0/0+0")
            if before == now:
                continue
            text = "pattern %s, %s: %s, recorded %s" % (name, use, now, before)
            (grown if costs_more(now, before) else moved).append(text)
    return grown, moved


def costs_more(now, before):
    def split(text):
        calls, _, rest = text.partition("/")
        return float(calls), float(rest.partition("+")[2])

    return any(mine > other for mine, other in zip(split(now), split(before)))


def over_the_limits(patterns):
    """The exceeded limits, in words."""
    broken = []
    for played in patterns:
        own, model = (of_an_event(played, whose, "calls") for whose in ("own", "model"))
        sockets = of_an_event(played, "own", "sockets")
        found = []
        if own > MOST_CALLS * model:
            found.append("%.3f calls an event, where one request each makes %.3f" % (own, model))
        if work_ratio(played) > MOST_WORK:
            found.append("%.3f of the work of one request each, where %g are allowed" %
                         (work_ratio(played), MOST_WORK))
        if sockets > MOST_SOCKETS and not played["all"]:
            found.append("%.2f sockets polled for an event, where %d are allowed" %
                         (sockets, MOST_SOCKETS))
        name = "%s/%s" % (played["name"], played["use"])
        broken += ["pattern %s: %s" % (name, text) for text in found]
    if patterns:
        average = sum(map(work_ratio, patterns)) / len(patterns)
        if average > MOST_WORK_ON_AVERAGE:
            broken.append("patterns: %.3f of the work of one request each on average, where %g are "
                          "allowed" % (average, MOST_WORK_ON_AVERAGE))
    return broken


def summary(patterns):
    """The worst and the average of all patterns."""
    if not patterns:
        return "no patterns"
    calls = max(of_an_event(p, "own", "calls") / of_an_event(p, "model", "calls") for p in patterns)
    ratios = [work_ratio(played) for played in patterns]
    sockets = max(of_an_event(p, "own", "sockets") for p in patterns if not p["all"])
    return ("%d patterns, beside one request each: at worst %.3f of its calls and %.3f of its "
            "work, on average %.3f of its work; at most %.2f sockets polled for an event" %
            (len(patterns), calls, max(ratios), sum(ratios) / len(ratios), sockets))
