"""Plans of shards: which documents go into which, and which are written together."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from florilegium.manifests.manifest import shard_path
from florilegium.pipelines.recipe import Shards
from florilegium.pipelines.verdict import BUCKETS, Bucket

SLICE_BYTES = 64 << 20
"""Text that one worker must hold at a time, whatever the size of a shard."""


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


def slice_of(identity: bytes, plan: ShardPlan) -> int:
    """Return the slice of an id of a shard, 0 to `slices` - 1."""
    place = int.from_bytes(identity[:8], "big") * plan.of * plan.slices >> 64
    return place - plan.index * plan.slices


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
        for index in range(of):
            mine = [b for number, b in buckets.items() if number * of // BUCKETS == index]
            documents = sum(b.documents for b in mine)
            if documents:
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
    for plan in plans:
        full = most_bytes is not None and sum(p.bytes for p in wave) + plan.bytes > most_bytes
        if full and len(wave) >= fewest:
            yield wave
            wave = []
        wave.append(plan)
    if wave:
        yield wave
