"""ways.py WAY FOLDER: what the guide says to write and to type to use wakepoll in this way.

A way is a heading below "Add it to your program" in doc/guide/getting-started.md. Writes into FOLDER
the files of its section (CMakeLists.txt, meson.build, main.c), the page's first program as main.cpp, and
the commands as commands.sh. Fails where files and commands have more than ten lines together (a program
does not count), and where README.md shows other lines than the page.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILES = {"cmake": "CMakeLists.txt", "meson": "meson.build", "c": "main.c", "sh": "commands.sh"}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_LINES = 10


def blocks(text):
    return BLOCK.findall(text)


def section(page, heading):
    found = re.search(r"^### %s\n(.*?)(?=^##)" % re.escape(heading), page, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit("the guide has no way that is called " + heading)
    return found.group(1)


def lines_of(text, languages):
    return [line for language, block in blocks(text) if language in languages for line in block.splitlines()]


def main():
    way, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    page = (ROOT / "doc" / "guide" / "getting-started.md").read_text(encoding="utf-8")
    text = section(page, way)
    lines = lines_of(text, ("cmake", "meson", "sh"))
    if not 0 < len(lines) <= MOST_LINES:
        sys.exit("%s takes %d lines" % (way, len(lines)))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    others = set(lines_of(readme, ("cmake", "meson"))) - set(lines_of(page, ("cmake", "meson")))
    if others:
        sys.exit("README.md has other lines than the guide: %s" % sorted(others))
    program = next(block for language, block in blocks(page) if language == "cpp" and "int main()" in block)
    (folder / "main.cpp").write_text(program, encoding="utf-8")
    for language, block in blocks(text):
        (folder / FILES[language]).write_text(block, encoding="utf-8")


if __name__ == "__main__":
    main()
