"""Settle: removals in favour of documents that may be removed themselves, to where they lead.

Each part asks once after every document in whose favour one of its own was removed, so that a
document which half the crawl gave way to is asked after once a part.
"""

from collections.abc import Iterator

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import PCollection
from apache_beam.typehints.decorators import no_annotations
from numpy.typing import NDArray

from florilegium.dedup.decisions import DECISION, part_of, redirect
from florilegium.pipelines.engines.packed import (
    Group,
    Joined,
    Keyed,
    gather,
    gather_pairs,
    pieces,
    scatter,
)

_TURNS = 3
"""A capture gives way to another in its part, that to one elsewhere, that to one of the same
words, that to one elsewhere, that to another capture of its address, that to one that it speaks
for, that to a similar one: seven steps at most, which each turn halves. Without verification no
page speaks for another, but it gives way to a similar one in its part, and that to one elsewhere.
"""


@beam.ptransform_fn
@no_annotations
def settle(removed: PCollection) -> PCollection:
    """Packed removals -> (part, its removals), each led on to a document that is kept."""
    settled: PCollection = (
        removed
        | "ByRow" >> beam.FlatMap(_by_row)
        | "Group" >> beam.GroupByKey()
        | "Together" >> beam.FlatMap(_together)
    )
    for turn in range(_TURNS):
        answers = (
            {"removed": settled, "asked": settled | f"Ask{turn}" >> beam.FlatMap(_ask)}
            | f"JoinAsked{turn}" >> beam.CoGroupByKey()
            | f"Answer{turn}" >> beam.FlatMap(_answer)
        )
        settled = (
            {"removed": settled, "answers": answers}
            | f"JoinAnswers{turn}" >> beam.CoGroupByKey()
            | f"Redirect{turn}" >> beam.FlatMap(_redirect)
        )
    return settled


def _by_row(packed: bytes) -> Iterator[Keyed]:
    removed = gather([packed], DECISION)
    yield from scatter(removed, part_of(removed["row"]))


def _together(group: Group) -> Iterator[Keyed]:
    yield from _keyed(group[0], gather(group[1], DECISION))


def _keyed(key: int, records: NDArray[np.void]) -> Iterator[Keyed]:
    for piece in pieces(records):
        yield key, piece


def _ask(group: Keyed) -> Iterator[Keyed]:
    """Send each kept row and the part that asks after it to the part of that row."""
    rows = np.unique(gather([group[1]], DECISION)["kept_row"])
    asked = np.stack([rows, np.full_like(rows, group[0])], axis=1)
    yield from scatter(asked, part_of(rows))


def _answer(joined: Joined) -> Iterator[Keyed]:
    """Send the removals of rows that were asked after to the parts that asked."""
    removed = gather(joined[1]["removed"], DECISION)
    asked = gather_pairs(joined[1]["asked"])
    removed = removed[np.argsort(removed["row"])]
    place = np.searchsorted(removed["row"], asked[:, 0])
    place, asked = place[place < len(removed)], asked[place < len(removed)]
    found = removed["row"][place] == asked[:, 0]
    yield from scatter(removed[place[found]], asked[found, 1])


def _redirect(joined: Joined) -> Iterator[Keyed]:
    removed, answers = (gather(joined[1][name], DECISION) for name in ("removed", "answers"))
    yield from _keyed(joined[0], redirect(removed, answers))
