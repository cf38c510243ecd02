"""Domains: how much of a release comes from each registrable domain, and how much of it was lost.

A crawl has millions of them, so the table is cut by a checksum of the name into as many files as
suit the number of inputs, and is never wholly in memory; `weighed` compares it with the rows it
was made of in the room of a few numbers.
"""

import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.tables import batches, described, parquet

FOLDER = "audit/domains"
"""Where in a release its files are."""
_INPUTS_A_FILE = 32
_ROWS_A_GROUP = 65_536
_MODULUS = (1 << 127) - 1
"""A prime, so that two different sums are hardly ever congruent under a key drawn at random."""


class Domain(Struct, array_like=True):
    """What there is of one domain."""

    documents: int = 0
    """Documents in all shards."""
    tokens: int = 0
    """Tokens in their texts."""
    bytes: int = 0
    """Bytes of their texts in UTF-8."""
    lost: int = 0
    """Records in the ledger."""


Domains = Mapping[str, Domain]
"""What there is of some domains, by name."""

SCHEMA = pa.schema(
    [
        described("domain", pa.large_string(), "registrable domain of the host", nullable=False),
        described("documents", pa.int64(), "documents in all shards", nullable=False),
        described("tokens", pa.int64(), "tokens in their texts", nullable=False),
        described("bytes", pa.int64(), "bytes of their texts in UTF-8", nullable=False),
        described("lost", pa.int64(), "records in the ledger", nullable=False),
    ]
)


def files(inputs: int) -> int:
    """Return into how many files the table is cut, for so many inputs."""
    return -(-inputs // _INPUTS_A_FILE) or 1


def file_of(domain: str, of: int) -> int:
    """Return in which file a domain is, 0 to of - 1."""
    return zlib.crc32(domain.encode()) % of


def path_of(number: int) -> str:
    """Return where in a release a file is."""
    return f"{FOLDER}/{number:05d}.parquet"


def added(many: Iterable[Domains]) -> dict[str, Domain]:
    """Return the sum; the order makes no difference."""
    whole: dict[str, Domain] = {}
    for domains in many:
        for name, one in domains.items():
            mine = whole.setdefault(name, Domain())
            for field in Domain.__struct_fields__:
                setattr(mine, field, getattr(mine, field) + getattr(one, field))
    return whole


def write(domains: Domains, path: Path) -> int:
    """Write domains to a file, a row each, by name; return how many there are."""
    names = sorted(domains)
    columns: list[list[str] | tuple[int, ...]] = [names]
    columns += zip(*(msgspec.structs.astuple(domains[name]) for name in names), strict=True)
    columns += [()] * (len(SCHEMA) - len(columns))
    arrays = [pa.array(column, f.type) for column, f in zip(columns, SCHEMA, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROWS_A_GROUP)
    return len(names)


def tables(manifest: Manifest) -> list[Table]:
    """Return the files of the table, as the manifest names them."""
    return [table for table in manifest.tables if table.path.startswith(f"{FOLDER}/")]


def rows(location: Location) -> Iterator[tuple[str, Domain]]:
    """Yield the domains of a file in its order. ValueError if it has other columns."""
    with parquet(location) as file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError("its columns are not those of domains")
    for table in batches(location):
        for name, *numbers in zip(*(c.to_pylist() for c in table.columns), strict=True):
            yield name, Domain(*numbers)


class Weighed:
    """Sums over domains in the room of four numbers, to tell whether two sets of rows agree.

    Each domain weighs what a keyed hash says, and the key is drawn anew for each check: who does
    not know it cannot make other numbers that sum up to the same, but once in 2^126 times.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self.counted = [0] * len(Domain.__struct_fields__)
        """What the rows of shards and ledger come to."""
        self.stated = [0] * len(Domain.__struct_fields__)
        """What the table comes to."""

    def count(self, domain: str, one: Domain) -> None:
        """Add what some rows hold of a domain."""
        self._add(self.counted, domain, one)

    def state(self, domain: str, one: Domain) -> None:
        """Add a row of the table."""
        self._add(self.stated, domain, one)

    def _add(self, into: list[int], domain: str, one: Domain) -> None:
        digest = blake2b(domain.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16)
        weight = int.from_bytes(digest.digest())
        for place, number in enumerate(msgspec.structs.astuple(one)):
            into[place] = (into[place] + weight * number) % _MODULUS


def of_documents(table: pa.Table) -> dict[str, Domain]:
    """Return the domains of some documents; the columns `tokens` and `text_bytes` are summed."""
    grouped = table.select(["domain", "tokens", "text_bytes"]).group_by("domain", use_threads=False)
    found = grouped.aggregate([("domain", "count"), ("tokens", "sum"), ("text_bytes", "sum")])
    names = ("domain", "domain_count", "tokens_sum", "text_bytes_sum")
    columns = (found.column(name).to_pylist() for name in names)
    return {name: Domain(*numbers) for name, *numbers in zip(*columns, strict=True)}
