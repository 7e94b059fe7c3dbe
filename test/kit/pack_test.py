"""What tools/kit packs: the list of facts that it makes of doc/internals/windows-facts.md, whose tests all exist, and
the paths in the plan."""

import pathlib
import re
import sys
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "lib"))

import kit  # noqa: E402

CASE = re.compile(r"BOOST_(?:AUTO|DATA|FIXTURE|PARAM)_TEST_CASE(?:_F)?\(\s*(\w+)(?:,\s*(\w+))?")

DOCUMENT = """\
# Facts

Some words about `sys_pipe`.

## One

| fact | from | shown by |
|---|---|---|
| The first. | [win] [wine 8] | `sys_a/first`, `sys_a/second` |
| Shown by the model alone. | [win] | `sim_b/third` |
| Shown by nothing. | [doc] | |

What it says (`sys_a/second` and the suite `sim_b`):

| situation | Windows [win] | [wine 8] |
|---|---|---|
| data | IN | same |
| reset | ERR | HUP [win: libuv] |

- A bullet with `SO_TYPE`, [a link](there.md) and
  a second line. [doc] suite `sys_pipe`
- One that names nothing.

## Two

- By `plain/fourth`; the word `plain` alone is no suite. [wine 10]

| way | cost |
|---|---|
| any | 1 |
"""


class Facts(unittest.TestCase):
    facts = kit.facts_of(DOCUMENT, {"sys_a", "sim_b", "sys_pipe", "plain"})

    def test_a_row_with_its_tests_is_a_fact(self):
        self.assertEqual(self.facts[0], ("One", "[win] [wine 8]", "sys_a/first sys_a/second", "The first."))

    def test_what_cannot_be_shown_on_windows_is_left_out(self):
        self.assertFalse([fact for fact in self.facts if "nothing" in fact[3] or "model" in fact[3]])

    def test_a_situation_is_shown_by_the_tests_above_its_table(self):
        self.assertEqual(self.facts[1], ("One", "[win] [wine 8]", "sys_a/second",
                                         "data. Windows [win]: IN; [wine 8]: same"))
        self.assertEqual(self.facts[2][1], "[win] [wine 8] [win: libuv]")

    def test_a_bullet_is_a_fact_to_its_last_line(self):
        self.assertEqual(self.facts[3], ("One", "[doc]", "sys_pipe", "A bullet with `SO_TYPE`, a link and a "
                                         "second line. [doc] suite `sys_pipe`"))

    def test_a_suite_of_no_prefix_needs_its_case_or_the_word(self):
        self.assertEqual([fact[2] for fact in self.facts[4:]], ["plain/fourth"])


class TheDocument(unittest.TestCase):
    def test_each_test_that_it_names_exists(self):
        cases = set()
        for path in (ROOT / "test").rglob("*_test.cpp"):
            for names in CASE.findall(path.read_text(encoding="utf-8")):
                cases.update(names)
        text = (ROOT / "doc" / "internals" / "windows-facts.md").read_text(encoding="utf-8")
        suites = kit.known_suites()
        named = re.findall(r"`(\w+)/(\w+)`", text)
        # The document's own example of a name, and paths in it, are none.
        missing = [suite + "/" + case for suite, case in named
                   if suite not in ("suite", "test", "tools")
                   and (suite not in suites or case not in cases)]
        self.assertEqual(missing, [])
        self.assertGreater(len(kit.facts_of(text, suites)), 50)


class Paths(unittest.TestCase):
    """What meson names by its path is named by the kit's folder, wherever that is."""

    def setUp(self):
        self.kit = kit.Kit("build", False)
        self.kit.programs = {self.kit.build / "examples" / "child.exe": "programs/child.exe"}

    def test_a_program_is_found_from_the_build_s_folder_too(self):
        for text in ("examples/child.exe", str(self.kit.build / "examples" / "child.exe")):
            with unittest.mock.patch.object(pathlib.Path, "exists", lambda path: True):
                self.assertEqual(self.kit.in_kit(text), "{kit}\\programs\\child.exe")

    def test_a_program_that_is_not_built_is_missed(self):
        with self.assertRaises(FileNotFoundError):
            self.kit.in_kit("examples/none.exe")

    def test_the_scenarios_come_with_what_they_read(self):
        self.assertEqual(self.kit.in_kit(str(ROOT / "test" / "conformance")), "{kit}\\conformance")
        self.assertIn("conformance/epoll.txt", self.kit.files)

    def test_what_cannot_be_packed_is_refused_and_other_words_stay(self):
        with self.assertRaises(SystemExit):
            self.kit.in_kit(str(ROOT / "README.md"))
        for word in ("--run_test=sys_pipe", "60", "--", "a/b"):
            self.assertEqual(self.kit.in_kit(word), word)


if __name__ == "__main__":
    unittest.main()
