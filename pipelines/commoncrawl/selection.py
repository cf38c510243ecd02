"""Selection: from the index of a snapshot to a plan, before anything else is downloaded."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.manifests.location import Location
from florilegium.manifests.scratch import scratch
from florilegium.pipelines.commoncrawl import plan as plans
from florilegium.pipelines.commoncrawl.choose import requests_for
from florilegium.pipelines.commoncrawl.fetch import Fetcher
from florilegium.pipelines.commoncrawl.grouping import Buckets, InFile, digests_of
from florilegium.pipelines.commoncrawl.hosts import Hosts, among
from florilegium.pipelines.commoncrawl.index import (
    DIGEST,
    FILE,
    HOST,
    LANGUAGES,
    Seen,
    SnapshotError,
    Wanted,
    ignore,
    parts_of,
    paths_of,
    robots_rows,
    wanted_rows,
)
from florilegium.pipelines.commoncrawl.languages import names_in_index
from florilegium.pipelines.commoncrawl.pace import pace_of
from florilegium.pipelines.commoncrawl.plan import Head, Totals
from florilegium.pipelines.commoncrawl.settings import CommonCrawl
from florilegium.pipelines.commoncrawl.sources import Place, source_of
from florilegium.pipelines.recipe import Recipe

PAGES, ROBOTS = "warc", "robotstxt"


class Selected(Struct, frozen=True, kw_only=True):
    """What a selection came to."""

    plan: str
    head: Head
    unnamed: tuple[str, ...]
    """Languages of the recipe for which the index has no name."""
    row_groups: int
    row_groups_read: int


def select(
    recipe: Recipe,
    out: Location,
    without: Sequence[Location] = (),
    watch: Callable[[int, int], None] = ignore,
) -> Selected:
    """Write the plan that a recipe comes to, without pages that earlier plans have read.

    A page is another one if its digest is. `watch` is told how many files of the index were read,
    and of how many. SnapshotError if there is no such snapshot, nothing to select, or an index that
    is not as it should be; OSError, with what to do, if the archive cannot be read.
    """
    said = recipe.commoncrawl
    if not said.snapshot:
        raise SnapshotError(
            f"the recipe {recipe.name} names no snapshot of Common Crawl: set "
            "`snapshot` in [commoncrawl], as in CC-MAIN-2026-43"
        )
    if said.read == "wet" and recipe.conversions == "lose":
        raise SnapshotError(
            f"the recipe {recipe.name} reads WET files, but loses every text in them: set "
            '`conversions = "read"`, at the top'
        )
    named, unnamed = names_in_index(recipe.languages)
    totals, seen = Totals(), Seen(watch=watch)
    head = Head(
        snapshot=said.snapshot,
        place=place_of(said),
        requests_per_second=said.requests_per_second,
        totals=totals,
    )
    if said.read == "pages":
        wanted = Wanted(said, said.languages or named, recipe.keep_truncated)
        earlier = [np.empty(0, np.uint64), *map(plans.digests, without)]
        rows = _chosen(wanted, np.unique(np.concatenate(earlier)), totals, seen)
    else:
        rows = _whole(said, totals)
    plans.write(out, _counted(rows, totals), head)
    return Selected(
        plan=str(out),
        head=head,
        unnamed=() if said.languages or said.read != "pages" else unnamed,
        row_groups=seen.row_groups,
        row_groups_read=seen.row_groups_read,
    )


def place_of(said: CommonCrawl, base: str = "") -> Place:
    """Return where the archive is that a recipe means, or what else lies at a place like it."""
    where = base or said.base
    return Place(
        base=where.rstrip("/") if "://" in where else str(Path(where).resolve()),
        endpoint=said.endpoint,
        anonymous=said.anonymous,
        contact=said.contact,
    )


def _fetcher(said: CommonCrawl, base: str = "") -> Fetcher:
    return Fetcher(source_of(place_of(said, base)), pace_of(said.requests_per_second))


def _whole(said: CommonCrawl, totals: Totals) -> Iterator[dict[str, Any]]:
    """Yield the rows of a plan that reads whole files."""
    archive = _fetcher(said)
    files = sorted(paths_of(archive, said.snapshot, said.read))
    totals.snapshot_files = len(files)
    for file in files[: said.max_files or None]:
        yield plans.row_of_whole(file, said.read, archive.size(file))


def _chosen(
    wanted: Wanted, known: NDArray[np.uint64], totals: Totals, seen: Seen
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a plan that reads chosen records."""
    said = wanted.settings
    listed = sorted(paths_of(_fetcher(said), said.snapshot, PAGES))
    totals.snapshot_files = len(listed)
    files = pa.array(listed[: said.max_files]) if said.max_files else None
    index = _fetcher(said, said.index)
    lost: Counter[str] = Counter()
    spoken: Counter[str] = Counter()
    hosts = Hosts()
    parts = parts_of(index, said.snapshot, PAGES)
    with _buckets() as pages:
        for rows in wanted_rows(index, parts, wanted, lost, seen):
            taken = _unknown(_in_files(rows, files, lost), known, lost)
            if not len(taken):
                continue
            pages.add(taken)
            hosts.add(taken[HOST])
            _count_languages(taken, spoken)
        totals.lost = {test: number for test, number in sorted(lost.items()) if number}
        totals.languages = dict(sorted(spoken.items()))
        totals.snapshot_pages = seen.rows
        totals.index_bytes = seen.bytes
        if seen.ends:
            mean = sum(seen.ends.values()) / len(seen.ends)
            totals.snapshot_bytes = int(mean * totals.snapshot_files)
        for found in pages.in_files():
            totals.pages += len(found.offsets)
            yield _row(found, PAGES, said, totals, seen)
    if said.robots:
        yield from _robots(index, said, hosts, totals)


