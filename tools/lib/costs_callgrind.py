"""The library's own instructions in callgrind's output for own-costs. Used by costs.py."""

import re
import sys

# Mangled names. The nearest caller of an instruction, including its own function, that matches one
# of these decides whose cost it is: below a function of the kernel (or of the simulated world
# around it) it is not the library's, below a function of public_calls.hpp it is.
KERNEL = re.compile(r"_Z+(?:Th\w+?_)?N?[KVRO]*8wakepoll(?:3sys|3sim|4test)")
PUBLIC_CALL = re.compile(r"_ZN8wakepoll5costs3own")
NAME = re.compile(r"\((\d+)\)(?: (.*))?$")


def is_own(function, callers):
    """Whether the own cost of `function` is the library's, with these callers, nearest first."""
    if PUBLIC_CALL.match(function):
        return False
    for name in (function, *callers):
        if KERNEL.match(name):
            return False
        if PUBLIC_CALL.match(name):
            return True
    return False


def read_callgrind(path):
    """Returns what triggered the writing of the file, and the library's own instructions in it.

    The file was written with --separate-callers, so each function's name is followed by those of
    its callers, and the own cost of a function appears once for each such chain.
    """
    names = {}
    own = {}  # by number: whether it is the library's
    trigger = None
    current = None
    total = 0
    called = False  # The next line is the inclusive cost of a call, which the callee has too.
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
