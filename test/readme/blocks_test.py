"""No code on a page escapes the tests.

README.md and every page of doc/guide and doc/porting may have these blocks of code, and no others:

    ```cpp, ```c         extract.py takes the block, meson.build lists the page, and a test includes it
    ```cmake, ```meson, ```sh
                         what tools/test runs: a way to use the library in the guide (test/consumer/ways.py),
                         or lines of one
    an indented block    commands of this tree that know --help

Other pages have no such blocks. And the table of errors on a page has every wakepoll::errc.
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "test" / "readme"
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import extract  # noqa: E402

WAYS = "doc/guide/getting-started.md"


class Build:
    """What meson.build and the tests make of the pages."""

    def __init__(self, meson, tests, consumers="", guide=""):
        self.names = {page: name for name, page in
                      re.findall(r"'(\w+)' : '\.\./\.\./([\w/.-]+\.md)'", meson)}
        linux = re.findall(r"pages\['(\w+)'\],\n.*\n.*'--linux'", meson)
        self.linux = {page for page, name in self.names.items() if name in linux}
        self.c = set(re.findall(r"'\.\./\.\./([\w/.-]+\.md)',\n.*\n.*'--c'", meson))
        self.included = set(re.findall(r'#include "(\w+)\.page\.hpp"', tests))
        self.ways = {one or other for one, other in re.findall(r"\bby_page (?:'([^']+)'|([\w-]+)) ", consumers)}
        lines = guide.splitlines()
        self.lines = {line.strip() for language, number, block in blocks(lines)
                      if language in ("cmake", "meson", "sh") and heading_of(lines, number) in self.ways
                      for line in block}


def blocks(lines):
    """(language, number of the first line, lines) of each block of code; "" for an indented one, None for what is
    no block that the tests understand."""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if re.match(r"[\s>]*(```|~~~)", line) or re.match(r"\s*<(pre|code)\b", line):
            begin = at
            fence = re.fullmatch(r"```([a-z]+)", line)
            while at < len(lines) and lines[at] != "```":
                at += 1
            yield fence and fence.group(1), begin + 1, lines[begin:at]
            at += 1
        elif re.match(r"(    |\t)\s*\S", line):
            yield "", at, [line.strip()]


def heading_of(lines, number):
    """The heading that the line is below."""
    return next((line.lstrip("# ") for line in lines[number - 2::-1] if re.match("#+ ", line)), "")


def complaints(page, text, build):
    lines = text.splitlines()
    for language, number, block in blocks(lines):
        where = "%s:%d: " % (page, number)
        if page == WAYS and language in ("cmake", "meson", "sh", "c") and heading_of(lines, number) in build.ways:
            continue
        if language in ("cpp", "c"):
            taken = {begin: kind for kind, _, begin, _ in extract.blocks(lines, language)}
            name = build.names.get(page)
            if language == "c":
                if page not in build.c:
                    yield where + "meson.build does not list the C of this page"
            elif taken.get(number) == "linux":
                if page not in build.linux or name + "_linux" not in build.included:
                    yield where + "no program for Linux is built of this page"
            elif name not in build.included:
                yield where + "no test includes this page"
            if number not in taken:
                yield where + "extract.py does not take this block"
        elif language in ("cmake", "meson", "sh"):
            for line in block:
                if line.strip() not in build.lines:
                    yield where + "no way of the guide has this line: " + line
        elif language == "":
            command = ROOT / block[0].split()[0]
            if not command.is_file():
                yield where + "no command of this tree: " + block[0]
        else:
            yield where + "no block that the tests check"


def guarded():
    return sorted([ROOT / "README.md", *ROOT.glob("doc/guide/*.md"), *ROOT.glob("doc/porting/*.md")])


def name_of(page):
    return page.relative_to(ROOT).as_posix()


class Pages(unittest.TestCase):
    build = Build((HERE / "meson.build").read_text(),
                  "".join(test.read_text() for test in HERE.glob("*_test.cpp")),
                  (ROOT / "tools/lib/consumer.sh").read_text(), (ROOT / WAYS).read_text())

    def test_every_block_is_checked(self):
        for page in guarded():
            self.assertEqual(list(complaints(name_of(page), page.read_text(), self.build)), [])

    def test_other_pages_have_no_code(self):
        for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("doc/**/*.md")]):
            if page not in guarded():
                found = re.findall(r"^[\s>]*(?:```|~~~) *(?:c|cc|cpp|c\+\+|cmake|meson)\b.*", page.read_text(),
                                   re.MULTILINE | re.IGNORECASE)
                self.assertEqual((name_of(page), found), (name_of(page), []))

    def test_commands_have_help(self):
        found = 0
        for page in guarded():
            for language, _, block in blocks(page.read_text().splitlines()):
                if language == "":
                    said = subprocess.run([ROOT / block[0].split()[0], "--help"], check=True, timeout=60,
                                          capture_output=True, text=True).stdout
                    self.assertRegex(said, "^usage: ")
                    found += 1
        self.assertGreaterEqual(found, 2)

    def test_the_table_of_errors_has_every_reason(self):
        reasons = re.findall(r"\{errc::(\w+), (\d+)", (ROOT / "lib/errc.cpp").read_text())
        self.assertGreater(len(reasons), 30)
        rows = re.findall(r"^\| `\w+` \| (\d+) \| (.*) \|$", (ROOT / "doc/guide/errors.md").read_text(), re.MULTILINE)
        listed = [(name, code) for code, cell in rows for name in re.findall(r"`([a-z]\w+)`", cell)
                  if name not in ("create", "associate_handle")]
        self.assertEqual(sorted(listed), sorted(reasons))


class Escapes(unittest.TestCase):
    """Each way out that a block might take, on a page that the build lists."""

    build = Build("'one' : '../../guide/one.md',\n", '#include "one.page.hpp"', "by_page run x && by_page 'a way' x",
                  "## a way\n```cmake\nfind_package(wakepoll)\n```\n## another\n```cmake\nproject(x)\n```")

    def found(self, *lines, page="guide/one.md"):
        return list(complaints(page, "\n".join(lines), self.build))

    def test_nothing_to_complain_of(self):
        self.assertEqual(self.found("words", "", "```cpp", "int i;", "```", "", "<!-- statements: int i -->",
                                    "```cpp", "++i;", "```"), [])

    def test_a_page_that_is_not_listed(self):
        self.assertTrue(self.found("```cpp", "int i;", "```", page="guide/two.md"))

    def test_a_page_that_no_test_includes(self):
        self.assertTrue(list(complaints("one.md", "```cpp\nint i;\n```", Build("'one' : '../../one.md'", ""))))

    def test_another_spelling_of_the_language(self):
        for fence in ("```c++", "```cpp title", "``` cpp", "```", "```C++", "~~~cpp", "  ```cpp", "> ```cpp", "````cpp"):
            self.assertTrue(self.found(fence, "int i;", "```"), fence)

    def test_a_block_of_html(self):
        self.assertTrue(self.found("<pre>", "int i;", "</pre>"))

    def test_an_indented_block(self):
        self.assertTrue(self.found("words", "", "    int i;"))

    def test_a_block_for_linux_without_a_program(self):
        self.assertTrue(self.found("<!-- linux -->", "```cpp", "int i;", "```"))

    def test_c_on_a_page_of_cpp(self):
        self.assertTrue(self.found("```c", "int i;", "```"))

    def test_lines_that_no_way_has(self):
        self.assertEqual(self.found("```cmake", "find_package(wakepoll)", "```"), [])
        self.assertTrue(self.found("```cmake", "find_package(wakepoll 9.9 REQUIRED)", "```"))
        self.assertTrue(self.found("```cmake", "project(x)", "```"))
        self.assertTrue(self.found("```meson", "wakepoll_dep = dependency('other')", "```"))
        self.assertTrue(self.found("```sh", "true", "```"))

    def test_a_way_that_is_not_run(self):
        self.assertEqual(self.found("### run", "```sh", "true", "```", page=WAYS), [])
        self.assertTrue(self.found("### run", "words", "### walk", "```sh", "true", "```", page=WAYS))


if __name__ == "__main__":
    unittest.main()
