"""extract.py README SOURCE: write the first C++ block of README to SOURCE.

The block is the program that the README shows, so it is built and run as it stands there. A #line
in front makes the compiler speak of the README's own lines.
"""

import os
import sys

FENCE = "```"


def first_block(lines):
    """(number of the first line, lines) of the first block that is marked as cpp."""
    begin = lines.index(FENCE + "cpp") + 1
    end = lines.index(FENCE, begin)
    return begin + 1, lines[begin:end]


def main():
    readme, source = sys.argv[1:]
    with open(readme, encoding="utf-8") as text:
        number, block = first_block(text.read().splitlines())
    with open(source, "w", encoding="utf-8", newline="\n") as out:
        out.write('#line %d "%s"\n' % (number, os.path.basename(readme)))
        out.write("\n".join(block) + "\n")


if __name__ == "__main__":
    main()
