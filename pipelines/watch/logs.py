"""What is said while commands run, as lines for people or as JSON for machines.

All of it goes through the logger `florilegium`. Other loggers are not heard: what went wrong is
said once, in a line, and not in Beam's words.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import click

Form: TypeAlias = Literal["text", "json"]

EVENTS: Final = {
    "build_started": "A build begins: `build_id`, `recipe`, `engine`, `workers`, `units`, "
    "`input_bytes`.",
    "step_started": "A step begins: `build_id`, `step`.",
    "progress": "Every ten seconds: `build_id`, `step`, `units_done`, `units`, `bytes`, "
    "`input_bytes`, `records`, `documents`, `losses` by stage, `shards_done`, `shards`, "
    "`forecast_end`.",
    "unit_failed": "A piece of input could not be harvested: `build_id`, `unit`, `problem`.",
    "step_ended": "A step ended: `build_id`, `step`, `seconds`, and all that `progress` has.",
    "alarm": "The release has an alarm: `build_id`, `alarm`.",
    "build_ended": "The build ended: `build_id`, `state`, `exit_code`, `seconds` of each step, and "
    "the `release` if there is one.",
    "dataflow": "Dataflow said something of its job.",
    "ended": "Why the command ends, if it is not simply done: `exit_code`.",
    "warning": "Anything else; `logger` says which part of the program speaks.",
}
"""Every event of the JSON form, and its fields beside `time`, `level`, `event` and `message`."""
_ESCAPED: Final = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""What JSON lets stand, and what ends a line for some readers or steers a terminal."""


class _Text(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.levelno < logging.WARNING:
            click.echo(f"{getattr(record, 'event', ''):12} {said}", err=True)
        else:
            click.echo(f"florilegium: {said}", err=True)


class _Json(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # Looked up each time: whoever runs commands within a program may have put another there.
        sys.stderr.write(line(record) + "\n")
        sys.stderr.flush()


def line(record: logging.LogRecord) -> str:
    """Return a record as one line of JSON."""
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    said: dict[str, Any] = {
        "time": time.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": getattr(record, "event", "warning"),
        "message": record.getMessage(),
    }
    if said["event"] == "warning":
        said["logger"] = record.name
    said |= getattr(record, "fields", {})
    # A name of a file need not be text that UTF-8 has.
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "replace").decode().translate(_ESCAPED)


_OTHERS: Final = logging.NullHandler()
_FORMS: Final[dict[Form, logging.Handler]] = {"text": _Text(), "json": _Json()}


def hear(form: Form) -> None:
    """Write what this program says to standard error in one form, and nothing that others say."""
    logging.getLogger().addHandler(_OTHERS)
    ours = logging.getLogger("florilegium")
    ours.setLevel(logging.INFO)
    for one in _FORMS.values():
        ours.removeHandler(one)
    ours.addHandler(_FORMS[form])


def log(
    logger: logging.Logger,
    level: int,
    event: str,
    message: str,
    **fields: Any,  # noqa: ANN401
) -> None:
    """Say something as an event, with its fields."""
    logger.log(level, "%s", message, extra={"event": event, "fields": fields})
