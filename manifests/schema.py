"""Records as Arrow tables: the Parquet columns derive from the record types."""

from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
from msgspec import Struct

from florilegium.manifests.carried import Carried
from florilegium.manifests.copies import Copies
from florilegium.manifests.document import Document
from florilegium.manifests.failed_rule import FailedRule
from florilegium.manifests.host_record import HostRecord
from florilegium.manifests.ledger import Loss
from florilegium.manifests.loss_example import LossExample

Row = TypeVar("Row", bound=Struct)

_FIXED: dict[str, pa.DataType] = {
    "id": pa.binary(16),
    "dup_of": pa.binary(16),
    "payload_digest": pa.binary(32),
    "sha256": pa.binary(32),
    "fetched": pa.timestamp("ms", tz="UTC"),
    "crawl_time": pa.timestamp("ms", tz="UTC"),
}
_SECONDS = pa.timestamp("s", tz="UTC")
_SCALARS: dict[type, pa.DataType] = {
    str: pa.large_string(),
    float: pa.float32(),
    int: pa.int64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
}


def arrow_schema(record: type[Struct]) -> pa.Schema:
    """Return the columns of a record type; descriptions travel as field metadata.

    Nested records become structs of int32, since only counts are nested.
    """
    hints = get_type_hints(record, include_extras=True)
    return pa.schema([_field(name, hints[name]) for name in record.__struct_fields__])


def _field(name: str, hint: Any) -> pa.Field:  # noqa: ANN401
    about = None
    if get_origin(hint) is Annotated:
        hint, meta = get_args(hint)[:2]
        about = {"description": meta.description}
    optional = get_origin(hint) in (UnionType, Union)
    kind = next(k for k in get_args(hint) if k is not type(None)) if optional else hint
    kind = str if get_origin(kind) is Literal else kind
    if isinstance(kind, type) and issubclass(kind, Struct):
        arrow = pa.struct([pa.field(n, pa.int32(), False) for n in kind.__struct_fields__])
    else:
        arrow = _FIXED.get(name, _SCALARS[kind])
    return pa.field(name, arrow, nullable=optional, metadata=about)


DOCUMENT_SCHEMA = arrow_schema(Document)
LOSS_SCHEMA = arrow_schema(Loss)
COPIES_SCHEMA = arrow_schema(Copies)
CARRIED_SCHEMA = arrow_schema(Carried)
HOST_SCHEMA = arrow_schema(HostRecord)
FAILED_RULE_SCHEMA = arrow_schema(FailedRule)
LOSS_EXAMPLE_SCHEMA = arrow_schema(LossExample)


def to_table(records: Sequence[Struct], schema: pa.Schema) -> pa.Table:
    """Return the records as one Arrow table with exactly this schema."""
    rows = [msgspec.structs.astuple(record) for record in records]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_array(column, field) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], field: pa.Field) -> pa.Array:
    if pa.types.is_timestamp(field.type):  # records have seconds, Parquet has no such unit
        return pa.array(values, _SECONDS).cast(field.type)
    if not pa.types.is_struct(field.type):
        return pa.array(values, field.type)
    rows = [msgspec.structs.astuple(value) for value in values]
    columns = list(zip(*rows, strict=True)) if rows else [()] * field.type.num_fields
    children = [pa.array(column, pa.int32()) for column in columns]
    return pa.StructArray.from_arrays(children, fields=list(field.type))


def from_table(table: pa.Table, record: type[Row]) -> list[Row]:
    """Return the rows of a table as records; ValidationError if a value does not fit its field."""
    columns = [_values(table.column(name)) for name in record.__struct_fields__]
    return msgspec.convert(list(zip(*columns, strict=True)), list[record])  # type: ignore[valid-type]


def _values(column: pa.ChunkedArray) -> Sequence[Any]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(_SECONDS).cast(pa.int64())
    if not pa.types.is_struct(column.type):
        values: list[Any] = column.to_pylist()
        return values
    whole = column.combine_chunks()
    children = whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]
    return [
        row
        for chunk in children
        for row in zip(*(child.to_pylist() for child in chunk.flatten()), strict=True)
    ]
