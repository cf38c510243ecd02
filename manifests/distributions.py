"""Distributions: how many documents of each language have what length, score or personal data."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.location import Location
from florilegium.manifests.tables import described, parquet

PATH = "audit/distributions.parquet"
"""Where in a release they are."""
SIZES = ("chars", "tokens", "dup_size")
"""Columns whose values are counted by powers of two: a class reaches from `least` to its double."""
SCORES = ("lang_score", "quality", "extraction_confidence", "foreign_share")
"""Columns from 0 to 1 that are counted by twentieths; a null is in no class."""
PERSONAL = "pii."
"""Before the name of a kind of personal data: documents that have any, counted in one class."""

_PARTS = 20
COLUMNS = (*SIZES, *SCORES, "pii")
"""Columns that distributions are counted of."""

SCHEMA = pa.schema(
    [
        described("lang", pa.string(), "language"),
        described("measure", pa.string(), "column, or `pii.` and a kind of personal data"),
        described("least", pa.float64(), "least value of the class"),
        described("documents", pa.int64(), "documents whose value is in the class"),
        described("total", pa.int64(), "sum of their values if these are integers, else 0"),
    ]
)

Class = tuple[str, float]
"""A measure, and the least value of a class of it."""
Distribution = dict[Class, tuple[int, int]]
"""Documents in each class, and the sum of their values where these are integers, else 0."""


def of_rows(rows: pa.Table) -> Distribution:
    """Return the distribution of some rows of documents."""
    found: Distribution = {}
    table = rows.select(list(COLUMNS))
    for name in SIZES:
        values = table.column(name).to_numpy()
        _add(found, name, np.exp2(np.frexp(np.maximum(values, 1))[1] - 1), values)
    for name in SCORES:
        scores = table.column(name).drop_null().to_numpy().astype(np.float64)
        least = np.minimum(np.floor(scores * _PARTS), _PARTS - 1) / _PARTS
        _add(found, name, least, np.zeros(len(scores), np.int64))
    for number, field in enumerate(table.schema.field("pii").type):
        items = _children(table.column("pii"), number)
        some = items[items > 0]
        _add(found, PERSONAL + field.name, np.ones(len(some)), some)
    return found


def _children(column: pa.ChunkedArray, number: int) -> npt.NDArray[np.int64]:
    chunks = [chunk.field(number).to_numpy() for chunk in column.chunks]
    return np.concatenate([*chunks, np.empty(0, np.int32)], dtype=np.int64)


def _add(
    found: Distribution, name: str, least: npt.NDArray[np.float64], values: npt.NDArray[np.int64]
) -> None:
    classes, places = np.unique(least, return_inverse=True)
    documents = np.bincount(places, minlength=len(classes))
    totals = np.zeros(len(classes), np.int64)
    np.add.at(totals, places, values)
    for one, number, total in zip(classes, documents, totals, strict=True):
        found[name, float(one)] = int(number), int(total)


def added(distributions: Iterable[Distribution]) -> Distribution:
    """Return the sum of some distributions."""
    whole: Distribution = {}
    for one in distributions:
        for key, (documents, total) in one.items():
            before = whole.get(key, (0, 0))
            whole[key] = before[0] + documents, before[1] + total
    return whole


def totals_of(distribution: Distribution, measure: str) -> tuple[int, int]:
    """Return documents and total of all classes of a measure."""
    held = [held for (name, _), held in distribution.items() if name == measure]
    return sum(documents for documents, _ in held), sum(total for _, total in held)


def listed(distribution: Distribution) -> list[tuple[str, float, int, int]]:
    """Return a distribution as rows, sorted: measure, least value, documents, total."""
    return [(*key, *held) for key, held in sorted(distribution.items())]


def unlisted(rows: Iterable[tuple[str, float, int, int]]) -> Distribution:
    """Return what `listed` took apart."""
    return {(measure, least): (documents, total) for measure, least, documents, total in rows}


def write(languages: dict[str, Distribution], path: Path) -> int:
    """Write distributions by language to a file, a row for each class; return how many."""
    rows = [
        dict(zip(SCHEMA.names, (lang, *row), strict=True))
        for lang in sorted(languages)
        for row in listed(languages[lang])
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, compression="zstd")
    return len(rows)


def read(release: Location) -> dict[str, Distribution]:
    """Return the distributions of a release by language.

    ValueError if the file has other columns or a class twice.
    """
    with parquet(release / PATH) as file:
        if not file.schema_arrow.equals(SCHEMA):
            raise ValueError("its columns are not those of distributions")
        table = file.read(use_threads=False)
    found: dict[str, Distribution] = {}
    for lang, measure, least, documents, total in _rows(table):
        mine = found.setdefault(lang, {})
        if (measure, least) in mine:
            raise ValueError(f"{measure} from {least} of {lang} has two rows")
        mine[measure, least] = documents, total
    return found


def _rows(table: pa.Table) -> Iterator[tuple[str, str, float, int, int]]:
    return zip(*(table.column(name).to_pylist() for name in SCHEMA.names), strict=True)
