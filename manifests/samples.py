"""Samples: some documents of a release, in files of their own, with a manifest of their own.

Of every language, or of every part of one that was asked for, a sample holds the documents with
the least ids. Ids are hashes, so that is a draw; and the smaller of two samples lies in the larger.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from florilegium.manifests.layout import (
    JSONL,
    PARQUET,
    check_distinct,
    check_paths,
    check_shards,
)
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import (
    FORMAT,
    NAME,
    Language,
    Licence,
    Manifest,
    Parent,
    Record,
    Shard,
    Table,
)
from florilegium.manifests.manifest import read as read_manifest

By: TypeAlias = Literal["language", "quality", "domain", "licence"]
"""What a corpus can be divided by, so that each part is sampled for itself."""
Form: TypeAlias = Literal["parquet", "jsonl"]
"""How documents are written: as in a release, or as JSON, one a line."""


class Asked(Record, frozen=True, kw_only=True):
    """What a sample is to be: how much, and of what. One of the three amounts is given.

    Without `by`, there is one limit to the ids of all languages, so each keeps its share, up to
    chance. With `by`, a fraction is that of each part; documents and tokens are divided among parts
    alike, and what a part does not have goes to the others. Parts are always of one language.
    """

    fraction: Annotated[float, Meta(gt=0, le=1)] | None = None
    """Share of all documents, 0 to 1."""
    documents: Annotated[int, Meta(ge=1)] | None = None
    """Documents that it may hold at most."""
    tokens: Annotated[int, Meta(ge=1)] | None = None
    """Tokens that it may hold at most."""
    by: By | None = None
    """What parts it is drawn from: `language`, or within each language tenths by `quality`,
    each `domain`, or each `licence`."""
    languages: tuple[str, ...] = ()
    """Languages it is of; all if there are none."""

    def __post_init__(self) -> None:
        amounts = (self.fraction, self.documents, self.tokens)
        if sum(amount is not None for amount in amounts) != 1:
            raise ValueError("ask for one of these: a fraction, documents, or tokens")
        if self.fraction is not None and not 0 < self.fraction <= 1:
            raise ValueError(f"a fraction is above 0 and at most 1, not {self.fraction:g}")
        if min(amount for amount in amounts if amount is not None) <= 0:
            raise ValueError("a sample holds one document or token at least")
        check_distinct("language", self.languages)


class Sample(Record, frozen=True, kw_only=True, tag_field="kind", tag="sample"):
    """The manifest of a sample: what it was drawn from, how, and what is in it.

    ValueError on construction if the sums disagree, so a manifest that exists adds up.
    """

    format: int = FORMAT
    """Layout of the sample: the keys of this manifest and the columns of its files."""
    name: str
    """Name of the corpus."""
    build_id: str
    """Digest of the root of the parent and of what was asked."""
    parent: Parent
    """What it was drawn from: a release, or another sample."""
    asked: Asked
    """What was asked for."""
    written: Form
    """How documents are written."""
    root: str
    """Root of the Merkle tree over its documents, by language and id (RFC 9162), in hex."""
    documents: int
    """Documents in all shards."""
    tokens_counted: str
    """How tokens were counted, as in the parent."""
    environment: dict[str, str]
    """Versions of the programs that wrote it."""
    languages: tuple[Language, ...]
    """What there is of each language."""
    licences: tuple[Licence, ...] = ()
    """What there is under each licence and tier, by name."""
    shards: tuple[Shard, ...]
    """Files of documents: what the sample holds of each shard of the parent."""
    tables: tuple[Table, ...]
    """Further files."""

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"this is a sample of format {self.format}, not {FORMAT}")
        for what, expected, found in (
            ("rows of the shards", self.documents, sum(s.rows for s in self.shards)),
            ("documents by language", self.documents, sum(x.documents for x in self.languages)),
            ("documents by licence", self.documents, sum(x.documents for x in self.licences)),
            ("tokens by licence", self.tokens, sum(x.tokens for x in self.licences)),
            ("tokens of the shards", self.tokens, sum(s.tokens for s in self.shards)),
        ):
            if expected != found:
                raise ValueError(f"{what}: {expected} expected, {found} counted")
        check_distinct("language", [language.lang for language in self.languages])
        check_distinct("file", [entry.path for entry in self.files])
        check_paths(entry.path for entry in self.files)
        check_shards(self.shards, JSONL if self.written == "jsonl" else PARQUET)

    @property
    def tokens(self) -> int:
        """Tokens of all documents together."""
        return sum(language.tokens for language in self.languages)

    @property
    def files(self) -> tuple[Shard | Table, ...]:
        """Every file of the sample, this manifest excepted."""
        return (*self.shards, *self.tables)


Held: TypeAlias = Manifest | Sample
"""What a folder with documents says of itself."""


class _Kind(msgspec.Struct, frozen=True):
    kind: str = "release"
    format: int = FORMAT


def contents(place: Location) -> Held:
    """Return the manifest of a release or of a sample. Errors as `manifest.read`."""
    text = (place / NAME).read_bytes()
    said = msgspec.json.decode(text, type=_Kind)
    if said.kind != "sample":
        return read_manifest(place)
    if said.format != FORMAT:
        raise ValueError(
            f"a sample of format {said.format}, and this program knows format {FORMAT} only; "
            "draw it anew"
        )
    return msgspec.json.decode(text, type=Sample)


def parent_of(held: Held) -> Parent:
    """Return how a sample names what it was drawn from."""
    return Parent(name=held.name, build_id=held.build_id, root=held.root)
