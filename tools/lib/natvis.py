"""natvis.py: print what include/wakepoll/wakepoll.natvis names and the public headers do not have.

Each type has to be a class or structure of the headers, with each of the members that its lines show;
each line is well-formed XML. Prints nothing where all is well.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "include" / "wakepoll"
# Of Microsoft's standard library, and types.
NOT_OURS = {"_Which", "_Myval", "uintptr_t"}
# What follows a comma is how a value is shown: {events,x}.
SHOWN = re.compile(r"\{([^},]*)(?:,\w+)?\}")
NAME = re.compile(r"[A-Za-z_]\w*")


def body_of(name, text):
    """The text between the braces of a class, or None."""
    special = re.escape("<void>") if name.endswith("<void>") else ""
    plain = name.partition("<")[0]
    found = re.search(r"\b(?:class|struct)\s+(?:\[\[\w+\]\]\s+)?(?:WAKEPOLL_API\s+)?%s%s\s*(?:final\s*)?\{"
                      % (plain, special), text)
    if not found:
        return None
    depth = 1
    at = found.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[found.end():at]


def main():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.hpp")))
    text = re.sub(r"//.*", "", text)
    root = xml.etree.ElementTree.parse(FOLDER / "wakepoll.natvis").getroot()
    space = root.tag.rpartition("}")[0] + "}"
    for shown in root.iter(space + "Type"):
        name = shown.get("Name").rpartition("::")[2]
        body = body_of(name, text)
        if body is None:
            print("wakepoll.natvis: no public header has the type " + name)
            continue
        for line in shown:
            parts = SHOWN.findall(line.text or "") + [line.get("Condition", "")]
            for member in {member for part in parts for member in NAME.findall(part)} - NOT_OURS:
                if not re.search(r"\b%s\b" % member, body):
                    print("wakepoll.natvis: %s has no %s" % (name, member))


if __name__ == "__main__":
    sys.exit(main())
