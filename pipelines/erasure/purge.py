"""Purge: parts without what was erased. Each such document becomes a loss of its part.

A part is made anew beside itself and then named by its label, so it is whole at any time. Labels
say of which log their part was purged, so it is looked at once for each log.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from florilegium.filters.optouts.origin import host_of
from florilegium.manifests.erasures import Basis
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate, remove, remove_tree, replacing
from florilegium.manifests.schema import (
    DOCUMENT_SCHEMA,
    HOST_SCHEMA,
    LOSS_SCHEMA,
    from_table,
    to_table,
)
from florilegium.manifests.scratch import mark
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure.blocked import Blocked, Noted
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.harvest.part import Part, finished, load, remove_left_over

MADE_OF_PARTS = ("decisions", "rights", "lines", "licences", "assessed", "builds", "last.json")
"""What lies in a work folder and tells of documents by their rows in parts, or has their texts."""


def purge(work: Location, noted: Noted, engine: Engine) -> int:
    """Take what a log names out of all parts in a work folder; return how many documents it was.

    If any, what was made of the parts goes too. To be called by who holds the lock of builds.
    """
    parts, notes = work / "parts", work / "purge"
    unfinished = notes.is_dir()
    todo = [name for name, part in sorted(finished(parts).items()) if part.erased != noted.sha256]
    # What came of other parts, in a purge that was stopped, says nothing of these.
    remove_tree(notes)
    items = [str(parts / name).encode() for name in todo]
    answers = each(engine, items, [1] * len(items), partial(_purge, noted), notes)
    found = [msgspec.msgpack.decode(answer, type=Purged) for answer in answers]
    if unfinished or any(one.changed for one in found):
        for name in MADE_OF_PARTS:
            remove(work / name)
    remove_left_over(parts)
    remove_tree(notes)
    return sum(one.documents for one in found)


class Purged(Struct, frozen=True):
    """What was taken out of a part."""

    documents: int = 0
    changed: bool = False
    """Whether the part is another now: documents gone, or lines of losses that say less."""


_known: dict[str, Blocked] = {}


def blocked_by(noted: Noted) -> Blocked:
    """Return what a log names; a worker reads it once."""
    if noted.sha256 not in _known:
        _known.clear()
        _known[noted.sha256] = noted.blocked()
    return _known[noted.sha256]


def _purge(noted: Noted, folder: bytes) -> bytes:
    purged = purge_part(locate(folder.decode()), blocked_by(noted), noted.sha256)
    return msgspec.msgpack.encode(purged)


def purge_part(folder: Location, blocked: Blocked, digest: str) -> Purged:
    """Take what is blocked out of a part, and label it with the digest of the log."""
    part = load(folder)
    if part is None or part.erased == digest:
        return Purged()
    before = folder / part.attempt
    gone = dict(_gone(before, blocked))
    losses = _losses(before, blocked)
    hosts = [one for one in _hosts(before) if blocked.by_host(host_of(one.origin)) is None]
    if not gone and losses is None and len(hosts) == part.host_records:
        _label(folder, replace(part, erased=digest))
        return Purged()
    attempt = mark()
    place = folder / attempt
    place.mkdir(parents=True)
    lost = _write_documents(before, place, gone, blocked)
    kept = losses if losses is not None else list(_rows_of(before))
    _write(place / "losses.parquet", to_table([*kept, *lost], LOSS_SCHEMA))
    _write(place / "hosts.parquet", to_table(hosts, HOST_SCHEMA))
    stored = load_array(before / "signatures.npy")
    stays = np.ones(len(stored), np.bool_)
    stays[list(gone)] = False
    save_array(place / "signatures.npy", stored[stays])
    _label(folder, replace(part, attempt=attempt, erased=digest, host_records=len(hosts)))
    remove_tree(before)
    return Purged(len(gone), changed=True)


def words_of(stored: NDArray[np.void]) -> list[bytes]:
    """Return of each stored signature the hash of its words, 16 bytes."""
    return [row.tobytes() for row in stored["text"]]


def with_sizes(
    some: Iterable[tuple[str, int, NDArray[np.void]]],
) -> dict[str, NDArray[np.void]]:
    """Return rows for an index by input, in the order of ids.

    Of each document is given its input, how many documents it stands for, and its signature.
    """
    by_warc: dict[str, list[NDArray[np.void]]] = defaultdict(list)
    for warc, size, stored in some:
        row = np.zeros(1, np.dtype([*stored.dtype.descr, ("size", "<u4")]))
        for field in stored.dtype.names or ():
            row[field] = stored[field]
        row["size"] = size
        by_warc[warc].append(row)
    return {
        warc: np.concatenate(sorted(rows, key=lambda row: row["id"].tobytes()))
        for warc, rows in by_warc.items()
    }


def _gone(files: Location, blocked: Blocked) -> Iterator[tuple[int, Basis]]:
    """Yield the rows of documents that are blocked."""
    words = words_of(load_array(files / "signatures.npy"))
    row = 0
    for table in batches(files / "documents.parquet", ["id", "url"]):
        columns = (table.column(name).to_pylist() for name in ("id", "url"))
        for identity, url in zip(*columns, strict=True):
            basis = blocked.by_id(identity) or blocked.by_url(url) or blocked.by_words(words[row])
            if basis:
                yield row, basis
            row += 1


def _write_documents(
    before: Location, place: Location, gone: dict[int, Basis], blocked: Blocked
) -> list[Loss]:
    """Write the documents of a part that stay; return the losses of the others, by id."""
    lost: list[Loss] = []
    row = 0
    with (
        replacing(place / "documents.parquet") as draft,
        pq.ParquetWriter(draft, DOCUMENT_SCHEMA, compression="zstd", compression_level=1) as file,
    ):
        for table in batches(before / "documents.parquet"):
            rows = range(row, row + table.num_rows)
            row += table.num_rows
            stays = [number not in gone for number in rows]
            if not all(stays):
                named = zip(rows, *(table.column(n).to_pylist() for n in ("id", "warc", "lang")),
                            strict=True)  # fmt: skip
                lost += [
                    blocked.erased(identity, warc, lang, gone[number])
                    for number, identity, warc, lang in named
                    if number in gone
                ]
                table = table.filter(pa.array(stays))
            if table.num_rows:
                file.write_table(table)
    return sorted(lost, key=lambda loss: loss.id)


def _rows_of(files: Location) -> Iterator[Loss]:
    for table in batches(files / "losses.parquet"):
        yield from from_table(table, Loss)


def _losses(files: Location, blocked: Blocked) -> list[Loss] | None:
    """Return the losses of a part as they may stand there; None if that is as they do."""
    before = list(_rows_of(files))
    after = [blocked.loss(loss) for loss in before]
    return None if after == before else after


def _hosts(files: Location) -> Iterator[HostRecord]:
    for table in batches(files / "hosts.parquet"):
        yield from from_table(table, HostRecord)


def _write(place: Location, table: pa.Table) -> None:
    with replacing(place) as draft:
        pq.write_table(table, draft, compression="zstd", compression_level=1)


def _label(folder: Location, part: Part) -> None:
    with replacing(folder / "part.json") as draft:
        draft.write_bytes(msgspec.json.encode(part))
