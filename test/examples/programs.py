"""programs.py SERVER CLIENT [PROBE]: runs two example programs against each other and compares their
counts.

The server chooses its port and ends by itself after the client's connections; the client checks
every byte. All are run through meson's exe_wrapper where there is one. Output goes to files rather
than pipes, because a service that Wine starts on the way would keep a pipe open.

PROBE ends with 1 where the system loses bytes that a send has taken, as Wine 10 does. There the
client keeps its half-close until it has every answer.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

CONNECTIONS = 20
# Seconds. The client bounds itself: it gives up after a minute without a byte. The server ends with
# the client's last connection.
PATIENCE = 300


def start(program, arguments, output):
    wrapper = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
    command = wrapper + [program] + [str(argument) for argument in arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )


def text_of(output):
    output.seek(0)
    return output.read().decode("utf-8", "replace").replace("\r", "")


def wait_for_port(server, output):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended = server.poll() is not None
        # Another descriptor than the server's: reading must not move the place where it writes.
        with open(output.name, "rb") as seen:
            found = re.search(rb"listening on 127\.0\.0\.1:(\d+)", seen.read())
        if found:
            return int(found.group(1))
        if ended:
            break
        time.sleep(0.02)
    return None


def values(text):
    return dict(re.findall(r"^(\w+)=(\S+)$", text, re.MULTILINE))


def main():
    server_program, client_program, *probes = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        server_output = open(os.path.join(folder, "server"), "w+b")
        client_output = open(os.path.join(folder, "client"), "w+b")
        programs = []
        try:
            server = start(server_program, ["--connections", CONNECTIONS], server_output)
            programs.append(server)
            port = wait_for_port(server, server_output)
            codes = None
            if port is not None:
                arguments = ["--port", port, "--connections", CONNECTIONS]
                for probe in probes:
                    lost = start(probe, [], server_output).wait(timeout=PATIENCE)
                    arguments += ["--half-close-last", lost]
                client = start(client_program, arguments, client_output)
                programs.append(client)
                codes = [client.wait(), server.wait(timeout=PATIENCE)]
        finally:
            for program in programs:
                if program.poll() is None:
                    program.kill()
                    program.wait()
            texts = [text_of(server_output), text_of(client_output)]
            print(*texts, sep="\n", flush=True)
            server_output.close()
            client_output.close()
    served, checked = (values(text) for text in texts)
    if codes != [0, 0]:
        return "the programs' exit codes are %s, client first" % codes
    if checked.get("connections") != str(CONNECTIONS) or checked.get("mismatches") != "0":
        return "the client was not content"
    for name in ("connections", "echoes", "bytes"):
        # The small echo server does not count echoes.
        if served.get(name, checked[name] if name == "echoes" else None) != checked[name]:
            return "%s: %s served, %s checked" % (name, served.get(name), checked[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
