"""kit.py BUILD ZIP [--partial]: packs a cross build into the kit for Windows. See tools/kit.

The tests and benchmarks that meson knows become the steps of plan.txt, doc/internals/windows-facts.md becomes
facts.txt; test/kit reads both. A step whose program was not built is an error; with --partial it is
left out. Packing the same programs always gives the same zip.
"""

import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = "x86_64-w64-mingw32-"

EXPERIMENTS = ("deaf_requests", "packets_after_success", "port_concurrency", "request_costs", "answer_order",
               "tcp_states", "loopback_datagrams")
# The suites that --quick runs, besides all experiments.
QUICK = {"public/timeout", "public/error", "public/handle", "sys/afd_device", "sys/afd_situation",
         "sys/completion_port", "sys/handle_info", "sys/overlapped_io", "sys/socket", "sys/socket_poll",
         "sys/system", "sys/waitable"}
# On a busy machine a test may take this many times longer.
PATIENCE = 2
# The DLLs that every Windows has.
SYSTEM_DLLS = {"advapi32.dll", "bcrypt.dll", "kernel32.dll", "msvcrt.dll", "mswsock.dll", "ntdll.dll",
               "psapi.dll", "shell32.dll", "user32.dll", "ws2_32.dll"}

MARK = re.compile(r"\[(?:doc|win|wine 8|wine 10)\b[^\]]*\]")
QUOTED = re.compile(r"`([^`]+)`")
SUITE = re.compile(r"BOOST_(?:AUTO|FIXTURE)_TEST_SUITE\((\w+)")


def known_suites():
    return {name for path in (ROOT / "test").rglob("*.[ch]pp")
            for name in SUITE.findall(path.read_text(encoding="utf-8"))}


def tests_in(text, suites):
    """The tests that a part of the document names: suite/case, or a suite. Tests of the simulated
    kernel are left out."""
    tests = []
    for found in QUOTED.finditer(text):
        name = found.group(1)
        suite, slash, _ = name.partition("/")
        if suite not in suites or suite.startswith("sim_"):
            continue
        # Words such as `timeout` mean a suite only after the word "suite".
        if not slash and not suite.startswith("sys_") and not text[: found.start()].endswith("suite "):
            continue
        if name not in tests:
            tests.append(name)
    return tests


def marks_in(text):
    marks = []
    for mark in MARK.findall(text):
        if mark not in marks:
            marks.append(mark)
    return " ".join(marks)


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def plain(text):
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


def blocks_of(document):
    """(section, kind, lines): kind is `table`, `bullet` or `text`."""
    section = ""
    kind = None
    lines = []
    for line in [*document.splitlines(), ""]:
        if line.startswith("|"):
            now = "table"
        elif line.startswith("- "):
            now = "bullet"
        elif not line.strip() or line.startswith("#"):
            now = None
        else:
            now = "bullet" if kind == "bullet" else "text"
        if lines and (now != kind or line.startswith("- ")):
            yield section, kind, lines
            lines = []
        kind = now
        if line.startswith("## "):
            section = line[3:].strip()
        elif now:
            lines.append(line)


def facts_of(document, suites):
    """[(section, marks, tests, text)] of all facts that name a test that can run on Windows."""
    facts = []

    def add(section, marks, tests, text):
        if tests:
            facts.append((section, marks, " ".join(tests), plain(text)))

    intro = ""
    for section, kind, lines in blocks_of(document):
        if kind == "text":
            intro = " ".join(lines)
            continue
        if kind == "bullet":
            text = " ".join(lines)[2:]
            add(section, marks_in(text), tests_in(text, suites), text)
        else:
            header = cells_of(lines[0])
            rows = [cells_of(line) for line in lines[2:]]
            if header[-1] == "shown by":
                for fact, origin, shown in rows:
                    add(section, marks_in(origin), tests_in(shown, suites), fact)
            else:
                # A table of situations: the text above it names the tests that show all of it.
                tests = tests_in(intro, suites)
                for row in rows:
                    said = "; ".join("%s: %s" % pair for pair in zip(header[1:], row[1:]))
                    add(section, marks_in(" ".join(header + row)), tests, "%s. %s" % (row[0], said))
        intro = ""
    return facts


