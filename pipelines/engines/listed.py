"""Parts by their ordinals, given out to the workers of a pipeline."""

import zlib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection

from florilegium.pipelines.engines.packed import Keyed

Listed: TypeAlias = tuple[int, str]
"""The ordinal of a part, and what its workers need to know of it."""


def spread_parts(root: beam.Pipeline, parts: Sequence[Listed]) -> PCollection:
    """Return a collection of the parts, each on any worker."""
    spread: PCollection = (
        root
        | beam.Impulse()
        | "Parts" >> beam.FlatMap(unlisted, listed(parts))
        | "Spread" >> beam.Reshuffle()
    )
    return spread


def listed(parts: Sequence[Listed]) -> bytes:
    """Return the parts in few bytes: they lie in the graph, which engines want below 10 MB."""
    return zlib.compress(msgspec.json.encode(sorted(parts)))


def unlisted(_: bytes, packed: bytes) -> Iterator[Keyed]:
    """Yield each part by its ordinal."""
    for ordinal, about in msgspec.json.decode(zlib.decompress(packed), type=list[Listed]):
        yield ordinal, about.encode()
