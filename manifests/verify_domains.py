"""Checking the table of domains against the shards and the ledger."""

import re
from collections.abc import Generator, Iterator

import msgspec

from florilegium.manifests import domains, funnel
from florilegium.manifests.domains import FOLDER, Domain, Weighed
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.verify_files import UNREADABLE

_NUMBER = re.compile(rf"{FOLDER}/(\d{{5,9}})\.parquet")


def check_domains(
    release: Location, manifest: Manifest, there: set[str], weighed: Weighed, counted: bool
) -> Iterator[str]:
    """Check the files of the table, as far as they are `there`: their order, and what they add to.

    If all rows of shards and ledger were `counted`, they are compared with what those hold.
    """
    total = Domain()
    whole = True
    for table in domains.tables(manifest):
        read = table.path in there and (yield from _check_file(release, manifest, table, total))
        whole = whole and read
    if not whole:
        return
    for what, stated, found in (
        ("documents", manifest.documents, total.documents),
        ("tokens", manifest.tokens, total.tokens),
        ("bytes of text", sum(one.text_bytes for one in manifest.languages), total.bytes),
    ):
        if stated != found:
            yield f"{FOLDER}: {found} {what}, the manifest says {stated}"
    if total.lost > (lost := sum(funnel.by_rule(manifest.funnel).values())):
        yield f"{FOLDER}: {total.lost} losses, the funnel says {lost}"
    if not counted:
        return
    for table in domains.tables(manifest):
        for name, one in domains.rows(release / table.path):
            weighed.state(name, one)
    if weighed.stated != weighed.counted:
        yield f"{FOLDER}: other documents, tokens, bytes or losses than in shards and ledger"


def _check_file(
    release: Location, manifest: Manifest, table: Table, total: Domain
) -> Generator[str, None, bool]:
    """Check one file and add it to the total; return whether it could be read."""
    of = domains.files(len(manifest.inputs))
    match = _NUMBER.fullmatch(table.path)
    before, rows, misplaced, void = "", 0, 0, 0
    try:
        for name, one in domains.rows(release / table.path):
            if rows and name <= before:
                yield f"{table.path}: its rows are not in ascending order of distinct domains"
                return False
            before = name
            rows += 1
            misplaced += match is None or domains.file_of(name, of) != int(match[1])
            numbers = msgspec.structs.astuple(one)
            void += min(numbers) < 0 or not any(numbers)
            for field, number in zip(Domain.__struct_fields__, numbers, strict=True):
                setattr(total, field, getattr(total, field) + number)
    except UNREADABLE as error:
        yield f"{table.path}: cannot be read: {error}"
        return False
    if rows != table.rows:
        yield f"{table.path}: {rows} rows, the manifest says {table.rows}"
    if misplaced:
        yield f"{table.path}: holds {misplaced} domains that belong in another file"
    if void:
        yield f"{table.path}: holds {void} domains of which there is nothing, or less"
    return True
