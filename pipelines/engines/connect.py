"""Connect: pairs of vertices to the components of their graph, spread over all workers.

First the graph shrinks: in each round every vertex without a larger neighbour leaves it, and its
neighbours are linked in its stead. Then the little that is left is solved in one place, and the
vertices that left learn, last round first, which component they are in. The answer is exact after
any number of rounds; they only decide how much is left.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations
from numpy.typing import NDArray

from florilegium.dedup.components import eliminate, forest, lead
from florilegium.pipelines.engines.packed import (
    Group,
    Joined,
    Keyed,
    gather_pairs,
    pieces,
    scatter,
)

_ROUNDS = 4
"""Each leaves a fifth to a half of the vertices before it. Among 230,000 pages of planted sites,
16 % of which shared a band with another, four left 885 links."""


@beam.ptransform_fn
@no_annotations
def connect(links: PCollection, partitions: int) -> PCollection:
    """Packed links (vertex, smaller vertex) -> packed (vertex, root) of every vertex but roots.

    The root of a component is one of its vertices. Vertices must be spread evenly over 64 bits.
    What is left of the links after the rounds, 16 bytes each, comes together on one worker: as
    measured, 60 kB for each million documents.
    """
    left = []
    for turn in range(_ROUNDS):
        outcome = (
            links
            | f"ByVertex{turn}" >> beam.FlatMap(_by_vertex, partitions)
            | f"GroupByVertex{turn}" >> beam.GroupByKey()
            | f"Eliminate{turn}" >> beam.FlatMap(_eliminated).with_outputs("left", main="links")
        )
        left.append(outcome.left)
        links = outcome.links
    labels: PCollection = (
        links
        | "Forest" >> beam.CombineGlobally(_forest).without_defaults()
        | "Pieces" >> beam.FlatMap(_pieces)
    )
    for turn in reversed(range(_ROUNDS)):
        joined = {
            "left": left[turn] | f"ByNeighbour{turn}" >> beam.FlatMap(_by_column, 1, partitions),
            "labels": labels | f"ByLabelled{turn}" >> beam.FlatMap(_by_column, 0, partitions),
        } | f"JoinLabels{turn}" >> beam.CoGroupByKey()
        led = joined | f"Lead{turn}" >> beam.FlatMap(_led)
        labels = (labels, led) | f"Labels{turn}" >> beam.Flatten()
    return labels


def partition_of(vertices: NDArray[np.uint64], partitions: int) -> NDArray[np.uint64]:
    """Return the partition of each vertex, 0 to partitions - 1, from its better mixed half."""
    return (vertices >> np.uint64(32)) % np.uint64(partitions)


def _by_vertex(packed: bytes, partitions: int) -> Iterator[Keyed]:
    """Key links by their larger vertex, and let the smaller one know that it has a larger."""
    links = gather_pairs([packed])
    inner = np.unique(links[:, 1])
    links = np.concatenate([links, np.stack([inner, inner], axis=1)])
    yield from scatter(links, partition_of(links[:, 0], partitions))


def _eliminated(group: Group) -> Iterator[bytes | TaggedOutput[Literal["left"], bytes]]:
    left, links = eliminate(gather_pairs(group[1]))
    yield from pieces(links)
    for piece in pieces(left):
        yield TaggedOutput("left", piece)


def _forest(links: Iterable[bytes]) -> bytes:
    """Reduce packed links or forests of them, in any grouping and order: Beam combines with it."""
    return forest(gather_pairs(links)).tobytes()


def _pieces(packed: bytes) -> Iterator[bytes]:
    yield from pieces(gather_pairs([packed]))


def _by_column(packed: bytes, column: int, partitions: int) -> Iterator[Keyed]:
    pairs = gather_pairs([packed])
    yield from scatter(pairs, partition_of(pairs[:, column], partitions))


def _led(joined: Joined) -> Iterator[bytes]:
    left, labels = (gather_pairs(joined[1][name]) for name in ("left", "labels"))
    yield from pieces(lead(left, labels))
