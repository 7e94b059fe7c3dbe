"""The promised figures: limits for kernel calls and instructions, whatever was recorded.
Used by costs.py."""

import re

import costs_patterns

ARTICLES = {"event": "an event", "operation": "an operation"}

# The compiler that the limits of instructions apply to. The figures of other compilers are
# recorded, and may be higher.
LIMITED_COMPILER = "g++ 12.2.0 for x86-64"

# (names, unit, maximum of instructions)
LIMITS = (
    (re.compile(r"ready/(64-of-64|1000-of-1000)/wsapoll"), "event", 60),
    (re.compile(r"ready/(64-of-64|1000-of-1000)/"), "event", 100),
    # WSAPoll does not count the sockets that it finds closed, so each of the 64 has to be checked.
    (re.compile(r"empty-wait/of-64/wsapoll"), "operation", 350 + 2 * 64),
    (re.compile(r"empty-wait/"), "operation", 350),
    (re.compile(r"wake/coalesced$"), "operation", 20),
)

# (names of the C face, names of the poller, maximum of instructions of the former beyond the
# latter)
ADDED = (
    ("epoll-empty-wait/of-0/afd", "empty-wait/of-0/afd", 40),
    ("epoll-empty-wait/of-64/afd", "empty-wait/of-64/afd", 40),
    ("epoll-add/of-1000/afd", "register/of-1000/afd", 40),
    ("epoll-mod/of-1000/afd", "modify/of-1000/afd", 40),
    ("epoll-del/of-1000/afd", "unregister/of-1000/afd", 40),
)

# (names, calls, maximum). Sockets that are ready in every wait cost one request.
CALL_LIMITS = (
    (re.compile(r"blocking-wait/.*/wsapoll$"), "total", 1),
    (re.compile(r"blocking-wait/.*/(afd|automatic)$"), "total", 2),
    (re.compile(r"ready/.*/(afd|automatic)$"), "afd_poll", 1),
    (re.compile(r"beside-a-waiter/(add|modify-to-less|modify-to-more|remove)-of-.*/afd$"),
     "roused", 0),
    (re.compile(r"epoll-beside-a-waiter/"), "posted", 0),
)

def made_in(count):
    return {"total": count["total"], **count["calls"], **count.get("noted", {})}


def limit_of(limits, name):
    """The limited quantity and its limit: the first row that matches."""
    return next(((what, most) for pattern, what, most in limits if pattern.match(name)), None)


def over_the_limits_of_instructions(entries):
    broken = []
    for entry in entries:
        limit = limit_of(LIMITS, entry["name"])
        if limit and entry[limit[0]] > limit[1]:
            broken.append("%s: %.10g instructions, where %s may have %d" %
                          (entry["name"], entry[limit[0]], ARTICLES[limit[0]], limit[1]))
    operations = {entry["name"]: entry["operation"] for entry in entries}
    for face, poller, most in ADDED:
        if face in operations and operations[face] - operations[poller] > most:
            broken.append("%s: %.10g instructions beyond %s, where %d are allowed" %
                          (face, operations[face] - operations[poller], poller, most))
    return broken


def over_the_limits(calls, own_costs):
    """The exceeded limits, in words."""
    broken = costs_patterns.over_the_limits(calls["patterns"])
    if own_costs["compiler"] == LIMITED_COMPILER:
        broken += over_the_limits_of_instructions(own_costs["entries"])
    for count in calls["counts"]:
        limit = limit_of(CALL_LIMITS, count["name"])
        found = made_in(count).get(limit[0], 0) if limit else 0
        if limit and found > limit[1]:
            broken.append("%s: %s=%s, where %d are allowed" %
                          (count["name"], limit[0], "%.10g" % found, limit[1]))
    return broken