def _robots(
    index: Fetcher, said: CommonCrawl, hosts: Hosts, totals: Totals
) -> Iterator[dict[str, Any]]:
    seen = Seen()
    parts = parts_of(index, said.snapshot, ROBOTS)
    with _buckets() as captures:
        for rows in robots_rows(index, parts, said, hosts.have, seen):
            captures.add(rows)
        totals.index_bytes += seen.bytes
        for found in captures.in_files():
            totals.robots += len(found.offsets)
            yield _row(found, ROBOTS, said, totals, seen)


@contextmanager
def _buckets() -> Iterator[Buckets]:
    with scratch() as folder, Buckets(folder) as buckets:
        yield buckets


def _row(
    found: InFile, subset: str, said: CommonCrawl, totals: Totals, seen: Seen
) -> dict[str, Any]:
    totals.files_bytes += seen.ends[found.file]
    requests = requests_for(found.offsets, found.lengths, said.break_even)
    return plans.row_of(found, subset, requests)


def _counted(rows: Iterator[dict[str, Any]], totals: Totals) -> Iterator[dict[str, Any]]:
    """Pass rows on and count them; SnapshotError if there are none."""
    modes: Counter[str] = Counter()
    for row in rows:
        modes[row["mode"]] += 1
        totals.files += 1
        totals.requests += len(row["starts"])
        totals.wanted_bytes += row["bytes"]
        totals.read_bytes += int((row["stops"] - row["starts"]).sum())
        yield row
    totals.modes = dict(sorted(modes.items()))
    if not totals.files:
        lost = ", ".join(f"{test} {number:,}" for test, number in sorted(totals.lost.items()))
        raise SnapshotError(
            f"nothing of {totals.snapshot_pages:,} captures is wanted"
            f"{f' (failed: {lost})' if lost else ''}: look at [commoncrawl] in the recipe"
        )


def _in_files(rows: pa.Table, files: pa.Array | None, lost: Counter[str]) -> pa.Table:
    """Return the rows that are in some files; all of them if none are named."""
    if files is None:
        return rows
    taken = rows.filter(pc.is_in(rows[FILE], files))
    lost["max_files"] += len(rows) - len(taken)
    return taken


def _unknown(rows: pa.Table, known: NDArray[np.uint64], lost: Counter[str]) -> pa.Table:
    """Return the rows whose digest is in no earlier plan."""
    if not len(known) or not len(rows):
        return rows
    taken = rows.filter(pa.array(~among(known, digests_of(rows[DIGEST].combine_chunks()))))
    lost["digest"] += len(rows) - len(taken)
    return taken


def _count_languages(rows: pa.Table, spoken: Counter[str]) -> None:
    counted = pc.value_counts(rows[LANGUAGES])
    for one in counted.to_pylist():
        spoken[(one["values"] or "unknown").partition(",")[0]] += one["counts"]
