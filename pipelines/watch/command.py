"""Runs a command under a watch, as its options ask."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from florilegium.pipelines.commands.answers import FAILED, USAGE, ended
from florilegium.pipelines.runs.stopping import code_of
from florilegium.pipelines.watch import logs
from florilegium.pipelines.watch.logs import Form
from florilegium.pipelines.watch.status_file import StatusFile
from florilegium.pipelines.watch.watch import Observer, Watch

_OURS: Final = logging.getLogger("florilegium")


class WatchChoice(Struct, frozen=True, kw_only=True):
    """How a build is to be seen, as on the command line."""

    log_format: Form = "text"
    metrics: Path | None = None
    metrics_port: int | None = None
    lineage: Path | None = None


def watched(choice: WatchChoice, work: Callable[[Watch], int]) -> int:
    """Do some work under a watch; return its exit code, which the watch tells last.

    The watch is told of any end: by an exception, a signal that raises one, or a code.
    """
    logs.hear(choice.log_format)
    try:
        watch = Watch(_observers(choice), logs=choice.log_format == "json")
    except OSError as error:
        return ended(USAGE, str(error))
    with _heard() as heard:
        code = FAILED
        try:
            code = work(watch)
        except KeyboardInterrupt as interrupt:
            code = code_of(interrupt)
            raise
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else FAILED
            raise
        finally:
            watch.end(code, heard.message)
    return code


def _observers(choice: WatchChoice) -> list[Observer]:
    """Return who is to be told; OSError if that cannot be. What is not asked for is not loaded."""
    found: list[Observer] = [StatusFile()]
    for file in (choice.metrics, choice.lineage):
        if file is not None and not file.parent.is_dir():
            raise FileNotFoundError(f"{file}: there is no folder {file.parent}")
    if choice.log_format == "json":
        from florilegium.pipelines.watch.log_lines import LogLines

        found.append(LogLines())
    if choice.metrics is not None or choice.metrics_port is not None:
        from florilegium.pipelines.watch.metrics import LOOPBACK, Metrics

        try:
            found.append(Metrics(choice.metrics, choice.metrics_port))
        except OSError as error:
            raise OSError(f"{LOOPBACK}:{choice.metrics_port}: {error.strerror}") from None
    from florilegium.pipelines.watch.post import poster

    posting = poster(os.environ)
    if choice.lineage is not None or posting is not None:
        from florilegium.pipelines.watch.lineage import Lineage

        found.append(Lineage(choice.lineage, posting))
    return found


class _Heard(logging.Handler):
    """Keeps the last thing that a command said of how it ends."""

    message: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", "") == "ended":
            self.message = record.getMessage()


@contextmanager
def _heard() -> Iterator[_Heard]:
    heard = _Heard()
    _OURS.addHandler(heard)
    try:
        yield heard
    finally:
        _OURS.removeHandler(heard)
