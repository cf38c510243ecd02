"""What a person sees while a build runs: a live bar on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from florilegium.manifests.location import Location
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.progress import Note, seconds_between_notes, total

_SECONDS_BETWEEN_LINES = 10.0


class Display:
    """Shows the steps of a build on a console; on none at all if there is none to look."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def harvest(self, units: list[Unit], pending: list[Unit], notes: Location) -> Iterator[None]:
        """Follow the notes of the workers until harvest ends."""
        done = len(units) - len(pending)
        if done:
            self._console.print(f"[dim]harvest[/]      {done} of {len(units)} units already done")
        if not pending:
            yield
            return
        started = time.monotonic()
        work = sum(unit.bytes for unit in pending)
        stop = threading.Event()
        follow = self._live if self._console.is_terminal else self._lines
        watcher = threading.Thread(target=follow, args=(notes, work, len(pending), started, stop))
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
        seconds = time.monotonic() - started
        note = total(notes)
        self._console.print(
            f"[green]harvest[/]      {_said(note, seconds)} in {seconds:,.1f} s", soft_wrap=True
        )

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show one step and how long it took."""
        started = time.monotonic()
        with self._console.status(f"{name} …") if self._console.is_terminal else _nothing():
            yield
        self._console.print(f"[green]{name:12}[/] {time.monotonic() - started:,.1f} s")

    @contextmanager
    def counted(
        self, name: str, whole: int, done: int, things: str
    ) -> Iterator[Callable[[int], None]]:
        """Show a step that advances thing by thing."""
        started = time.monotonic()
        if self._console.is_terminal:
            with Progress(*_columns(), console=self._console, transient=True) as bar:
                task = bar.add_task(name, total=whole, completed=done, about=things)
                yield lambda number: bar.advance(task, number)
        else:
            yield lambda _: None
        seconds = time.monotonic() - started
        self._console.print(f"[green]{name:12}[/] {whole:,} {things} in {seconds:,.1f} s")

    def _live(
        self, notes: Location, work: int, units: int, started: float, stop: threading.Event
    ) -> None:
        with Progress(*_columns(), console=self._console, transient=True) as bar:
            task = bar.add_task("harvest", total=max(work, 1), about="")
            while not stop.wait(seconds_between_notes(notes) / 2):
                note = total(notes)
                seconds = time.monotonic() - started
                about = f"{_of(note, units)} · {_said(note, seconds)}{_left(note, work, seconds)}"
                bar.update(task, completed=note.bytes, about=about)

    def _lines(
        self, notes: Location, work: int, units: int, started: float, stop: threading.Event
    ) -> None:
        while not stop.wait(max(_SECONDS_BETWEEN_LINES, seconds_between_notes(notes))):
            note = total(notes)
            seconds = time.monotonic() - started
            share = note.bytes / max(work, 1)
            self._console.print(
                f"harvest      {share:4.0%} · {_of(note, units)} · {_said(note, seconds)}"
                f"{_left(note, work, seconds)}",
                highlight=False,
                soft_wrap=True,
            )


def _said(note: Note, seconds: float) -> str:
    losses = ", ".join(f"{stage} {n:,}" for stage, n in sorted(note.losses.items()))
    speed = note.records / max(seconds, 1e-9)
    lost = f" · lost: {losses}" if losses else ""
    return f"{note.records:,} records · {speed:,.0f}/s · {note.documents:,} documents{lost}"


def _of(note: Note, units: int) -> str:
    return f"{note.units} of {units} units"


def _left(note: Note, work: int, seconds: float) -> str:
    if not 0 < note.bytes < work or seconds < 2:
        return ""
    left = seconds * (work - note.bytes) / note.bytes
    return f" · {left / 60:,.0f} min left" if left >= 90 else f" · {left:,.0f} s left"


def _columns() -> tuple[SpinnerColumn, TextColumn, BarColumn, TimeElapsedColumn, TextColumn]:
    return (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[about]}"),
    )


@contextmanager
def _nothing() -> Iterator[None]:
    yield
