"""Commands that documents show, with the lines they are said to print, and how these are compared.

`…` stands for anything, alone in a line for any lines; times and build ids may differ.
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from florilegium.pipelines.cli.main import main

ROOT = Path(__file__).parents[1]
VARYING = re.compile(r"\d+(\.\d+)? s\b|\b\d+/s|\b[0-9a-f]{12}\b")


def blocks(text, language):
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown(text):
    """Every command of a document, with the lines it is said to print."""
    for one in re.split(r"^\$ ", "".join(blocks(text, "console")), flags=re.MULTILINE)[1:]:
        command, _, rest = one.partition("\n")
        if command.endswith("<<'END'"):
            script, _, rest = rest.partition("\nEND\n")
            command = f"{command}\n{script}\nEND"
        yield command, rest.splitlines()


def pattern(lines):
    """What is shown, as a pattern: `…` is anything, alone in a line any lines; trailing space."""
    spelled = []
    for line in lines:
        if line == "…":
            spelled.append(r"(?:.*\n)*?")
            continue
        parts = VARYING.sub("~", line.rstrip()).split("…")
        spelled.append(".*".join(map(re.escape, parts)) + r" *\n")
    return re.compile("".join(spelled))


def printed(text):
    """What a command printed, without lines of progress, which a fast machine does not show."""
    lines = [line for line in text.splitlines() if not re.match(r"harvest +\d+% ", line)]
    return VARYING.sub("~", "".join(f"{line}\n" for line in lines))


def build_demo(folder):
    """Build the demonstration in a folder as `make demo` does; return what that printed."""
    steps = re.search(r"^demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    said = ""
    with contextlib.chdir(folder):  # in this process, which has loaded everything already
        for step in steps.replace("$(DEMO)", "build/demo").splitlines()[:-1]:
            _, *arguments = shlex.split(step.partition("||")[0])
            done = CliRunner().invoke(main, arguments)
            assert done.exit_code == 0, done.output
            said += done.stdout
    return said


def run(command, folder, python=sys.executable, **environment):
    """Run a command in a shell where `python` and `florilegium` are those of an environment."""
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def check(text, folder, **how):
    """Run every command of a document but `make`, and compare; return how many there were."""
    commands = [pair for pair in shown(text) if not pair[0].startswith("make ")]
    for command, lines in commands:
        done = run(command, folder, **how)
        assert done.returncode == 0, command + done.stderr + done.stdout
        assert pattern(lines).fullmatch(printed(done.stdout)), f"{command}\n{done.stdout}"
    return len(commands)
