"""Checking the examples of losses."""

from collections import Counter
from collections.abc import Generator, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from florilegium.manifests.location import Location
from florilegium.manifests.loss_example import CHARS, EACH, PATH, LossExample
from florilegium.manifests.schema import LOSS_EXAMPLE_SCHEMA, from_table
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_files import UNREADABLE

Example = tuple[bytes, str, str]
"""Id, stage and rule."""


def read_examples(release: Location) -> Generator[str, None, set[Example]]:
    """Check the examples by themselves; return which there are."""
    try:
        with parquet(release / PATH) as file:
            if not file.schema_arrow.equals(LOSS_EXAMPLE_SCHEMA):
                yield f"{PATH}: its columns are not those of an example"
                return set()
            rows = from_table(file.read(use_threads=False), LossExample)
    except UNREADABLE as error:
        yield f"{PATH}: cannot be read: {error}"
        return set()
    if any(len(row.excerpt) > CHARS for row in rows):
        yield f"{PATH}: holds excerpts of more than {CHARS} characters"
    for (stage, rule), number in Counter((row.stage, row.rule) for row in rows).items():
        if number > EACH:
            yield f"{PATH}: {number} examples at {stage} by {rule}, more than {EACH}"
    return {(row.id, row.stage, row.rule) for row in rows}


def strike_out(examples: set[Example], losses: pa.Table) -> None:
    """Strike out the examples that are among some losses."""
    ids = pa.array([identity for identity, *_ in examples], pa.binary(16))
    some = losses.filter(pc.is_in(losses.column("id"), value_set=ids))
    columns = (some.column(name).to_pylist() for name in ("id", "stage", "rule"))
    examples.difference_update(zip(*columns, strict=True))


def not_lost(examples: set[Example]) -> Iterator[str]:
    """Say which examples are not in the ledger."""
    for identity, stage, rule in sorted(examples):
        yield f"{PATH}: {identity.hex()} is not in the ledger as lost at {stage} by {rule}"
