"""links.py FILES...: print each link of a Markdown page among these files that leads nowhere.

Checked are relative links, with their anchors, to a file or folder of the tree; anchors within a page; and,
in all of the files, what is named as a path of a page, such as doc/performance.md. An anchor is what GitHub
makes of a heading.
Prints `FILE:LINE: what` a line each; nothing where all is well.
"""

import os
import re
import sys

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
PAGE = re.compile(r"(?<![\w./-])(?:doc/[a-z0-9/_-]*|[A-Z]+)\.md\b")
CODE = re.compile(r"`+[^`]*`+")


def slug(heading, seen):
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    base = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
    number = seen.get(base, 0)
    seen[base] = number + 1
    return base if number == 0 else "%s-%d" % (base, number)


def prose(path):
    """(number, line) of each line of a page that is not within a block of code."""
    fence = None
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            mark = re.match(r"\s*(```+|~~~+)", line)
            if mark and (fence is None or mark.group(1) == fence):
                fence = mark.group(1) if fence is None else None
            elif fence is None and not line.startswith("    "):
                yield number, line


def anchors(path, known={}):
    if path not in known:
        seen = {}
        known[path] = {slug(line.lstrip("#"), seen) for _, line in prose(path)
                       if re.match(r"#+ ", line)}
    return known[path]


def broken(page):
    # Links in a template of GitHub, and in the text of doc/benchmarks.md, are relative to where
    # they are shown.
    if page.startswith((".github/", "bench/")):
        return
    for number, line in prose(page):
        for target in LINK.findall(CODE.sub("``", line)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(file):
                yield number, "leads nowhere: " + target
            elif anchor and anchor not in (anchors(file) if file.endswith(".md") else ()):
                yield number, "no such heading: " + target


def main():
    files = sys.argv[1:]
    for file in files:
        if file.endswith(".md"):
            for number, what in broken(file):
                print("%s:%d: %s" % (file, number, what))
        with open(file, encoding="utf-8", errors="replace") as text:
            lines = text.read().splitlines()
        for number, line in enumerate(lines, 1):
            for page in PAGE.findall(line):
                if not os.path.exists(page):
                    print("%s:%d: no such page: %s" % (file, number, page))


if __name__ == "__main__":
    main()
