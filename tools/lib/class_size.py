"""class_size.py [--at-most N] HEADERS...: print each class in these headers with more public functions than 25.

Counted are the functions that a class declares as public: each overload, static ones, templates and operators.
Not counted: constructors, the destructor, assignment operators, what is deleted, friends, and the functions of
nested types, which are classes of their own. Understands C++ as it is written in this tree.
Prints `FILE: class NAME has N public functions (at most 25)` a line each; nothing where all is well.
"""

import re
import sys

LIMIT = 25
EXEMPT = {"OsPoller"}  # What users call, all of it.

IGNORED = re.compile(
    r"//(?:\\\n|[^\n])*|/\*.*?\*/"
    r"|^[ \t]*#(?:\\\n|[^\n])*"
    r"|(?:u8|[uUL])?R\"([^\s()\\]*)\(.*?\)\1\"", re.DOTALL | re.MULTILINE)
TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])+'|[A-Za-z_]\w*|\d(?:'?[\w.])*|::|->|\[\[|\S")
CLOSING = {"(": ")", "[": "]", "{": "}"}
# What follows these in parentheses is no list of parameters.
NO_FUNCTIONS = {"alignas", "decltype", "explicit", "noexcept", "requires", "__attribute__", "__declspec"}
ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}


def tokens_of(text):
    # A string may contain what begins a comment, so both are searched together.
    found = []
    at = 0
    while at < len(text):
        ignored = IGNORED.match(text, at)
        if ignored:
            at = ignored.end()
            continue
        token = TOKEN.match(text, at)
        if token is None:
            at += 1
            continue
        found.append(token.group())
        at = token.end()
    return found


def end_of_group(tokens, at):
    """The position behind the group that the bracket at `at` opens."""
    depth = 0
    while at < len(tokens):
        depth += tokens[at] in CLOSING
        depth -= tokens[at] in CLOSING.values()
        at += 1
        if depth == 0:
            break
    return at


def end_of_angles(tokens, at):
    """The same of a template's list, with a bracket of another kind in it at most."""
    depth = 0
    while at < len(tokens):
        if tokens[at] in CLOSING:
            at = end_of_group(tokens, at)
            continue
        depth += (tokens[at] == "<") - (tokens[at] == ">")
        at += 1
        if depth == 0:
            break
    return at


class Reader:
    def __init__(self, text):
        self.tokens = tokens_of(text)
        self.counts = []  # [name, public functions] in the order in which the classes begin
        self.scope(0, "", False)

    def scope(self, at, name, public):
        """Reads from `at` to the end of the class `name`, or of a namespace; returns the position behind it. `name`
        is empty outside of classes."""
        tokens = self.tokens
        index = len(self.counts) - 1
        while at < len(tokens) and tokens[at] != "}":
            if tokens[at] in ("public", "protected", "private") and tokens[at + 1] == ":":
                public = tokens[at] == "public"
                at += 2
                continue
            declaration, opened, at = self.declaration(at)
            if opened:
                kind, inner = opened
                if kind == "namespace":
                    at = self.scope(at, "", False)
                    continue
                self.counts.append([name + "::" + inner if name else inner, 0])
                at = self.scope(at, self.counts[-1][0], kind != "class")
                while at < len(tokens) and tokens[at] != ";":  # A variable may be declared, too.
                    at += 1
                at += 1
            elif public and is_function(declaration, name.rsplit("::", 1)[-1]):
                self.counts[index][1] += 1
        return at + 1

    def declaration(self, at):
        """(tokens, what it opens, the position behind it) of the declaration at `at`: without attributes, a template's
        list, and the contents of bodies."""
        tokens = self.tokens
        found = []
        while at < len(tokens) and tokens[at] not in (";", "}"):
            token = tokens[at]
            if token == "[[":
                at = tokens.index("]", at) + 2
            elif token == "template" and tokens[at + 1] == "<":
                at = end_of_angles(tokens, at + 1)
            elif token == "{":
                opened = opened_by(found)
                if opened:
                    return found, opened, at + 1
                at = end_of_group(tokens, at)
                found += ["{", "}"]
                following = tokens[at] if at < len(tokens) else ""
                if following not in (";", ",", "{"):
                    return found, None, at
            elif token in CLOSING:
                end = end_of_group(tokens, at)
                found += tokens[at:end]
                at = end
            else:
                found.append(token)
                at += 1
        return found, None, at + (at < len(tokens) and tokens[at] == ";")


def opened_by(declaration):
    """(kind, name) if a `{` behind these tokens opens a namespace or the body of a class; else None."""
    words = [word for word in declaration if word not in ("inline", "typedef", "constexpr")]
    if words[:1] == ["namespace"] or (words[:1] == ["extern"] and len(words) == 2):
        return "namespace", ""
    if not words or words[0] not in ("class", "struct", "union"):
        return None
    if words[-1] == ")" or {"*", "&", "="} & set(words):  # A function that returns one, or a variable.
        return None
    name = "(unnamed)"
    at = 1
    while at < len(words) and words[at] not in (":", "final"):
        if words[at] == "<":  # A specialization's.
            at = end_of_angles(words, at)
        elif words[at] in CLOSING:  # Of `alignas`, or of a macro.
            at = end_of_group(words, at)
        else:
            name = words[at] if re.match(r"\w", words[at]) else name
            at += 1
    return words[0], name


def is_function(declaration, name):
    """True if the member of the class `name` is a function that is counted."""
    if not declaration or declaration[0] in ("friend", "using", "typedef", "static_assert", "enum"):
        return False
    if declaration[-2:] == ["=", "delete"]:
        return False
    if "operator" in declaration:
        at = declaration.index("operator") + 1
        symbols = "".join(declaration[at:at + 3])
        return symbols.split("(")[0] not in ASSIGNMENTS
    at = 0
    while at < len(declaration):
        token = declaration[at]
        if token in ("=", "{", ":", "["):
            return False
        if token == "<":
            at = end_of_angles(declaration, at)
        elif token == "(":
            before = declaration[at - 1] if at > 0 else ""
            if before in NO_FUNCTIONS or before.isupper():  # A macro is in upper case.
                at = end_of_group(declaration, at)
                continue
            if declaration[at + 1] in ("*", "&"):  # A pointer to a function.
                return False
            return before != name
        else:
            at += 1
    return False


def sizes(text):
    """[name, number of public functions] of each class of a header."""
    return Reader(text).counts


def main():
    arguments = sys.argv[1:]
    limit = LIMIT
    if arguments[:1] == ["--at-most"]:
        limit = int(arguments[1])
        arguments = arguments[2:]
    for path in arguments:
        with open(path, encoding="utf-8") as header:
            for name, size in sizes(header.read()):
                if size > limit and name not in EXEMPT:
                    print("%s: class %s has %d public functions (at most %d)" % (path, name, size, limit))


if __name__ == "__main__":
    main()
