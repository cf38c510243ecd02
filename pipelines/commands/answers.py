"""How commands answer: exit codes, errors of one line, JSON, and where a person reads along."""

import errno
import logging
import os
import re

import click
import msgspec
from rich.console import Console

from florilegium.pipelines.files import NO_ROOM
from florilegium.pipelines.runs.codes import (
    DONE,
    FAILED,
    INTERRUPTED,
    LOCKED,
    NOTHING_TO_DO,
    STAGED,
    TERMINATED,
    TRY_AGAIN,
    USAGE,
)
from florilegium.pipelines.watch.logs import log

__all__ = [
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "LOCKED",
    "NOTHING_TO_DO",
    "STAGED",
    "TERMINATED",
    "TRY_AGAIN",
    "USAGE",
]

_LOG = logging.getLogger(__name__)
_WHERE = re.compile(r" \[while running [^\]]*\]")
"""Where in a pipeline something went wrong, as Beam adds it."""


def console_for(output: str) -> Console:
    """Return where a person reads along: wide enough for tables where no terminal says how wide."""
    console = Console(stderr=output == "json", highlight=False)
    if not console.is_terminal:
        console.width = 120
    return console


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    click.echo(msgspec.json.encode(value).decode())


def ended(code: int, message: str) -> int:
    """Say why the program ends, and return its exit code."""
    level = logging.WARNING if code in (DONE, NOTHING_TO_DO) else logging.ERROR
    log(_LOG, level, "ended", message, exit_code=code)
    return code


def stopped(error: Exception) -> int:
    """Say what stopped the work, and whether the same command may do better later."""
    if (full := _no_room(error)) is not None:
        return ended(TRY_AGAIN, f"{full}: make room and run the same command again")
    # Across processes, Beam passes an error on as text.
    if getattr(error, "errno", None) == errno.EAGAIN or os.strerror(errno.EAGAIN) in str(error):
        return ended(TRY_AGAIN, f"{_said(error)}: run the same command again later")
    return ended(FAILED, _said(error))


def _no_room(error: BaseException) -> str | None:
    """Return how the system says that nothing more can be written, if that is the error."""
    names = (os.strerror(code) for code in sorted(NO_ROOM))
    return next((name for name in names if name in str(error)), None)


def _said(error: Exception) -> str:
    """Return what an error says, not where in Beam; of a worker's traceback, the last line."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    said = _WHERE.sub("", str(error))
    lines = said.strip().splitlines() or [type(error).__name__]
    traceback = any(line.startswith("Traceback") for line in lines)
    return lines[-1] if traceback else "\n".join(lines)


def printable(said: object) -> str:
    """Return what somebody else wrote without the characters that would steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in str(said))
