"""`status.json`: what a corpus is at, in one small file that anybody may read at any time.

It is replaced as a whole, so a reader never sees half of it. It is for people and for what watches
over builds; nothing in a release comes from it.
"""

import os
import socket
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from florilegium.manifests.location import Location, replacing
from florilegium.manifests.scratch import alive

NAME = "status.json"
SILENT = timedelta(seconds=60)
"""Least time without a sign of life after which a build that should be running looks dead."""
_MISSED = 5
"""Signs of life that may fail to come before a build looks dead."""

State: TypeAlias = Literal[
    "planned", "running", "done", "failed", "interrupted", "stopped", "staged", "nothing_to_do"
]


class Release(Struct, frozen=True, kw_only=True):
    """The release that a build made, or found to be there already."""

    path: str
    """Where it is."""
    root: str
    """Root of the Merkle tree over its documents, in hex."""
    documents: int
    """Documents in it."""
    tokens: int
    """Tokens in their texts."""
    alarms: int
    """Alarms in its manifest: documents, hosts or inputs that too much gave way to."""


class Status(Struct, frozen=True, kw_only=True):
    """What a corpus is at. Times are RFC 3339 in UTC, to the second."""

    recipe: str
    """Name of the recipe, which is also that of the corpus."""
    build_id: str | None = None
    """Name of the build; null until its input is known."""
    state: State = "planned"
    """`planned`: about to begin; `running`; `done`: the release is there; `nothing_to_do`: it was
    there before; `staged`: it is there, but a gate did not let it through; `stopped`: ended before
    it was done, at a budget, when told to (SIGTERM), after one step or for want of room, and goes
    on when run again; `interrupted`: the same, from the keyboard; `failed`: see `message`."""
    step: str | None = None
    """The step that is running, or that was when the build ended; null between steps."""
    engine: str | None = None
    """Where the work is done: `embedded`, `flink` or `dataflow`."""
    workers: int | None = None
    """Processes that work at the same time."""
    started: datetime
    """When the command began."""
    updated: datetime
    """When this was written."""
    pace: float
    """Seconds between two updates while a build runs, as long as nothing else happens."""
    pid: int
    """Process that runs the build."""
    host: str
    """Machine that it runs on."""
    version: str
    """Version of florilegium."""
    units: int = 0
    """Pieces of input: files, or what a plan chooses of each."""
    units_done: int = 0
    """Those that are harvested, by this command or before."""
    input_bytes: int = 0
    """Size of all units."""
    bytes: int = 0
    """Bytes of input that this command has read so far."""
    records: int = 0
    """Records that this command has read so far; of a release, all of its input."""
    documents: int = 0
    """Documents that harvest found in them; of a release, those that are in it."""
    losses: dict[str, int] = {}
    """Records that were lost, by stage, so far in harvest; of a release, all."""
    shards: int = 0
    """Shards to publish; 0 until that begins."""
    shards_done: int = 0
    """Shards that are published."""
    seconds: dict[str, float] = {}
    """How long each step took that this command has run to its end, in seconds."""
    forecast_end: datetime | None = None
    """When the step will end, at the pace so far; null if that cannot be told."""
    exit_code: int | None = None
    """Exit code of the command; null while it runs."""
    message: str | None = None
    """What the command said last, in an error or a warning; null if nothing."""
    release: Release | None = None
    """The release, when there is one."""
    last_success: datetime | None = None
    """When a release was last made, or was there already; by this build or an earlier one."""


def fresh(recipe: str, pace: float) -> Status:
    """Return the status of a build that this process is about to begin."""
    return Status(
        recipe=recipe,
        started=now(),
        updated=now(),
        pace=pace,
        pid=os.getpid(),
        host=socket.gethostname(),
        version=metadata.version("florilegium"),
    )


def now() -> datetime:
    """Return the time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def write(home: Location, status: Status) -> None:
    """Replace the status of a corpus; OSError if that fails."""
    with replacing(home / NAME) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n")


def read(home: Location) -> Status:
    """Return the status of a corpus; FileNotFoundError if it has none, ValueError if it is none."""
    try:
        return msgspec.json.decode((home / NAME).read_bytes(), type=Status)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{home / NAME} is no status of a build: {error}") from error


def dead(status: Status, at: datetime) -> str | None:
    """Return why a build looks dead that says it is at work; None if it does not."""
    if status.state not in ("planned", "running"):
        return None
    if status.host == socket.gethostname() and not alive(status.pid):
        return f"there is no process {status.pid} on {status.host}"
    silent = at - status.updated
    if silent > max(SILENT, timedelta(seconds=_MISSED * status.pace)):
        return f"no sign of life for {silent.total_seconds():,.0f} s"
    return None
