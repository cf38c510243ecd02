"""Promotion: of the copies of an erased document, the best that is not erased takes its place.

Its text and all that is known of it are in the part that harvest made of it, and in what later
steps of the last build found there; so it can be had as long as that work lies there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from florilegium.dedup.policy import priorities
from florilegium.manifests.document import Document
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.mixture import Mixed, stays
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.erasure.blocked import Blocked
from florilegium.pipelines.erasure.ledger import Follower
from florilegium.pipelines.erasure.purge import words_of
from florilegium.pipelines.files import load_array
from florilegium.pipelines.harvest.part import load
from florilegium.pipelines.last import LastBuild, recall
from florilegium.pipelines.overlay import Overlay
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.verdicts.judgement import failed


class Heir(Struct, frozen=True):
    """A document that takes the place of an erased one."""

    document: Document
    stored: NDArray[np.void]
    """What deduplication knows of it."""
    of: bytes
    """Id of the erased one."""


class Promoted(Struct, frozen=True):
    """Who takes whose place, and why no others do."""

    heirs: list[Heir]
    without_text: int = 0
    """Erased documents whose copies are not in the work folder."""
    none_fit: int = 0
    """Those whose copies are erased too, fail the rules, or were not drawn."""


class _Copy(Struct, frozen=True):
    document: Document
    stored: NDArray[np.void]
    words: bytes


def promote(
    work: Location,
    manifest: Manifest,
    recipe: Recipe,
    gone: Collection[bytes],
    followers: Iterable[Follower],
    blocked: Blocked,
    mixed: Mapping[str, Mixed] | None,
) -> Promoted:
    """Return for each erased document the copy that takes its place, if one can.

    The best is that which the recipe keeps (`keep`), of equals that of the smallest id. If the
    release is `mixed`, one that would not have been drawn takes no place.
    """
    left: dict[bytes, list[Follower]] = defaultdict(list)
    for one in followers:
        if one.of in gone and blocked.by_id(one.id) is None:
            left[one.of].append(one)
    last = recall(work)
    if last is None or last.build_id != manifest.build_id:
        return Promoted([], without_text=len(left))
    wanted = defaultdict(set)
    for some in left.values():
        for one in some:
            wanted[one.warc].add(one.id)
    copies = _copies(work, manifest, last, wanted)
    heirs: list[Heir] = []
    without_text = none_fit = 0
    for of, some in sorted(left.items()):
        there = [copies[one.id] for one in some if one.id in copies]
        heir = _best(there, recipe, blocked, mixed)
        if heir is not None:
            size = sum(not _is_blocked(one, blocked) for one in there)
            heirs.append(Heir(replace(heir.document, dup_size=size), heir.stored, of))
        elif len(there) < len(some):
            without_text += 1
        else:
            none_fit += 1
    return Promoted(heirs, without_text, none_fit)


def _best(
    copies: Iterable[_Copy], recipe: Recipe, blocked: Blocked, mixed: Mapping[str, Mixed] | None
) -> _Copy | None:
    ranked = sorted(
        copies, key=lambda one: (int(priorities(one.stored, recipe.keep)[0]), one.document.id)
    )
    fit = (
        one
        for one in ranked
        if not _is_blocked(one, blocked)
        and failed(one.document, recipe.filters) is None
        and _is_drawn(one.document, mixed)
    )
    return next(fit, None)


def _is_drawn(document: Document, mixed: Mapping[str, Mixed] | None) -> bool:
    if mixed is None:
        return True
    return document.lang in mixed and stays(mixed[document.lang], document.id, document.quality)


def _is_blocked(one: _Copy, blocked: Blocked) -> bool:
    return bool(blocked.by_url(one.document.url) or blocked.by_words(one.words))


def _copies(
    work: Location, manifest: Manifest, last: LastBuild, wanted: Mapping[str, Collection[bytes]]
) -> dict[bytes, _Copy]:
    """Return documents by id, as the last build knew them, from the parts of some inputs."""
    found: dict[bytes, _Copy] = {}
    for ordinal, (source, name) in enumerate(zip(manifest.inputs, last.parts, strict=True)):
        if source.name not in wanted:
            continue
        folder = work / "parts" / name
        part = load(folder)
        if part is not None and part.sha256 == source.sha256:
            with _overlay(work, last, ordinal) as overlay:
                rows = _rows(folder / part.attempt, overlay, wanted[source.name])
                found.update((one.document.id, one) for one in rows)
    return found


def _overlay(work: Location, last: LastBuild, ordinal: int) -> Overlay:
    def place(step: str, name: str | None) -> Location | None:
        return None if name is None else work / step / name

    return Overlay(
        place("lines", last.lines),
        ordinal,
        place("licences", last.licences),
        place("rights", last.judged),
        place("assessed", last.assessed),
    )


def _rows(files: Location, overlay: Overlay, wanted: Collection[bytes]) -> Iterator[_Copy]:
    stored = load_array(files / "signatures.npy")
    words = words_of(stored)
    row = 0
    for table in batches(files / "documents.parquet"):
        ids = table.column("id").to_pylist()
        mine = [place for place, one in enumerate(ids) if one in wanted]
        if mine:
            now = overlay.applied(table, row).take(mine).cast(DOCUMENT_SCHEMA)
            for place, document in zip(mine, from_table(now, Document), strict=True):
                number = row + place
                yield _Copy(document, stored[number : number + 1], words[number])
        row += table.num_rows
