"""Buckets: ranges of ids, the finest unit of shards and samples, and what each one holds."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.location import Location
from florilegium.manifests.tables import described, parquet

BUCKETS = 4096
"""Ranges into which ids are divided."""
PATH = "audit/buckets.parquet"
"""Where in a release it says what they hold."""


class Bucket(Struct, array_like=True):
    """Documents of one language whose ids lie in one range."""

    documents: int = 0
    tokens: int = 0
    chars: int = 0
    bytes: int = 0


Kept = Mapping[str, Mapping[int, Bucket]]
"""Buckets by language and number; none that is empty."""

SCHEMA = pa.schema(
    [
        described("lang", pa.string(), "language"),
        described("bucket", pa.int32(), "number of the range: the first 12 bits of its ids"),
        described("documents", pa.int64(), "documents of the language whose ids are in the range"),
        described("tokens", pa.int64(), "tokens in their texts"),
        described("chars", pa.int64(), "code points of their texts"),
        described("bytes", pa.int64(), "bytes of their texts in UTF-8"),
    ]
)


def bucket(identity: bytes) -> int:
    """Return the bucket of an id, 0 to BUCKETS - 1."""
    return int.from_bytes(identity[:2], "big") * BUCKETS >> 16


def add_rows(into: dict[int, Bucket], rows: pa.Table) -> None:
    """Count the rows of a table of documents in one language."""
    columns = (rows.column(name).to_pylist() for name in ("id", "tokens", "chars", "text_bytes"))
    for identity, tokens, chars, size in zip(*columns, strict=True):
        held = into.setdefault(bucket(identity), Bucket())
        held.documents += 1
        held.tokens += tokens
        held.chars += chars
        held.bytes += size


def sum_of(buckets: Iterable[Bucket]) -> Bucket:
    """Return the sum of some buckets."""
    columns = zip(*(msgspec.structs.astuple(bucket) for bucket in buckets), strict=True)
    return Bucket(*(sum(column) for column in columns))


def write(kept: Kept, path: Path) -> int:
    """Write buckets to a file, a row each, and return how many there are."""
    rows = [
        {"lang": lang, "bucket": number, **msgspec.structs.asdict(kept[lang][number])}
        for lang in sorted(kept)
        for number in sorted(kept[lang])
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, compression="zstd")
    return len(rows)


def read(release: Location) -> dict[str, dict[int, Bucket]]:
    """Return the buckets of a release. ValueError if the file has other columns or rows twice."""
    with parquet(release / PATH) as file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError("its columns are not those of buckets")
        table = file.read(use_threads=False)
    found: dict[str, dict[int, Bucket]] = {}
    for lang, number, *held in zip(*(c.to_pylist() for c in table.columns), strict=True):
        mine = found.setdefault(lang, {})
        if number in mine:
            raise ValueError(f"bucket {number} of {lang} has two rows")
        mine[number] = Bucket(*held)
    return found
