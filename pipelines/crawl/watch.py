"""What a person sees of a crawl while it runs, and how they stop it."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console

from florilegium.pipelines.crawl.places import Round, noted
from florilegium.pipelines.crawl.rounds import Stats
from florilegium.pipelines.crawl.shard import Progress
from florilegium.pipelines.runs.codes import INTERRUPTED, TERMINATED

_SECONDS_BETWEEN_LINES: Final = 10.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Watch:
    """Shows rounds on a console, and notices when the crawl is to stop."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stop = threading.Event()
        self.code = INTERRUPTED
        """The exit code of a crawl that was asked to stop."""

    @property
    def stopped(self) -> bool:
        """Whether the crawl was asked to stop."""
        return self._stop.is_set()

    @contextmanager
    def stopping(self, path: Path) -> Iterator[None]:
        """Let an interrupt, or a request to end, write a file that workers look for."""

        def stop(number: int, frame: FrameType | None) -> None:
            self.code = TERMINATED if number == signal.SIGTERM else INTERRUPTED
            self._stop.set()
            path.touch()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[int, Any] = {number: signal.signal(number, stop) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def wait(self, seconds: float) -> bool:
        """Wait for hosts that asked for rest; return whether the crawl is to stop instead."""
        if seconds > 1:
            self._say(f"waiting      {seconds:,.0f} s for hosts that asked for rest")
        return self._stop.wait(max(0.0, seconds))

    @contextmanager
    def round(self, notes: Path, now: Round, stats: Stats) -> Iterator[None]:
        """Follow a round."""
        started, over = time.monotonic(), threading.Event()
        follower = threading.Thread(target=self._follow, args=(notes, now, started, over))
        follower.start()
        try:
            yield
        finally:
            over.set()
            follower.join()
            self._say(_line(notes, now, time.monotonic() - started))

    def _follow(self, notes: Path, now: Round, started: float, over: threading.Event) -> None:
        if not self._console.is_terminal:
            while not over.wait(_SECONDS_BETWEEN_LINES):
                self._say(_line(notes, now, time.monotonic() - started))
            return
        with self._console.status(f"round {now.number} …") as status:
            while not over.wait(0.5):
                status.update(_line(notes, now, time.monotonic() - started))

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)


def _line(notes: Path, now: Round, seconds: float) -> str:
    states: Counter[str] = Counter()
    hosts = received = 0
    for path in sorted(notes.glob("*.json")):
        progress = noted(path, Progress)
        states.update(progress.states)
        hosts += progress.hosts
        received += progress.bytes
    said = ", ".join(f"{state} {number:,}" for state, number in sorted(states.items()))
    return (
        f"round {now.number:<6} {hosts:,} hosts done · {said or 'nothing yet'} · "
        f"{received / 1e6:,.1f} MB in {seconds:,.1f} s"
    )
