"""Sweeping: what runs that were killed left behind is removed by the next one, under the lock.

What another build can use again stays: parts, and all that is named after a digest of what it was
made of. What only its own run could finish goes: at once if the name says that its process was of
this machine and is no more, or else after a day without a change. Workers on a cluster may outlive
the command that sent them work, and a stopped build may be gone on with.
"""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from florilegium.manifests.location import Location, entries, files, remove
from florilegium.manifests.manifest import NAME as MANIFEST
from florilegium.manifests.remote import RemotePath
from florilegium.manifests.scratch import is_marked, is_orphan, sweep_scratch
from florilegium.pipelines.harvest.part import finished
from florilegium.pipelines.planning import Plan

DAY: Final = 86_400.0
_BUILD_ID = re.compile(r"[0-9a-f]{12}")
_CLOCK = re.compile(r"lock-[0-9a-f]{32}")
"""How a lease asks a store for the time: see `lock`."""


def sweep(plan: Plan) -> None:
    """Remove what runs left that are no more; to be used under the lock."""
    sweep_scratch()
    before = time.time() - DAY
    for location in (*_benches(plan), *_attempts(plan), *_drafts(plan)):
        if is_orphan(location.name) or _last_change(location) < before:
            # What cannot be removed is of no harm.
            with suppress(OSError):
                remove(location)
    if isinstance(plan.home, RemotePath):
        with suppress(OSError):
            plan.home.abandon_uploads(before)


def _benches(plan: Plan) -> Iterator[Location]:
    """Yield the work places of other builds; in a store, their releases without a manifest too."""
    for name in entries(plan.work / "builds", 1):
        if name != plan.build_id:
            yield plan.work / "builds" / name
    if isinstance(plan.home, RemotePath):
        for name in entries(plan.home, 1):
            other = _BUILD_ID.fullmatch(name) and name != plan.build_id
            if other and not (plan.home / name / MANIFEST).is_file():
                yield plan.home / name


def _attempts(plan: Plan) -> Iterator[Location]:
    """Yield attempts at parts of which no other attempt has made one."""
    whole = finished(plan.parts)
    for way in entries(plan.parts, 2):
        folder, name = way.split("/")
        # A note of a failure tells people what to mend; the part in its place removes it.
        if folder not in whole and is_marked(name):
            yield plan.parts / way


def _drafts(plan: Plan) -> Iterator[Location]:
    if isinstance(plan.home, Path):
        for place in (plan.home.glob(".*"), plan.work.rglob(".*")):
            yield from (path for path in place if is_marked(path.name))
    else:
        yield from (path for path, _ in files(plan.work) if _CLOCK.fullmatch(path.name))


def _last_change(location: Location) -> float:
    """Return when a file, or something in a folder, was last written: seconds since 1970."""
    times = [about.st_mtime_ns / 1e9 for _, about in files(location)]
    with suppress(FileNotFoundError):
        times.append(location.stat().st_mtime_ns / 1e9)
    return max(times, default=time.time())
