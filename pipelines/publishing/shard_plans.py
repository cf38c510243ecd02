"""Plans of shards: which documents go into which, and which are written together."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from florilegium.manifests.buckets import BUCKETS, Bucket
from florilegium.manifests.layout import shard_path
from florilegium.pipelines.recipe import Shards

SLICE_BYTES = 64 << 20
"""Text that one worker must hold at a time, whatever the size of a shard."""

_PLACE_BYTES = 8
_PLACES = 1 << 8 * _PLACE_BYTES

SliceName: TypeAlias = tuple[str, int]
"""The label of a shard, and which of its slices, 0 to `slices` - 1."""


class ShardPlan(Struct, frozen=True, kw_only=True):
    """A shard to write: a range of buckets of one language, and where its leaves begin."""

    lang: str
    index: int
    of: int
    first_leaf: int
    documents: int
    bytes: int

    @property
    def label(self) -> str:
        """Path of the shard below `data/`."""
        return shard_path(self.lang, self.index, self.of).removeprefix("data/")

    @property
    def slices(self) -> int:
        """Ranges of ids, a power of two, in which the shard is put together."""
        number = 1
        while number * SLICE_BYTES < self.bytes:
            number *= 2
        return number


def plan_shards(kept: dict[str, dict[int, Bucket]], shards: Shards) -> list[ShardPlan]:
    """Return the shards of a release, by language and range of ids, without empty ones.

    A language gets a power of two of shards, at most BUCKETS, so that none should exceed the
    size by more than chance; ranges halve, so that shards of two releases nest.
    """
    plans: list[ShardPlan] = []
    leaf = 0
    for lang in sorted(kept):
        buckets = kept[lang]
        size = sum(b.bytes if shards.unit == "bytes" else b.tokens for b in buckets.values())
        of = 1
        while of * shards.size < size and of < BUCKETS:
            of *= 2
        held: dict[int, list[Bucket]] = {}
        for number in sorted(buckets):
            held.setdefault(number * of // BUCKETS, []).append(buckets[number])
        for index, mine in held.items():
            if documents := sum(b.documents for b in mine):
                plans.append(
                    ShardPlan(
                        lang=lang,
                        index=index,
                        of=of,
                        first_leaf=leaf,
                        documents=documents,
                        bytes=sum(b.bytes for b in mine),
                    )
                )
            leaf += documents
    return plans


def group_into_waves(
    plans: Iterable[ShardPlan], most_bytes: int | None, fewest: int
) -> Iterator[list[ShardPlan]]:
    """Yield the shards in groups of about `most_bytes` of text, or of `fewest` large ones.

    All in one if there is no limit.
    """
    wave: list[ShardPlan] = []
    wave_bytes = 0
    for plan in plans:
        full = most_bytes is not None and wave_bytes + plan.bytes > most_bytes
        if full and len(wave) >= fewest:
            yield wave
            wave, wave_bytes = [], 0
        wave.append(plan)
        wave_bytes += plan.bytes
    if wave:
        yield wave


class _Shard(NamedTuple):
    """A shard as a range of places, cut into slices."""

    start: int
    width: int
    slices: int
    label: str


class Wanted:
    """The shards to be written, found by language and id however many there are."""

    def __init__(self, plans: Iterable[ShardPlan]) -> None:
        self._shards: dict[str, list[_Shard]] = {}
        for plan in sorted(plans, key=lambda plan: (plan.lang, plan.index)):
            width = _PLACES // plan.of
            shard = _Shard(plan.index * width, width, plan.slices, plan.label)
            self._shards.setdefault(plan.lang, []).append(shard)
        self._starts = {
            lang: [shard.start for shard in shards] for lang, shards in self._shards.items()
        }
        self._languages = list(self._shards)

    def slice_of(self, lang: str, identity: bytes) -> SliceName | None:
        """Return the slice that takes a document; None if its shard is not wanted."""
        place = _place(identity)
        shard = self._last_up_to(place, lang)
        if shard is None or place >= shard.start + shard.width:
            return None
        return shard.label, (place - shard.start) * shard.slices // shard.width

    def any_of_languages(self, first: str, last: str) -> bool:
        """Return whether a shard is wanted of the languages from `first` to `last`."""
        return bisect_left(self._languages, first) < bisect_right(self._languages, last)

    def any_of_ids(self, lang: str, first: bytes, last: bytes) -> bool:
        """Return whether a shard is wanted of the ids from `first` to `last` of a language."""
        shard = self._last_up_to(_place(last), lang)
        return shard is not None and _place(first) < shard.start + shard.width

    def _last_up_to(self, place: int, lang: str) -> _Shard | None:
        """Return the last shard of a language that starts at a place or before it."""
        number = bisect_right(self._starts.get(lang, ()), place)
        return self._shards[lang][number - 1] if number else None


def _place(identity: bytes) -> int:
    """Return where an id lies among all, 0 to _PLACES - 1."""
    return int.from_bytes(identity[:_PLACE_BYTES], "big")
