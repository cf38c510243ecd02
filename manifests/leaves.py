"""What the Merkle tree says of a document: one leaf a row, whatever file the row is in.

A leaf's entry is `id || SHA-256(text) || SHA-256(facts)`, where facts is the JSON array of all
other columns in the order of the schema: bytes in Base64, times in seconds, structs as arrays.
"""

from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pyarrow as pa

from florilegium.manifests.document import Facts
from florilegium.manifests.merkle import leaf_hash
from florilegium.manifests.schema import from_table

_ROWS = 1024


def leaves(table: pa.Table) -> Iterator[bytes]:
    """Yield the 32-byte leaf hash of each row of a table of documents, in its order."""
    for start in range(0, table.num_rows, _ROWS):
        rows = table.slice(start, _ROWS)
        texts = rows.column("text").to_pylist()
        for facts, text in zip(from_table(rows, Facts), texts, strict=True):
            yield leaf_of(facts.id, sha256(text.encode()).digest(), msgspec.json.encode(facts))


def leaf_of(identity: bytes, text_sha256: bytes, facts: bytes) -> bytes:
    """Return the 32-byte leaf hash of a document: of its id, the digest of its text, its facts."""
    return leaf_hash(identity + text_sha256 + sha256(facts).digest())
