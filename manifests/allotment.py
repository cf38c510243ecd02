"""How much of each part of a corpus goes into a sample, and up to which id that is."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil
from typing import TypeVar

import msgspec
from msgspec import Struct

from florilegium.manifests.buckets import BUCKETS, Bucket, Kept, bucket, sum_of
from florilegium.manifests.location import Location
from florilegium.manifests.lookup import may_hold
from florilegium.manifests.manifest import Shard
from florilegium.manifests.samples import Asked
from florilegium.manifests.tables import parquet

ALL = 1 << 128
"""A limit above every id."""
_WIDTH = ALL // BUCKETS

Key = TypeVar("Key", bound=tuple[str, ...] | str)


class Allotment(Struct, frozen=True):
    """Up to which id documents of a language are in a sample, and how many these are."""

    below: int
    """The first id that is not in it, as a number; `ALL` if every one is."""
    least: Bucket
    """What is in whole buckets below."""
    most: Bucket
    """The same with the bucket in which the limit lies."""

    @property
    def expected(self) -> Bucket:
        """What it comes to, if documents lie evenly in the last bucket."""
        share = (self.below % _WIDTH) / _WIDTH
        pairs = zip(*map(msgspec.structs.astuple, (self.least, self.most)), strict=True)
        return Bucket(*(round(low + share * (high - low)) for low, high in pairs))


def allotments(
    release: Location, shards: Iterable[Shard], kept: Kept, asked: Asked
) -> dict[str, Allotment]:
    """Return what is allotted to each language of `kept`, for a sample of languages or of all.

    Buckets decide. Where a limit falls into one that is not taken whole, its ids are read.
    """
    shards = list(shards)

    def limit(kept: Kept, budget: int, unit: str) -> int:
        return _limit(release, [s for s in shards if s.lang in kept], kept, budget, unit)

    totals = {lang: sum_of(held.values()) for lang, held in kept.items()}
    unit = "tokens" if asked.tokens is not None else "documents"
    if asked.by == "language":
        sizes = {lang: getattr(total, unit) for lang, total in totals.items()}
        limits = {
            lang: limit({lang: kept[lang]}, budget, unit)
            for lang, budget in shares(asked, sizes).items()
        }
    elif asked.fraction is not None:
        limits = dict.fromkeys(kept, int(Fraction(repr(asked.fraction)) * ALL))
    else:
        limits = dict.fromkeys(kept, limit(kept, asked.documents or asked.tokens or 0, unit))
    return {lang: _allotment(kept[lang], below) for lang, below in sorted(limits.items())}


def shares(asked: Asked, sizes: Mapping[Key, int]) -> dict[Key, int]:
    """Return how much of each part is asked for, of these sizes in the unit that was asked for.

    A fraction is rounded up. Otherwise parts get the same, and what some do not have is divided
    among the others. Who asks for more gets no less of any part.
    """
    if asked.fraction is not None:
        fraction = Fraction(repr(asked.fraction))
        return {part: ceil(size * fraction) for part, size in sizes.items()}
    left = asked.documents or asked.tokens or 0
    found = {}
    ascending = sorted(sizes, key=lambda part: (sizes[part], part))
    for number, part in enumerate(ascending):
        found[part] = min(sizes[part], left // (len(ascending) - number))
        left -= found[part]
    return found


def _allotment(held: Mapping[int, Bucket], below: int) -> Allotment:
    place = below // _WIDTH
    least = sum_of([Bucket(), *(one for number, one in held.items() if number < place)])
    partial = held.get(place, Bucket()) if below % _WIDTH else Bucket()
    return Allotment(below, least, sum_of([least, partial]))


def _limit(release: Location, shards: Iterable[Shard], kept: Kept, budget: int, unit: str) -> int:
    """Return the greatest limit below which documents do not exceed a budget."""
    taken = 0
    for number in range(BUCKETS):
        more = sum(getattr(held[number], unit) for held in kept.values() if number in held)
        if taken + more > budget:
            return _limit_within(release, shards, number, budget - taken, unit)
        taken += more
    return ALL


def _limit_within(
    release: Location, shards: Iterable[Shard], number: int, budget: int, unit: str
) -> int:
    rows = [
        row
        for shard in shards
        if number * shard.of // BUCKETS == shard.index
        for row in _ids_and_tokens(release, shard, number)
    ]
    for identity, tokens in sorted(rows):
        budget -= tokens if unit == "tokens" else 1
        if budget < 0:
            return int.from_bytes(identity)
    return (number + 1) * _WIDTH


def _ids_and_tokens(release: Location, shard: Shard, number: int) -> list[tuple[bytes, int]]:
    low, high = (n.to_bytes(16) for n in (number * _WIDTH, (number + 1) * _WIDTH - 1))
    found: list[tuple[bytes, int]] = []
    with parquet(release / shard.path) as file:
        for group in range(file.num_row_groups):
            if may_hold(file, group, low, high):
                rows = file.read_row_group(group, ["id", "tokens"], use_threads=False)
                pairs = zip(*(column.to_pylist() for column in rows.columns), strict=True)
                found += (pair for pair in pairs if bucket(pair[0]) == number)
    return found
