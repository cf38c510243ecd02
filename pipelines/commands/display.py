"""What a person sees while a build runs: a live bar on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from florilegium.manifests.location import Location
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.progress import Note, seconds_between_notes, total
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.watch.watch import Watch

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_LOOKS = 2.0


class Display:
    """Shows the steps of a build on a console, if anybody looks, and tells a watch of them."""

    def __init__(self, console: Console, watch: Watch | None = None) -> None:
        self._console = console
        self._watch = watch or Watch()

    def begin(self) -> None:
        """Let the watch begin to tell: this build holds the lock."""
        self._watch.begin()

    def planned(self, plan: Plan) -> None:
        """Tell the watch that the plan is another one now."""
        self._watch.planned(plan)

    def say(self, line: str) -> None:
        """Show a line."""
        self._console.print(line)

    def units_failed(self, problems: Mapping[str, str]) -> None:
        """Tell the watch which units could not be harvested, and why."""
        self._watch.units_failed(problems)

    @contextmanager
    def harvest(self, units: list[Unit], pending: list[Unit], notes: Location) -> Iterator[None]:
        """Follow the notes of the workers until harvest ends."""
        done = len(units) - len(pending)
        if done:
            self._console.print(f"[dim]harvest[/]      {done} of {len(units)} units already done")
        self._watch.harvested(Note(), done, None)
        if not pending:
            yield
            return
        started = time.monotonic()
        work = sum(unit.bytes for unit in pending)
        stop = threading.Event()
        follow = self._live if self._console.is_terminal else self._lines
        looks = self._looks(notes, done, work, stop)
        watcher = threading.Thread(target=follow, args=(looks, work, len(pending)))
        with self._watch.step("harvest"):
            watcher.start()
            try:
                yield
            finally:
                stop.set()
                watcher.join()
                note = total(notes)
                self._watch.harvested(note, done, None)
        seconds = time.monotonic() - started
        self._console.print(
            f"[green]harvest[/]      {_said(note, seconds)} in {seconds:,.1f} s", soft_wrap=True
        )

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show one step and how long it took."""
        started = time.monotonic()
        showing = self._console.status(f"{name} …") if self._console.is_terminal else _nothing()
        with self._watch.step(name), showing:
            yield
        self._console.print(f"[green]{name:12}[/] {time.monotonic() - started:,.1f} s")

    @contextmanager
    def counted(
        self, name: str, whole: int, done: int, things: str
    ) -> Iterator[Callable[[int], None]]:
        """Show a step that advances thing by thing."""
        started = time.monotonic()
        count = done

        def advanced(number: int) -> None:
            nonlocal count
            count += number
            seconds = time.monotonic() - started
            left = seconds * (whole - count) / (count - done) if count > done else None
            self._watch.published(whole, count, left)
            bar.update(task, completed=count)

        self._watch.published(whole, done, None)
        unseen = not self._console.is_terminal
        showing = Progress(*_columns(), console=self._console, transient=True, disable=unseen)
        with self._watch.step(name), showing as bar:
            task = bar.add_task(name, total=whole, completed=done, about=things)
            yield advanced
        seconds = time.monotonic() - started
        self._console.print(f"[green]{name:12}[/] {whole:,} {things} in {seconds:,.1f} s")

    def _looks(
        self, notes: Location, done: int, work: int, stop: threading.Event
    ) -> Iterator[tuple[Note, float]]:
        """Yield how far harvest is and for how long it has been, again and again until it stops."""
        started, pause = time.monotonic(), _pause(notes, self._console.is_terminal)
        resting = pause
        while not stop.wait(resting):
            begun = time.monotonic()
            note = total(notes)
            # Where there are very many notes, most of the time goes by without looking at them.
            resting = max(pause, 10 * (time.monotonic() - begun))
            seconds = begun - started
            self._watch.harvested(note, done, _seconds_left(note, work, seconds))
            yield note, seconds

    def _live(self, looks: Iterator[tuple[Note, float]], work: int, units: int) -> None:
        with Progress(*_columns(), console=self._console, transient=True) as bar:
            task = bar.add_task("harvest", total=max(work, 1), about="")
            for note, seconds in looks:
                about = f"{_of(note, units)} · {_said(note, seconds)}{_left(note, work, seconds)}"
                bar.update(task, completed=note.bytes, about=about)

    def _lines(self, looks: Iterator[tuple[Note, float]], work: int, units: int) -> None:
        due = _SECONDS_BETWEEN_LINES
        for note, seconds in looks:
            if seconds < due:
                continue
            due = seconds + _SECONDS_BETWEEN_LINES
            share = note.bytes / max(work, 1)
            self._console.print(
                f"harvest      {share:4.0%} · {_of(note, units)} · {_said(note, seconds)}"
                f"{_left(note, work, seconds)}",
                highlight=False,
                soft_wrap=True,
            )


def _pause(notes: Location, live: bool) -> float:
    """Return the seconds between two looks at notes."""
    between = seconds_between_notes(notes)
    return between / 2 if live else max(_SECONDS_BETWEEN_LOOKS, between)


def _said(note: Note, seconds: float) -> str:
    losses = ", ".join(f"{stage} {n:,}" for stage, n in sorted(note.losses.items()))
    speed = note.records / max(seconds, 1e-9)
    lost = f" · lost: {losses}" if losses else ""
    return f"{note.records:,} records · {speed:,.0f}/s · {note.documents:,} documents{lost}"


def _of(note: Note, units: int) -> str:
    return f"{note.units} of {units} units"


def _seconds_left(note: Note, work: int, seconds: float) -> float | None:
    if not 0 < note.bytes < work or seconds < 2:
        return None
    return seconds * (work - note.bytes) / note.bytes


def _left(note: Note, work: int, seconds: float) -> str:
    left = _seconds_left(note, work, seconds)
    if left is None:
        return ""
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
