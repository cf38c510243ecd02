"""Earlier documents that a build has to compare: those that share something with a new one.

A corpus grows and the input of a month does not. So the indexes of earlier releases are read, but
only what a new document may give way to goes through the shuffles. The decisions are the same: two
documents are compared only if they share capture, words, address or band, and what is compared in
one place is there whole. Words are followed once more, since of published documents of the same
words the best is named; where texts are not compared, bands are followed to their ends, since a
cluster gives way to the best of it.
"""

import hashlib
from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.dedup.methods import METHODS
from florilegium.manifests.location import Location, locate
from florilegium.pipelines.duplicates.entries import View, read_entries
from florilegium.pipelines.duplicates.index import IndexFile, read_index
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.planning import Plan

MOST_NEW = 4_000_000
"""New documents up to which that is done: what they share takes up to 136 bytes each in memory."""

_Keys = NDArray[np.uint64]


class _Hits(Struct, frozen=True, array_like=True):
    """The rows of an index that share something, a bit each, and what more they lead to."""

    rows: bytes
    leads: bytes


def narrowed(
    plan: Plan, parts: Sequence[tuple[int, str]], judged: str, engine: Engine
) -> list[str]:
    """Return the files of indexes with which a build compares its parts, as `only_needed`."""
    indexes = [msgspec.json.encode(file).decode() for one in plan.against for file in one.files]
    settings = plan.recipe.duplicates
    view = View(METHODS[settings.method], plan.recipe.keep, settings.scope, len(plan.units), judged)
    return only_needed(parts, indexes, view, plan.bench / "earlier", engine)


def only_needed(
    parts: Sequence[tuple[int, str]],
    published: Sequence[str],
    view: View,
    folder: Location,
    engine: Engine,
) -> list[str]:
    """Return the files of indexes with no other rows than a build has to compare.

    Parts and files are as for `write_decisions`. The new files lie in `folder`; one of which
    nothing is left is an empty name. With too many new documents, the files come back as they are.
    BadIndexError if one is missing or damaged.
    """
    if not published or (keys := _of_parts(parts, view)) is None:
        return list(published)
    items, sizes = [one.encode() for one in published], [1] * len(published)
    hits: list[NDArray[np.bool_]] = []
    seen, first = keys, True
    while first or len(keys):
        name = hashlib.sha256(keys.tobytes()).hexdigest()[:16]
        place = folder / f"{name}.npy"
        folder.mkdir(parents=True, exist_ok=True)
        save_array(place, keys)
        work = partial(_share, view, str(place), first)
        answers = each(engine, items, sizes, work, folder / name)
        found = [msgspec.msgpack.decode(answer, type=_Hits) for answer in answers]
        rows = [np.unpackbits(np.frombuffer(one.rows, np.uint8)) > 0 for one in found]
        hits = rows if first else [a | b for a, b in zip(hits, rows, strict=True)]
        leads = np.unique(np.concatenate([np.frombuffer(one.leads, np.uint64) for one in found]))
        keys = np.setdiff1d(leads, seen, assume_unique=True)
        seen, first = np.union1d(seen, keys), False
    there = [number for number, rows in enumerate(hits) if rows.any()]
    chosen = [
        msgspec.msgpack.encode((number, items[number], np.packbits(hits[number]).tobytes()))
        for number in there
    ]
    written = each(
        engine, chosen, [1] * len(chosen), partial(_write, view, str(folder)), folder / "chosen"
    )
    names = dict(zip(there, written, strict=True))
    return [names.get(number, b"").decode() for number in range(len(items))]


def _of_parts(parts: Sequence[tuple[int, str]], view: View) -> _Keys | None:
    """Return all that new documents share with what they are compared to; None of too many."""
    some, documents = [np.empty(0, np.uint64)], 0
    for ordinal, path in parts:
        entries = read_entries(ordinal, path, view)
        documents += len(entries)
        if documents > MOST_NEW:
            return None
        some.append(np.unique(_shared(entries).ravel()))
    return np.unique(np.concatenate(some))


def _shared(entries: NDArray[np.void]) -> NDArray[np.uint64]:
    """Return what each entry is grouped by: half of its id and words, address and bands."""
    capture = np.ascontiguousarray(entries["id"]).view(np.uint64).reshape(-1, 2)[:, 1:]
    others = entries["text"][:, :1], entries["address"][:, None], entries["bands"]
    return np.concatenate([capture, *others], axis=1)


def _share(view: View, keys: str, first: bool, about: bytes) -> bytes:
    entries = read_entries(view.published, about.decode(), view)
    wanted = load_array(locate(keys))
    led = entries["text"][:, :1]
    if not view.method.verifies:
        led = np.concatenate([led, entries["bands"]], axis=1)
    rows = _among(_shared(entries) if first else led, wanted).any(axis=1)
    leads = np.unique(led[rows].ravel())
    return msgspec.msgpack.encode(_Hits(np.packbits(rows).tobytes(), leads.tobytes()))


def _among(values: NDArray[np.uint64], wanted: _Keys) -> NDArray[np.bool_]:
    if not len(wanted):
        return np.zeros(values.shape, np.bool_)
    place = np.searchsorted(wanted, values).clip(max=len(wanted) - 1)
    found: NDArray[np.bool_] = wanted[place] == values
    return found


def _write(view: View, folder: str, item: bytes) -> bytes:
    number, about, bits = msgspec.msgpack.decode(item, type=tuple[int, bytes, bytes])
    file = msgspec.json.decode(about, type=IndexFile)
    rows = read_index(about.decode(), view.method)
    chosen = np.unpackbits(np.frombuffer(bits, np.uint8), count=len(rows)) > 0
    place = locate(folder) / "rows" / f"{number:06d}.npy"
    place.parent.mkdir(parents=True, exist_ok=True)
    save_array(place, rows[chosen])
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    return msgspec.json.encode(IndexFile(str(place), digest, file.release))
