"""What a build takes: constants that were measured, and shares that are assumed.

The measured ones are in `costs.json`, written by `bench/scale.py`; the assumed ones are here.
Whoever forecasts takes both from this module: `florilegium plan` and `docs/scale.md`.
"""

from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

AT_WORK = 0.8
"""Assumed: share of the time in which a core that is paid for works."""

COPIES_HELD = 3
"""Assumed: copies of what it groups that a worker of deduplication holds at the same time."""


class Measured(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The input that the constants come from, and what a build made of it."""

    machine: str
    files: int
    bytes: int
    records: int
    pages: int
    """HTML pages."""
    documents: int
    """Documents that harvest made, copies and poor ones included."""
    text_bytes: int
    """Text of all documents that harvest made."""
    published: int
    """Documents of the release."""
    tokens: int
    """Tokens of the release."""
    published_text_bytes: dict[str, int]
    """Text of the release, by language."""


class Shuffle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one grouping moves between workers: keys, values and what Beam adds to them."""

    step: str
    name: str
    each: str
    """What the bytes are counted by: `document`, or `unit` where documents make no difference."""
    bytes: float
    together: bool
    """Whether all of it ends on one worker."""


class Storage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes on disk."""

    document: float
    """Of a document in a part, its text compressed."""
    signature: float
    """Of a document in `signatures.npy`."""
    decision: float
    """Of what deduplication and decide note on a document."""
    loss: float
    """Of a lost record in a part."""
    published_text_byte: float
    """Of a byte of text in a shard, all columns and the compression included."""
    ledger: float
    """Of a lost record in the ledger."""


class Memory(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bytes of memory at the peak."""

    worker: int
    """Of a worker that has everything imported and nothing to do."""
    harvest: int
    """Of a worker that harvests, what it gathers before it writes included."""
    extraction: int
    """Of the extraction child beside it."""
    publish: int
    """Of a worker that writes slices and shards, of any size, above `worker`."""
    parts_a_partition: int
    """Parts whose hashes one worker of deduplication groups at a time, on average."""


class Ends(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stays on the driver, or comes to one worker."""

    listed: dict[str, float]
    """Bytes that a unit adds to the graph of each step, compressed."""
    bucket: float
    """Bytes of a bucket of a language in the sum of verdicts."""
    bucket_seconds: float
    """Processor seconds, for each bucket in the sum, to add a part's verdict to it."""
    seal_seconds: float
    """Processor seconds of sealing for a unit and a shard."""
    manifest_unit: float
    """Bytes of the manifest for a unit."""
    manifest_shard: float
    """Bytes of the manifest for a shard."""


class Costs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that was measured. Seconds are of a processor, all processes together."""

    measured: Measured
    stages: dict[str, float]
    """Seconds for a thousand HTML pages, by stage of harvest."""
    steps: dict[str, float]
    """Seconds for a thousand documents that harvest made, by step after it, its start included.
    Those of `estimate.ON_REQUEST` are taken only if a build has the step; that of `assess` is what
    reading and writing take, for what looks at texts differs a hundredfold."""
    start_seconds: float
    """Seconds until a worker harvests its first page: imports, models, extraction child."""
    shuffles: tuple[Shuffle, ...]
    storage: Storage
    memory: Memory
    ends: Ends

    @property
    def harvest_seconds(self) -> float:
        """Seconds to harvest a thousand HTML pages."""
        return sum(self.stages.values())

    def shuffled(self, step: str, each: str) -> float:
        """Return the bytes that a step moves for each document, or for each unit."""
        return sum(s.bytes for s in self.shuffles if (s.step, s.each) == (step, each))


@cache
def load() -> Costs:
    """Return what was measured."""
    text = (resources.files("florilegium.pipelines.forecast") / "costs.json").read_bytes()
    return msgspec.json.decode(text, type=Costs)
