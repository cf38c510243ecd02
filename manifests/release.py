"""A release or a sample as Python sees it: documents as Arrow, pandas or polars, and questions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from florilegium.manifests import sample_files
from florilegium.manifests.differences import Differences, differences
from florilegium.manifests.document import Document
from florilegium.manifests.identity import LENGTH
from florilegium.manifests.location import Location, find_release, locate
from florilegium.manifests.lookup import Footers, find, find_address
from florilegium.manifests.manifest import NAME, Language
from florilegium.manifests.samples import Asked, By, Form, Held, Sample, contents
from florilegium.manifests.schema import DOCUMENT_SCHEMA
from florilegium.manifests.selection import checked, selected
from florilegium.manifests.stats import Group, Grouping, Spread, groups, spread

if TYPE_CHECKING:
    import pandas
    import polars

Rows = Callable[[list[str] | None], Iterator[pa.Table]]


class Documents:
    """Documents that are read when they are asked for, in the order of languages and ids.

    `Release.documents` and `Release.sample` make them. Whatever takes Arrow's streams takes them
    too: `pyarrow.table(documents)`, `polars.DataFrame(documents)`, or DuckDB by `to_reader`.
    """

    def __init__(self, rows: Rows, columns: Sequence[str] | None = None) -> None:
        self._rows, self._columns = rows, None if columns is None else _known(columns)

    @property
    def schema(self) -> pa.Schema:
        """The columns, of the types that they have in a release."""
        names = DOCUMENT_SCHEMA.names if self._columns is None else self._columns
        return pa.schema([DOCUMENT_SCHEMA.field(name) for name in names])

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield them in batches, a row group or less at a time."""
        for table in self._rows(self._columns):
            yield from table.cast(self.schema).to_batches()

    def to_reader(self) -> pa.RecordBatchReader:
        """Return them as a stream, for whatever reads Arrow and need not have all at a time."""
        return pa.RecordBatchReader.from_batches(self.schema, iter(self))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand them over without copying, by Arrow's protocol for streams."""
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        """Return all as one table; nothing is copied but what is decoded."""
        return pa.Table.from_batches(iter(self), self.schema)

    def to_pandas(self) -> "pandas.DataFrame":
        """Return all as a data frame of pandas, whose columns stay Arrow's."""
        import pandas

        return self.to_arrow().to_pandas(types_mapper=pandas.ArrowDtype)

    def to_polars(self) -> "polars.DataFrame":
        """Return all as a data frame of polars, which takes Arrow's memory as it is."""
        import polars

        return polars.DataFrame(self.to_arrow())


class Drawn(Documents):
    """A sample that can be read as `Documents`, or written with a manifest of its own.

    Reading raises EmptySampleError if the sample would hold nothing, DamagedError if the rows of
    the release are not what its tables say.
    """

    asked: Asked
    """What was asked for."""

    def __init__(
        self, place: Location, held: Held, asked: Asked, columns: Sequence[str] | None
    ) -> None:
        super().__init__(
            lambda names: (one.rows for one in selected(place, held, asked, names)), columns
        )
        self._place, self._held, self.asked = place, held, asked

    def write(self, out: str | Path, written: Form = "parquet") -> Sample:
        """Write it, all columns, to a folder that is not there or empty; return its manifest.

        `written` is `parquet` or `jsonl`. The same question to the same release gives the same
        bytes. FileExistsError if something is in the folder; nothing is left behind after an error.
        """
        return sample_files.write(self._place, self._held, self.asked, locate(out), written)


