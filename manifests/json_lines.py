"""Documents as JSON, one a line: every column, so that nothing is lost on the way.

Bytes are written in hex, times as in `2026-01-31T12:00:00Z`, and records in a column as objects.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_type_hints

import msgspec
import pyarrow as pa
from msgspec import Struct

from florilegium.manifests.document import Document
from florilegium.manifests.location import Location
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table, to_table
from florilegium.manifests.shard_files import ColumnsError

_ROWS = 1024
_FIELDS = Document.__struct_fields__
_HINTS = get_type_hints(Document)
_BYTES = [name for name in _FIELDS if _HINTS[name] is bytes]
_RECORDS = {
    name: _HINTS[name]
    for name in _FIELDS
    if isinstance(_HINTS[name], type) and issubclass(_HINTS[name], Struct)
}


def lines(table: pa.Table) -> Iterator[bytes]:
    """Yield the rows of a table of documents as lines."""
    for document in from_table(table, Document):
        fields = msgspec.structs.asdict(document)
        for name in _BYTES:
            fields[name] = fields[name].hex()
        for name in _RECORDS:
            fields[name] = msgspec.structs.asdict(fields[name])
        fields["crawl_time"] = datetime.fromtimestamp(document.crawl_time, UTC)
        yield msgspec.json.encode(fields) + b"\n"


def read(place: Location) -> Iterator[pa.Table]:
    """Yield the rows of a file of such lines, some at a time.

    ColumnsError if a line has other keys than a document, ValueError if its values are no such.
    """
    with place.open("rb") as stream:
        waiting: list[Document] = []
        for line in stream:
            waiting.append(_document(line))
            if len(waiting) == _ROWS:
                yield to_table(waiting, DOCUMENT_SCHEMA)
                waiting = []
        if waiting:
            yield to_table(waiting, DOCUMENT_SCHEMA)


def _document(line: bytes) -> Document:
    fields = msgspec.json.decode(line, type=dict[str, Any])
    if list(fields) != list(_FIELDS):
        raise ColumnsError("its columns are not those of a document")
    for name in _BYTES:
        fields[name] = bytes.fromhex(str(fields[name]))
    for name, record in _RECORDS.items():
        held = msgspec.convert(fields[name], dict[str, int])
        if list(held) != list(record.__struct_fields__):
            raise ColumnsError("its columns are not those of a document")
        fields[name] = list(held.values())
    fields["crawl_time"] = int(msgspec.convert(fields["crawl_time"], datetime).timestamp())
    return msgspec.convert(list(fields.values()), Document)
