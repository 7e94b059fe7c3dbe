"""doxygen_filter.py FILE: print FILE as Doxygen is to read it.

Pages are written for GitHub, and headers for people. What Doxygen would take otherwise is changed here, and
only here:

- a page under doc/ gets a list of its headings
- a heading of a page gets a label, and a link to a page or a heading leads to that label; a link to a public
  header leads to its reference; a link to another file of the tree is its text alone
- the comment on top of a header, and a comment within a class that has a heading of its own, are the
  description of the file and of the class that it is named for
- in epoll.h, which is C, every comment belongs to what it stands at
- what looks like a command, a tag or a reference in a sentence is none
"""

import os
import re
import sys

from links import prose, slug

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
CODE = re.compile(r"(`+[^`]*`+)")


def label(path, anchor=""):
    name = re.sub(r"\W", "_", os.path.splitext(path)[0])
    return name + ("__" + re.sub(r"\W", "_", anchor) if anchor else "")


def escaped(text):
    """A sentence without code: nothing in it is a command, a tag or a reference."""
    text = re.sub(r"\\(?=\w)", r"\\\\", text)
    text = re.sub(r"<(?=[\w/!])", r"\<", text)
    return re.sub(r"(?<!\S)#(?=\w)", r"\#", text)


def outside_code(line, change):
    return "".join(part if part.startswith("`") else change(part) for part in CODE.split(line))


def without_links(page, line):
    def link(match):
        image, text, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match.group(0)
        path, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if image:
            return "![%s](%s)" % (text, os.path.basename(file))
        if file.endswith(".md") and (file.startswith("doc/") or file == os.path.basename(file)):
            return "[%s](@ref %s)" % (text, label(file, anchor))
        if file.startswith("include/"):
            return "[%s](@ref %s)" % (text, os.path.basename(file))
        return text
    return LINK.sub(link, line)


def page(path, lines):
    seen = {}
    sentences = {number for number, _ in prose(path)}
    first = True
    for number, line in enumerate(lines, 1):
        if number not in sentences or line.startswith("<!--"):
            yield "" if line.startswith("<!--") else line
        elif re.match(r"#+ ", line):
            anchor = "" if first else slug(line.lstrip("#"), seen)
            yield "%s {#%s}" % (outside_code(line, escaped), label(path, anchor))
            if first:
                slug(line.lstrip("#"), seen)
                if path.startswith("doc/"):
                    yield from ["", "[TOC]", ""]
            first = False
        else:
            yield outside_code(without_links(path, line), escaped)


def comment(lines):
    return ["/// " + outside_code(line.removeprefix("//").removeprefix(" "), escaped)
            for line in lines]


def header(path, lines):
    end = next(i for i, line in enumerate(lines) if not line.startswith("//"))
    essay = comment(lines[:end])
    name = os.path.splitext(os.path.basename(path))[0]
    subject = "".join(word.capitalize() for word in name.split("_"))
    about = []
    yield "/// @file"
    yield from essay
    at = end
    while at < len(lines):
        line = lines[at]
        block = at
        while block < len(lines) and re.match(r"\s*//(?!/)", lines[block]):
            block += 1
        if block - at > 2 and lines[at + 1].strip() == "//":
            section = [part.strip() for part in lines[at:block]]
            about += ["///", "/// <b>%s</b>" % section[0].removeprefix("//").strip()]
            about += comment(section[1:])
            yield from [""] * (block - at)
            at = block
            continue
        if re.match(r"\s*///", line) or "///<" in line:
            before, mark, text = line.partition("///")
            line = before + mark + outside_code(text, escaped)
        yield line
        at += 1
    if any(re.match(r"(class|struct)( WAKEPOLL_API)? %s\b" % subject, line) for line in lines):
        yield "/// @class wakepoll::" + subject
        yield from essay + about


def header_in_c(lines):
    first = True
    for line in lines:
        if line.startswith("/*") and not line.endswith("*/"):
            line = "/**" + ("\n * @file\n *" if first else "") + line[2:]
            first = False
        elif line.startswith(" *"):
            line = outside_code(line, escaped)
        elif re.match(r"\s*(#define|[a-z]).*/\* ", line):
            line = line.replace("/* ", "/**< ", 1)
        yield line


def main():
    path = os.path.relpath(sys.argv[1])
    with open(path, encoding="utf-8") as text:
        lines = text.read().splitlines()
    if path.endswith("format.hpp"):
        # Doxygen finds no scope for a specialisation of another library's template.
        text = "\n".join(lines)
        lines = re.sub(r"template <>\nstruct fmt::formatter<[^{]*{};", "", text).split("\n")
    if path.endswith(".md"):
        changed = page(path, lines)
    else:
        changed = header(path, lines) if lines[0].startswith("//") else header_in_c(lines)
    sys.stdout.reconfigure(encoding="utf-8")
    print("\n".join(changed))


if __name__ == "__main__":
    main()
