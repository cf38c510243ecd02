"""Documents of a part as they are after `rights`, `lines`, `licences` and `assess`.

Some know a share or a verdict, some have another text or tier of their licence, some a score or
what else a recipe asks for.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from florilegium.manifests.document import Facts
from florilegium.manifests.location import Location, locate
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table
from florilegium.manifests.tables import batches, parquet
from florilegium.pipelines.files import load_array
from florilegium.pipelines.rights.judged import VERDICTS, read_judged

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


def moves_of(folder: Location, ordinal: int) -> Location:
    """Return where those documents of a part are whose licence weighs more or less."""
    return folder / f"{ordinal:06d}.npy"


def moves(folder: Location, ordinal: int) -> dict[int, tuple[str, int]]:
    """Return tier and flags of the documents whose licence weighs more or less, by row."""
    found = load_array(moves_of(folder, ordinal))
    return {row: (tier.decode(), flags) for row, tier, flags in found.tolist()}


class Folders(Protocol):
    """Part of the work of a later step: its number, and the folders of what earlier ones found."""

    @property
    def ordinal(self) -> int: ...  # noqa: D102
    @property
    def lines(self) -> str | None: ...  # noqa: D102
    @property
    def licences(self) -> str | None: ...  # noqa: D102
    @property
    def judged(self) -> str | None: ...  # noqa: D102
    @property
    def assessed(self) -> str | None: ...  # noqa: D102


def overlay_of(part: Folders) -> "Overlay":
    """Open what was found in a part."""
    folders = part.lines, part.licences, part.judged, part.assessed
    lines, *others = (None if one is None else locate(one) for one in folders)
    return Overlay(lines, part.ordinal, *others)


class Overlay:
    """What `rights`, `lines`, `licences` and `assess` found in a part, each in a folder.

    A folder is None if that step did not run. Close it after use.
    """

    def __init__(
        self,
        folder: Location | None,
        ordinal: int,
        licences: Location | None = None,
        judged: Location | None = None,
        assessed: Location | None = None,
    ) -> None:
        self._moves = moves(licences, ordinal) if licences is not None else {}
        self._judged = None if judged is None else read_judged(judged, ordinal)
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
        table = self._with_tiers(self._with_lines(table, row), row)
        return self._with_told(self._with_verdicts(table, row), row)

    def _with_verdicts(self, table: pa.Table, row: int) -> pa.Table:
        if self._judged is None:
            return table
        mine = self._judged.slice(row, table.num_rows)
        for name in VERDICTS:
            place = table.schema.get_field_index(name)
            field = table.schema.field(place)
            table = table.set_column(place, field, mine.column(name).cast(field.type))
        return table

    def _with_tiers(self, table: pa.Table, row: int) -> pa.Table:
        moved = {n: self._moves[n] for n in range(row, row + table.num_rows) if n in self._moves}
        for place, name in enumerate(("license_tier", "license_flags")) if moved else ():
            index = table.schema.get_field_index(name)
            values = table.column(index).to_pylist()
            for number, found in moved.items():
                values[number - row] = found[place]
            field = table.schema.field(index)
            table = table.set_column(index, field, pa.array(values, field.type))
        return table

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
