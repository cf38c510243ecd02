"""What happens in a build, told to whoever asked to see it.

The build says what it does to a `Watch`, which takes a note and goes on. A thread of the watch
tells observers, so that a slow disk or a server that does not answer costs the build nothing, and
what goes wrong there is a warning.
"""

import logging
import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.harvest.progress import Note
from florilegium.pipelines.lock import LockedError, lock
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.runs.codes import (
    DONE,
    INTERRUPTED,
    LOCKED,
    NOTHING_TO_DO,
    STAGED,
    TERMINATED,
    TRY_AGAIN,
)
from florilegium.pipelines.watch import status as statuses
from florilegium.pipelines.watch.status import Release, State, Status

BEAT: Final = 2.0
"""Seconds between two looks at a running build."""
BEAT_IN_A_STORE: Final = 30.0
"""The same where a look costs a request."""
_PATIENCE: Final = 30.0
"""Seconds that the end of a build waits for observers."""
_LOG: Final = logging.getLogger(__name__)
_CAPITAL: Final = re.compile("(?<=[a-z])(?=[A-Z])")

_STATES: Final[Mapping[int, State]] = {
    DONE: "done",
    NOTHING_TO_DO: "nothing_to_do",
    STAGED: "staged",
    TRY_AGAIN: "stopped",
    INTERRUPTED: "interrupted",
    TERMINATED: "stopped",
}

Event: TypeAlias = Literal[
    "started", "step_started", "step_ended", "unit_failed", "progress", "ended"
]
"""`progress` is told every few seconds, whether there is any or not; `ended` is told last."""


class Moment(Struct, frozen=True, kw_only=True):
    """Something that happened, and all there is to see of the build at that moment."""

    event: Event
    status: Status
    home: Location
    plan: Plan | None = None
    manifest: Manifest | None = None
    fields: dict[str, str] = {}
    """Of `unit_failed`: `unit` and `problem`."""


class Observer(Protocol):
    """Passes on what it is told, always by the same thread."""

    def tell(self, moment: Moment) -> None:
        """Pass it on; what this raises is a warning."""


