"""Running a command and measuring it: processor time, time on the clock, peak memory."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECONDS_BETWEEN_LOOKS = 0.1
_MIB = 1024  # /proc counts in KiB


class CommandError(RuntimeError):
    """A measured command that failed; the message is the command and the end of what it said."""


@dataclass(frozen=True)
class Usage:
    """What a command and all its descendants took. Memory in MiB, time in seconds."""

    output: str
    """Standard output."""
    cpu: float
    """User and system time of every process."""
    wall: float
    peak_sum: float
    """Most resident memory of all processes together, at any look (ten a second)."""
    peak_main: float
    """Peak of the process that was started, from the kernel."""
    peak_children: float
    """Peak of the largest of its descendants, from the kernel, 0 if there was none."""

    @property
    def said(self) -> dict[str, Any]:
        """What the command said of itself: the last line of its output, JSON."""
        found: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return found


def run(command: list[str], log: Path) -> Usage:
    """Run a command to its end; its standard error goes to `log`. CommandError if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as errors, log.with_suffix(".out").open("wb+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        watch = _Watch(process.pid)
        # wait4, unlike resource.getrusage, is of this child alone and those it waited for.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        peaks = watch.stop()
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        said = log.read_text(errors="replace")[-2000:]
        raise CommandError(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    return Usage(
        output=text,
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        peak_sum=peaks.sum,
        peak_main=peaks.by_process.pop(process.pid, 0.0),
        peak_children=max(peaks.by_process.values(), default=0.0),
    )


class _Watch:
    """Looks at a process and its descendants until it is stopped."""

    def __init__(self, root: int) -> None:
        self.sum = 0.0
        self.by_process: dict[int, float] = {}
        self._root = root
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def stop(self) -> "_Watch":
        self._done.set()
        self._thread.join()
        return self

    def _look_on(self) -> None:
        while not self._done.wait(_SECONDS_BETWEEN_LOOKS):
            resident = 0.0
            for process in _tree(self._root):
                memory = _memory(process)
                resident += memory.get("VmRSS", 0.0)
                if memory:
                    # The last look tells the most, and not what a process was before it became
                    # another program: until then it shows the memory of its parent.
                    self.by_process[process] = memory["VmHWM"]
            self.sum = max(self.sum, resident)


def _tree(root: int) -> Iterator[int]:
    yield root
    for children in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:  # it ended just now
            continue
        for child in found:
            yield from _tree(int(child))


def _memory(process: int) -> dict[str, float]:
    """Return the sizes that the kernel tells of a process, in MiB; nothing if it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = (line.split() for line in lines if line.startswith(("VmRSS:", "VmHWM:")))
    return {name.rstrip(":"): int(size) / _MIB for name, size, _ in fields}  # none for a zombie