class Kit:
    def __init__(self, build, partial):
        self.build = pathlib.Path(build).resolve()
        self.partial = partial
        self.files = {}  # Name in the zip: bytes.
        self.programs = {}  # Path in the build: name in the zip.
        self.plan = []

    def introspect(self, what):
        output = subprocess.run(["meson", "introspect", "--" + what, str(self.build)], check=True,
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
        return json.loads(output)

    def program(self, path, where="programs/"):
        """Packs a program or DLL; returns its name in the kit."""
        path = pathlib.Path(path)
        if path in self.programs:
            return self.programs[path]
        name = where + path.name
        if name in self.files:
            raise SystemExit("kit: two programs are called %s" % path.name)
        with tempfile.TemporaryDirectory() as folder:
            stripped = pathlib.Path(folder) / path.name
            # -p keeps the program free of the current time.
            subprocess.run([TOOLS + "strip", "-p", "-o", str(stripped), str(path)], check=True)
            self.files[name] = stripped.read_bytes()
        headers = subprocess.run([TOOLS + "objdump", "-p", str(path)], check=True, stdout=subprocess.PIPE,
                                 text=True).stdout
        for dll in re.findall(r"DLL Name: (\S+)", headers):
            ours = self.build / "lib" / "dll" / dll
            if ours.exists():
                self.program(ours)
            elif dll.lower() not in SYSTEM_DLLS:
                raise SystemExit("kit: %s needs %s, which Windows does not have" % (path.name, dll))
        self.programs[path] = name
        return name

    def in_kit(self, text):
        """Returns an argument or a variable as it is in the kit. Raises FileNotFoundError where it
        names a program that is not built."""
        path = pathlib.Path(text)
        # Meson names programs in arguments relative to the build folder.
        if path.suffix in (".exe", ".dll") and not path.is_absolute():
            path = self.build / path
        if not path.is_absolute() or not (path.is_relative_to(self.build) or path.is_relative_to(ROOT)):
            return text
        if path == ROOT / "test" / "conformance":
            for name in ("epoll.txt", "differences.txt"):
                self.files["conformance/" + name] = (path / name).read_bytes()
            return "{kit}\\conformance"
        if path.suffix in (".exe", ".dll"):
            if not path.exists():
                raise FileNotFoundError(str(path))
            return "{kit}\\" + self.program(path).replace("/", "\\")
        raise SystemExit("kit: it is not known how to pack %s" % path)

    def add_step(self, kind, name, quick, minutes, program, arguments=(), environment=()):
        fields = [kind, name, "quick" if quick else "full", str(minutes), program, str(len(arguments)),
                  *arguments, *environment]
        if any("\t" in field or "\n" in field for field in fields):
            raise SystemExit("kit: step %s has a tab or a line's end in it" % name)
        self.plan.append("\t".join(fields) + "\n")

    def add_test(self, test, kind):
        """Adds a meson test or benchmark. Python scripts are not packed."""
        program = pathlib.Path(test["cmd"][0])
        if program.suffix != ".exe":
            return "it is a script"
        if not program.exists():
            if self.partial:
                return None
            raise SystemExit("kit: %s is not built" % program.name)
        suite = test["suite"][0].rpartition(":")[2] if test["suite"] else ""
        name = test["name"].removeprefix(suite + " ")
        if kind != "benchmark":
            name = "%s/%s" % (suite, name)
        try:
            arguments = [self.in_kit(argument) for argument in test["cmd"][1:]]
            environment = ["%s=%s" % (key, self.in_kit(value)) for key, value in sorted(test["env"].items())
                           if key not in ("MALLOC_PERTURB_",)]
        except FileNotFoundError as missing:
            if self.partial:
                return None
            raise SystemExit("kit: %s is not built" % missing) from None
        if any(argument.startswith("--run_test=") for argument in arguments):
            kind = "suite"
        self.add_step(kind, name, name in QUICK, max(1, math.ceil(PATIENCE * test["timeout"] / 60)),
                      self.program(program), arguments, environment)
        return None

    def add_all(self):
        # In the folder of the files that it reads, not among the programs.
        kit_folder = self.build / "test" / "kit"
        for name in ("kit.exe", "experiments.exe"):
            if not (kit_folder / name).exists():
                raise SystemExit("kit: %s is not built" % name)
        self.program(kit_folder / "kit.exe", where="")
        experiments = self.program(kit_folder / "experiments.exe")
        for name in EXPERIMENTS:
            self.add_step("experiment", name, True, 5, experiments, [name])
        # Those that use all the resources of the system run last.
        for test in sorted(self.introspect("tests"),
                           key=lambda one: any("stress" in suite or "soak" in suite for suite in one["suite"])):
            why = self.add_test(test, "program")
            if why:
                print("left out: %s: %s" % (test["name"], why))
        for test in self.introspect("benchmarks"):
            self.add_test(test, "benchmark")
        facts = facts_of((ROOT / "doc" / "internals" / "windows-facts.md").read_text(encoding="utf-8"), known_suites())
        self.files["facts.txt"] = "".join("\t".join(fact) + "\n" for fact in facts).encode()
        self.files["plan.txt"] = "".join(self.plan).encode()
        self.files["version.txt"] = (version() + "\n").encode()
        # cmd.exe needs Windows line ends.
        command = (ROOT / "test" / "kit" / "run.cmd").read_bytes()
        self.files["run.cmd"] = command.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self.files["LICENSE.txt"] = (ROOT / "LICENSE").read_bytes()
        return len(facts)

    def write(self, path):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(self.files):
                entry = zipfile.ZipInfo("wakepoll-kit/" + name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 0
                archive.writestr(entry, self.files[name])


def version():
    numbers = re.search(r"version : '([\d.]+)'", (ROOT / "meson.build").read_text(encoding="utf-8")).group(1)
    git = subprocess.run(["git", "-c", "safe.directory=%s" % ROOT, "-C", str(ROOT), "describe", "--always",
                          "--dirty"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return "wakepoll " + numbers + (", commit " + git.stdout.strip() if git.returncode == 0 else "")


def main():
    words = [word for word in sys.argv[1:] if word != "--partial"]
    if len(words) != 2:
        raise SystemExit("usage: kit.py BUILD ZIP [--partial]")
    kit = Kit(words[0], "--partial" in sys.argv)
    facts = kit.add_all()
    kit.write(words[1])
    size = pathlib.Path(words[1]).stat().st_size
    print("%s: %d steps, %d facts, %.1f MB" % (words[1], len(kit.plan), facts, size / 1e6))


if __name__ == "__main__":
    main()
