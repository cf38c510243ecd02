"""Processes that this one started, by what the system says of them (Linux: /proc)."""

import os
import signal
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path


def descendants(process: int) -> Iterator[int]:
    """Yield the processes that a process started and they started in turn, parents first."""
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        # A thread or a process may be gone by the time it is looked at.
        with suppress(OSError):
            for child in map(int, listed.read_text().split()):
                yield child
                yield from descendants(child)


def end_descendants(but: Container[int] = ()) -> None:
    """End all processes that this one started, but some, at once.

    All are halted first, so that none starts another one meanwhile.
    """
    halted: set[int] = set()
    while found := {one for one in descendants(os.getpid()) if one not in but} - halted:
        for process in found:
            _send(process, signal.SIGSTOP)
        halted |= found
    for process in halted:
        _send(process, signal.SIGKILL)


def _send(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
