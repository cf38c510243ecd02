"""Tells what happens in a build as events of the log, in place of a display."""

import logging
import time
from typing import Any, Final

import msgspec

from florilegium.pipelines.watch.logs import log
from florilegium.pipelines.watch.status import Status
from florilegium.pipelines.watch.watch import Moment

_SECONDS_BETWEEN_LINES: Final = 10.0
_LOG: Final = logging.getLogger(__name__)
_PROGRESS: Final = (
    "units_done", "units", "bytes", "input_bytes", "records", "documents", "losses",
    "shards_done", "shards", "forecast_end",
)  # fmt: skip


class LogLines:
    """Makes an event of each thing that happens, and of progress one every ten seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def tell(self, moment: Moment) -> None:
        """Log it."""
        status, build = moment.status, {"build_id": moment.status.build_id}
        match moment.event:
            case "started":
                about = _some(status, ("recipe", "engine", "workers", "units", "input_bytes"))
                _say("build_started", f"build of {status.recipe} begins", **build, **about)
            case "step_started":
                self._last = time.monotonic()
                _say("step_started", f"{status.step} begins", **build, step=status.step)
            case "step_ended":
                seconds = status.seconds[status.step or ""]
                about = {"step": status.step, "seconds": seconds} | _some(status, _PROGRESS)
                _say("step_ended", f"{status.step} ended after {seconds:,.1f} s", **build, **about)
            case "unit_failed":
                said = "{unit}: {problem}".format(**moment.fields)
                log(_LOG, logging.ERROR, "unit_failed", said, **build, **moment.fields)
            case "progress":
                self._progress(status)
            case "ended":
                _ended(moment)

    def _progress(self, status: Status) -> None:
        if time.monotonic() - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = time.monotonic()
        about = _some(status, _PROGRESS)
        said = f"{status.step}: {status.records:,} records, {status.documents:,} documents"
        _say("progress", said, build_id=status.build_id, step=status.step, **about)


def _ended(moment: Moment) -> None:
    status = moment.status
    for alarm in moment.manifest.alarms if moment.manifest else ():
        build = {"build_id": status.build_id, "alarm": str(alarm)}
        log(_LOG, logging.WARNING, "alarm", f"alarm: {alarm}", **build)
    about = _some(status, ("build_id", "state", "exit_code", "seconds", "release"))
    level = logging.INFO if status.exit_code in (0, 3) else logging.ERROR
    log(_LOG, level, "build_ended", f"build of {status.recipe} ended: {status.state}", **about)


def _some(status: Status, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: msgspec.to_builtins(getattr(status, name)) for name in names}


def _say(event: str, message: str, **fields: Any) -> None:  # noqa: ANN401
    log(_LOG, logging.INFO, event, message, **fields)
