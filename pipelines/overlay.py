"""Documents of a part as they are after `lines` and `assess`.

Some know a share, some have another text, some have a score or what else a recipe asks for.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.document import Facts
from florilegium.manifests.location import Location
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table
from florilegium.manifests.tables import batches, parquet
from florilegium.pipelines.files import load_array

_SHARE = "host_line_share"
_ASSESSED = ("quality", "bad_word_share", "benchmark", "benchmark_ngrams", "objections")
ASSESSED_SCHEMA = pa.schema([DOCUMENT_SCHEMA.field(name).remove_metadata() for name in _ASSESSED])
"""What `assess` tells of a document."""


def assessed_of(folder: Location, ordinal: int) -> Location:
    """Return where what was told of a part's documents is."""
    return folder / f"{ordinal:06d}.parquet"


def shares_of(folder: Location, ordinal: int) -> Location:
    """Return where the shares of a part's documents are."""
    return folder / f"{ordinal:06d}.npy"


def cuts_of(folder: Location, ordinal: int) -> Location:
    """Return where those documents of a part are of which lines were cut."""
    return folder / f"{ordinal:06d}.parquet"


class Overlay:
    """What `lines` and `assess` found in a part, each in a folder. Close it after use."""

    def __init__(
        self, folder: Location | None, ordinal: int, assessed: Location | None = None
    ) -> None:
        """Open what was found; a folder is None if that step did not run."""
        self._shares: np.ndarray | None = None
        self._cuts: pq.ParquetFile | None = None
        self._ranges: list[tuple[int, int]] = []
        self._open = ExitStack()
        self._told = _read(assessed_of(assessed, ordinal)) if assessed is not None else None
        if folder is not None:
            self._shares = load_array(shares_of(folder, ordinal))
            if (cuts := cuts_of(folder, ordinal)).is_file():
                self._cuts = self._open.enter_context(parquet(cuts))
                self._ranges = [_range(self._cuts.metadata.row_group(n))
                                for n in range(self._cuts.num_row_groups)]  # fmt: skip

    def __enter__(self) -> "Overlay":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def facts(self, documents: Location) -> Iterator[Facts]:
        """Yield the facts of all documents of a part."""
        columns = list(Facts.__struct_fields__)
        row = 0
        for table in batches(documents, columns):
            yield from from_table(self.applied(table, row), Facts)
            row += table.num_rows

    def applied(self, table: pa.Table, row: int) -> pa.Table:
        """Return some documents of the part, the first of which is its `row`th, as they now are."""
        return self._with_told(self._with_lines(table, row), row)

    def _with_told(self, table: pa.Table, row: int) -> pa.Table:
        if self._told is None:
            return table
        told = self._told.slice(row, table.num_rows)
        for name in ASSESSED_SCHEMA.names:
            if (place := table.schema.get_field_index(name)) >= 0:
                table = table.set_column(place, table.schema.field(place), told.column(name))
        return table

    def _with_lines(self, table: pa.Table, row: int) -> pa.Table:
        if self._shares is None:
            return table
        place = table.schema.get_field_index(_SHARE)
        shares = self._shares[row : row + table.num_rows]
        column = pa.array(shares, pa.float32(), from_pandas=True)
        table = table.set_column(place, table.schema.field(place), column)
        changed = self._changed(table, row)
        if changed is None:
            return table
        places = changed.column("row").to_numpy() - row
        order = np.arange(table.num_rows)
        order[places] = table.num_rows + np.arange(len(places))
        share = table.column(_SHARE).take(places)
        others = changed.select(table.column_names).set_column(place, _SHARE, share)
        return pa.concat_tables([table, others.cast(table.schema)]).take(order)

    def _changed(self, table: pa.Table, row: int) -> pa.Table | None:
        """Return the documents among some that have another text."""
        end = row + table.num_rows
        groups = [n for n, (low, high) in enumerate(self._ranges) if low < end and high >= row]
        if self._cuts is None or not groups:
            return None
        found = self._cuts.read_row_groups(groups, ["row", *table.column_names], use_threads=False)
        rows = found.column("row").to_numpy()
        return found.filter(pa.array((rows >= row) & (rows < end)))


def _read(place: Location) -> pa.Table:
    with parquet(place) as file:
        return file.read(use_threads=False)


def _range(group: pq.RowGroupMetaData) -> tuple[int, int]:
    statistics = group.column(0).statistics
    return statistics.min, statistics.max