class Watch:
    """Keeps the status of a build, and tells observers what happens."""

    def __init__(self, observers: Sequence[Observer] = (), logs: bool = False) -> None:
        self.logs = logs
        """Whether one of the observers logs progress, so that nobody else need show it."""
        self._observers = observers
        self._status: Status | None = None
        self._home: Location | None = None
        self._plan: Plan | None = None
        self._manifest: Manifest | None = None
        self._told: queue.SimpleQueue[Moment | None] = queue.SimpleQueue()
        self._teller: threading.Thread | None = None
        self._changing = threading.Lock()

    def corpus(self, recipe: str, home: Location) -> None:
        """Say which corpus it is: the name of its recipe, and its folder."""
        pace = BEAT if isinstance(home, Path) else BEAT_IN_A_STORE
        self._home, self._status = home, statuses.fresh(recipe, pace)

    def planned(self, plan: Plan) -> None:
        """Say what is to be built."""
        self._plan = plan
        self._change(
            build_id=plan.build_id,
            units=len(plan.units),
            input_bytes=sum(unit.bytes for unit in plan.units),
        )

    def at_work_on(self, engine: str, workers: int) -> None:
        """Say where the work is to be done."""
        self._change(engine=engine, workers=workers)

    def begin(self) -> None:
        """Begin to tell. From here on, no other build may be at work in the same place."""
        if self._status is None or self._teller is not None:
            return
        self._open()
        self._tell("started")
        self._change(state="running")

    def begin_if_free(self) -> None:
        """Begin, unless another build is at work in the same place."""
        if self._free():
            self.begin()

    def _free(self) -> bool:
        """Return whether no other build is at work; where nothing is yet, none can be."""
        if self._home is None:
            return False
        try:
            if self._home.is_dir():
                with lock(self._home / "work" / "lock"):
                    pass
        except LockedError:
            return False
        except OSError:
            pass  # Nobody can write there, and other observers shall hear of it.
        return True

    def _open(self) -> None:
        assert self._home is not None
        with suppress(OSError, ValueError):
            self._change(last_success=statuses.read(self._home).last_success)
        self._teller = threading.Thread(target=self._tell_all, daemon=True)
        self._teller.start()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Tell that a step begins and, unless it fails, that it ended and how long it took."""
        self._change(step=name, forecast_end=None)
        self._tell("step_started")
        started = time.monotonic()
        yield
        seconds = round(time.monotonic() - started, 3)
        status = self._status
        if status is not None:
            self._change(seconds=status.seconds | {name: seconds}, forecast_end=None)
        self._tell("step_ended")
        self._change(step=None)

    def harvested(self, note: Note, before: int, seconds_left: float | None) -> None:
        """Take a note of how far harvest is, after so many units that were done before it."""
        self._change(
            units_done=before + note.units,
            bytes=note.bytes,
            records=note.records,
            documents=note.documents,
            losses=note.losses,
            forecast_end=_in(seconds_left),
        )

    def published(self, shards: int, done: int, seconds_left: float | None) -> None:
        """Take a note of how many shards there are and how many are done."""
        self._change(shards=shards, shards_done=done, forecast_end=_in(seconds_left))

    @property
    def at_step(self) -> str:
        """The step that is at work, or that was when it failed; empty between steps."""
        return (self._status and self._status.step) or ""

    def units_failed(self, problems: Mapping[str, str]) -> None:
        """Tell which units could not be harvested, and why."""
        for unit, problem in problems.items():
            self._tell("unit_failed", unit=unit, problem=problem)

    def released(self, manifest: Manifest, release: Location) -> None:
        """Take a note of what came out."""
        self._manifest = manifest
        self._change(
            records=manifest.records,
            documents=manifest.documents,
            losses=lost(manifest),
            release=Release(
                path=str(release),
                root=manifest.root,
                documents=manifest.documents,
                tokens=manifest.tokens,
                alarms=sum(manifest.alarms_raised.values()) or len(manifest.alarms),
            ),
        )

    def end(self, code: int, message: str | None) -> None:
        """Tell how the build ended; nothing if another one was at work in its place."""
        if self._status is None or code == LOCKED or (self._teller is None and not self._free()):
            self._told.put(None)
            return
        if self._teller is None:
            self._open()
        state = _STATES.get(code, "failed")
        if state == "done" and self._manifest is None:
            state = "stopped"
        made = state in ("done", "nothing_to_do")
        good = {"last_success": statuses.now()} if made else {}
        self._change(state=state, exit_code=code, message=message, forecast_end=None, **good)
        self._tell("ended")
        self._told.put(None)
        assert self._teller is not None
        self._teller.join(_PATIENCE)

    def _change(self, **changes: Any) -> None:  # noqa: ANN401
        with self._changing:
            if self._status is not None:
                self._status = replace(self._status, **changes)

    def _tell(self, event: Event, **fields: str) -> None:
        if self._teller is not None:
            self._told.put(self._moment(event, fields))

    def _moment(self, event: Event, fields: dict[str, str]) -> Moment:
        assert self._status is not None
        assert self._home is not None
        return Moment(
            event=event,
            status=replace(self._status, updated=statuses.now()),
            home=self._home,
            plan=self._plan,
            manifest=self._manifest,
            fields=fields,
        )

    def _tell_all(self) -> None:
        warned: set[tuple[int, str, int | None]] = set()
        while True:
            try:
                moment = self._told.get(timeout=BEAT)
            except queue.Empty:
                moment = self._moment("progress", {})
            if moment is None:
                return
            for place, observer in enumerate(self._observers):
                try:
                    observer.tell(moment)
                except Exception as error:  # Whatever it is, the build goes on.
                    # Once is enough: a full disk would be told every two seconds, for hours.
                    kind = place, type(error).__name__, getattr(error, "errno", None)
                    if kind not in warned:
                        name = _CAPITAL.sub(" ", type(observer).__name__).lower()
                        _LOG.warning("%s cannot be written: %s", name, error)
                    warned.add(kind)


def lost(manifest: Manifest) -> dict[str, int]:
    """Return the records that each stage lost, of those that lost any."""
    losses: Counter[str] = Counter()
    for step in manifest.funnel:
        losses[step.stage] += sum(step.lost.values())
    return dict(+losses)


def _in(seconds: float | None) -> Any:  # noqa: ANN401
    return None if seconds is None else statuses.now() + timedelta(seconds=round(seconds))