class Release:
    """A release, or a sample of one, in a folder or a store; `open` makes it.

    `len` is the number of its documents. Nothing but the manifest is read before it is asked for.
    """

    place: Location
    """Where it is: a `pathlib.Path`, or an address in a store with the same methods."""
    manifest: Held
    """What it says of itself: a `Manifest`, or a `Sample` if it is one."""

    def __init__(self, place: Location) -> None:
        self.place = place
        self.manifest = contents(place)
        self._footers: Footers = {}

    def __repr__(self) -> str:
        return f"<{self.manifest.name}/{self.manifest.build_id}: {len(self):,} documents>"

    def __len__(self) -> int:
        return self.manifest.documents

    @property
    def languages(self) -> dict[str, Language]:
        """What there is of each language that has documents, by its code."""
        return {one.lang: one for one in self.manifest.languages if one.documents}

    def documents(
        self,
        columns: Sequence[str] | None = None,
        languages: Iterable[str] = (),
        where: ds.Expression | None = None,
    ) -> Documents:
        """Return documents of some languages or all.

        :param columns: columns in the order wanted; all if None.
        :param languages: codes such as `deu_Latn`; all if there are none.
        :param where: a condition of Arrow's, as `pyarrow.compute.field("tokens") > 500`. Row groups
            whose statistics rule it out are not read.

        ValueError for a column or a language that is not there.
        """
        asked = Asked(fraction=1, languages=tuple(languages))
        shards = checked(self.manifest, asked)
        places = [self.place / shard.path for shard in shards]
        return Documents(
            lambda names: (table for place in places for table in _scan(place, names, where)),
            columns,
        )

    def sample(
        self,
        fraction: float | None = None,
        *,
        documents: int | None = None,
        tokens: int | None = None,
        by: By | None = None,
        languages: Iterable[str] = (),
        columns: Sequence[str] | None = None,
    ) -> Drawn:
        """Return a sample: the documents of least id. One of the three amounts must be given.

        Ids are hashes, so that is a draw; the same question has the same answer, and the smaller of
        two samples lies in the larger.

        :param fraction: share of all documents, above 0 and at most 1.
        :param documents: documents that it may hold at most.
        :param tokens: tokens that it may hold at most.
        :param by: None keeps the shares of languages, up to chance. `language`, `quality` (tenths),
            `domain` or `licence` divides each language: a fraction is that of each part, documents
            and tokens are divided among parts alike.
        :param languages: codes such as `deu_Latn`; all if there are none.
        :param columns: columns in the order wanted; all if None.

        ValueError for a question that makes no sense, or a column or language that is not there.
        """
        asked = Asked(
            fraction=fraction,
            documents=documents,
            tokens=tokens,
            by=by,
            languages=tuple(languages),
        )
        checked(self.manifest, asked)
        return Drawn(self.place, self.manifest, asked, columns)

    def get(self, wanted: str | bytes) -> Document | None:
        """Return the document of an id, or of an address; None if there is none.

        An id is 16 bytes, or 32 hexadecimal digits. Of several captures of an address it is the
        latest; `find` has all.
        """
        return max(self.find(wanted), key=lambda one: (one.crawl_time, one.id), default=None)

    def find(self, wanted: str | bytes) -> list[Document]:
        """Return the document of an id, or every capture of an address, in the order of ids.

        An address must be written as in the column `url`.
        """
        checked(self.manifest, Asked(fraction=1))
        identity = wanted if isinstance(wanted, bytes) else _identity(wanted)
        if identity is None:
            assert isinstance(wanted, str)
            captures = find_address(self.place, self.manifest.shards, wanted, self._footers)
            return sorted((one.document for one in captures), key=lambda one: one.id)
        found = find(self.place, self.manifest.shards, identity, self._footers)
        return [found.document] if found else []

    def stats(self, by: Grouping = "language", languages: Iterable[str] = ()) -> list[Group]:
        """Return what there is of each language, domain or licence, most tokens first.

        Of languages the manifest knows; for others four columns are read.
        """
        return groups(self.place, self.manifest, by, languages)

    def spread(self, measure: str, languages: Iterable[str] = ()) -> list[Spread]:
        """Return how a measure is spread in each language.

        A measure is a column of numbers, such as `tokens` or `counts.words`, or a share of two, as
        `counts.sentence_lines/counts.lines`; of nothing it is 0. ValueError if there is none.
        """
        return spread(self.place, self.manifest, measure, languages)

    def diff(self, later: "Release", texts: bool = False) -> Differences:
        """Return what came, went and changed from here to another release, and why.

        All columns but the text are compared; with `texts` these too. Shards that are the same file
        are not read.
        """
        return differences((self.place, self.manifest), (later.place, later.manifest), texts)


def open_release(path: str | Path) -> Release:
    """Return the release or sample at a local path, `s3://…` or `gs://…`.

    Of a corpus, `…/latest` is the newest release. Credentials for a store come from the usual
    places. FileNotFoundError if there is none, ValueError if its manifest is not right or of
    another format.
    """
    try:
        return Release(find_release(path))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is no release: there is no {NAME}") from None


def _scan(
    place: Location, columns: list[str] | None, where: ds.Expression | None
) -> Iterator[pa.Table]:
    with place.open("rb") as stream:
        fragment = ds.ParquetFileFormat().make_fragment(stream)
        batches: Any = fragment.to_batches(
            schema=DOCUMENT_SCHEMA, columns=columns, filter=where, use_threads=False
        )
        for batch in batches:
            if batch.num_rows:
                yield pa.Table.from_batches([batch])


def _known(columns: Sequence[str]) -> list[str]:
    if unknown := [name for name in columns if name not in DOCUMENT_SCHEMA.names]:
        raise ValueError(f"documents have no column {unknown[0]!r}; docs/release.md lists them")
    return list(columns)


def _identity(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == LENGTH else None
