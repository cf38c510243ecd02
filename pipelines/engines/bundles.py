"""How records travel in Beam: some of one key together, packed into bytes."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from florilegium.dedup.lines import host_hash
from florilegium.filters.optouts.origin import site
from florilegium.pipelines.engines.packed import Keyed

RECORDS = 1_000
"""Records in one element, at most."""


def bundled(waiting: dict[int, Any]) -> Iterator[Keyed]:
    """Yield each key with its records, in the order of keys."""
    for key, items in sorted(waiting.items()):
        rest = iter(items)
        while some := list(islice(rest, RECORDS)):
            yield key, zlib.compress(msgspec.msgpack.encode(some), 1)


def unbundled(values: Iterable[bytes], kind: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the records of all bundles of a key."""
    for packed in values:
        yield from msgspec.msgpack.decode(zlib.decompress(packed), type=list[kind])


def group_of(origin: str, groups: int) -> int:
    """Return the key of an origin: that of all origins of its site, below the number of groups."""
    return host_hash(site(origin)) % groups
