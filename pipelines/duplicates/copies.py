"""Copies of earlier releases: how many documents of a build gave way to each of theirs.

Deduplication notes it for each file of their indexes; here it becomes a table of the new release.
"""

import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.copies import FOLDER, Copies
from florilegium.manifests.entries import entry
from florilegium.manifests.location import locate, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import COPIES_SCHEMA, to_table
from florilegium.pipelines.files import load_array


class EarlierFile(Struct, frozen=True, kw_only=True):
    """A file of the index of an earlier release, and where its copies are counted."""

    number: int
    """Among all such files, from 0."""
    earlier: str
    """Name of the release, as the ledger cites it."""
    decisions: str
    """Where it was noted what new documents gave way to its own."""
    release: str
    """Folder of the new release."""


def write_copies(file: EarlierFile) -> list[Table]:
    """Write a row for each document that new ones gave way to, by id; return the table, if any.

    The file is `audit/copies/<number>.parquet`; its rows are Copies.
    """
    noted = load_array(locate(file.decisions))
    rows = [
        Copies(id=one["kept_id"].tobytes(), release=file.earlier, copies=int(one["size"]) - 1)
        for one in noted
    ]
    rows.sort(key=lambda row: row.id)
    if not rows:
        return []
    path = f"{FOLDER}/{file.number:05d}.parquet"
    place = locate(file.release) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as draft:
        pq.write_table(
            to_table(rows, COPIES_SCHEMA), draft, compression="zstd", compression_level=3
        )
        return [entry(path, len(rows), draft)]
