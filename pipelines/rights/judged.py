"""What was judged of the rights of a part's documents, row by row, as `optouts` wrote it."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from florilegium.manifests.location import Location
from florilegium.manifests.tables import parquet

VERDICTS: Final = ("rights", "rights_crawl", "rights_build")
"""The columns of a document that follow from it."""

SCHEMA: Final = pa.schema(
    [
        pa.field("rights", pa.int64(), nullable=False),
        pa.field("rights_crawl", pa.string(), nullable=False),
        pa.field("rights_build", pa.string(), nullable=False),
        pa.field("rule", pa.string()),
        pa.field("detail", pa.string()),
        pa.field("source", pa.string()),
    ]
)
"""A row for each document: its verdicts, and what costs it its place, if anything does."""


def judged_path(folder: Location, ordinal: int) -> Location:
    """Return where the verdicts on a part's documents are."""
    return folder / f"{ordinal:06d}.parquet"


def read_judged(folder: Location, ordinal: int) -> pa.Table:
    """Return the verdicts on a part's documents, in the order of its rows."""
    with parquet(judged_path(folder, ordinal)) as file:
        return file.read(use_threads=False)


def refused(folder: Location, ordinal: int) -> NDArray[np.bool_]:
    """Return which of a part's documents have no place."""
    rules = read_judged(folder, ordinal).column("rule")
    found: NDArray[np.bool_] = rules.is_valid().to_numpy()
    return found


def refusals_of(folder: Location, ordinal: int) -> dict[int, tuple[str, str | None]]:
    """Return rule and detail of what costs documents their places, by row."""
    table = read_judged(folder, ordinal)
    rules, details = (table.column(name).to_pylist() for name in ("rule", "detail"))
    pairs = enumerate(zip(rules, details, strict=True))
    return {row: (rule, detail) for row, (rule, detail) in pairs if rule is not None}
