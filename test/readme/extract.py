"""extract.py [--linux | --c] NAMESPACE PAGE SOURCE: write the C++ blocks of a page to SOURCE.

The blocks of a page form one source file, so a block may use what an earlier one defines. They are
compiled unchanged, inside the namespace, after all their #include lines. A #line in front of each makes
the compiler report line numbers of the page. A comment in front of a block says what it is:

    (nothing)                              definitions, or a whole program with its `main`
    <!-- statements: OsPoller& poller -->  the body of a function with these parameters
    <!-- linux -->                         a program for Linux: left out, and alone with --linux

With --c it takes the C blocks, which have no namespace.
"""

import os
import re
import sys

FENCE = "```"
COMMENT = re.compile(r"<!-- (statements|linux)(?:: (.*))? -->")


def blocks(lines, language):
    """(kind, parameters, number of the first line, lines) of each block in this language."""
    kind = parameters = None
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        comment = COMMENT.fullmatch(line)
        if comment:
            kind, parameters = comment.groups()
        elif line == FENCE + language:
            begin = at + 1
            at = lines.index(FENCE, begin)
            yield kind, parameters or "", begin + 1, lines[begin:at]
            kind = parameters = None
        elif line.startswith(FENCE):
            at = lines.index(FENCE, at + 1)
        elif line:
            kind = parameters = None
        at += 1


def source(namespace, page, lines, option):
    includes, body = [], []
    linux = option == "--linux"
    for kind, parameters, number, block in blocks(lines, "c" if option == "--c" else "cpp"):
        if (kind == "linux") != linux:
            continue
        includes += [line for line in block if line.startswith("#include")]
        rest = ["" if line.startswith("#include") else line for line in block]
        if kind == "statements":
            body.append("inline void statements_%d(%s) {" % (number, parameters))
        body += ['#line %d "%s"' % (number, page)] + rest
        if kind == "statements":
            body.append("}")
    if not body:
        sys.exit("%s: no block" % page)
    # Winsock's header comes before Windows' own.
    includes = sorted(dict.fromkeys(includes), key=lambda line: "<winsock2.h>" not in line)
    if option == "--c":
        return includes + body + [""]
    return includes + ["namespace %s {" % namespace] + body + ["}  // namespace", ""]


def main():
    arguments = sys.argv[1:]
    option = arguments.pop(0) if arguments[0].startswith("--") else None
    namespace, page, out = arguments
    with open(page, encoding="utf-8") as text:
        lines = source(namespace, os.path.basename(page), text.read().splitlines(), option)
    with open(out, "w", encoding="utf-8", newline="\n") as result:
        result.write("\n".join(lines))


if __name__ == "__main__":
    main()
