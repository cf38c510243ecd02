"""The manifest: what a release was made of and what is in it, held together by arithmetic."""

from hashlib import sha256
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from florilegium.manifests import funnel
from florilegium.manifests.funnel import Step, kept_by_language
from florilegium.manifests.layout import check_distinct, check_paths, check_shards
from florilegium.manifests.location import Location
from florilegium.manifests.month import Amount, Month
from florilegium.manifests.predecessor import Predecessor

NAME = "manifest.json"
FORMAT = 4
"""Layout of a release: keys of its manifest and columns of its files. Of format 1, documents had
no `extraction_confidence`; of format 2, half of the counts, no verdicts on rights, of licences only
name and tier, and nothing that scorers, benchmarks or word lists say; nor was there a table of the
tree; of format 3, no distributions, no domains, no months of capture, no examples of losses, and
ids said nothing of addresses."""


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every part of a manifest is: fixed once made, and without fields it does not know."""


class Resource(Record, frozen=True, kw_only=True):
    """A model, list, vocabulary or plan that decisions rest on."""

    name: str
    """What it is."""
    sha256: str
    """Digest of its content."""


class Input(Record, frozen=True, kw_only=True):
    """One WARC file that was read, or the records of one that a plan chose."""

    name: str
    """Name of the file, without folders; one of which a plan chose records, with those it has in
    the archive."""
    bytes: int
    """Size of the file, or of the chosen records."""
    sha256: str
    """Digest of the file, or of the chosen records, one after the other."""
    records: int
    """Records in it, or chosen; a stretch that is none counts as one."""
    passed_over: int | None = None
    """Bytes of the file that were fetched, but neither chosen nor read; null unless a plan chose
    its records."""


class Shard(Record, frozen=True, kw_only=True):
    """One Parquet file of documents: those of a language whose ids lie in one range."""

    path: str
    """Where it is in the release."""
    lang: str
    """Language of all its documents."""
    index: int
    """Its number among the shards of the language, from 0."""
    of: int
    """Ranges of ids that the language is divided into, empty ones included."""
    rows: int
    """Documents in it."""
    first_leaf: int
    """Number of its first document in the Merkle tree."""
    tokens: int
    """Tokens in its texts."""
    text_bytes: int
    """Bytes of its texts in UTF-8."""
    file_bytes: int
    """Size of the file."""
    sha256: str
    """Digest of the file."""


class Table(Record, frozen=True, kw_only=True):
    """One further file of the release."""

    path: str
    """Where it is in the release."""
    rows: int
    """Rows in it."""
    file_bytes: int
    """Size of the file."""
    sha256: str
    """Digest of the file."""


class Language(Record, frozen=True, kw_only=True):
    """What a release holds in one language."""

    lang: str
    """ISO 639-3 and ISO 15924, as in `deu_Latn`."""
    documents: int
    """Documents in its shards."""
    tokens: int
    """Tokens in their texts."""
    chars: int
    """Code points of their texts."""
    text_bytes: int
    """Bytes of their texts in UTF-8."""
    quality_deciles: tuple[float, ...] | None = None
    """Least score of a document, the nine scores that part them in tenths, and the greatest; null
    if none has a score. Of a thousandth, which is how finely they are counted."""


class Licence(Record, frozen=True, kw_only=True):
    """What a release holds under one licence, by the strength of its evidence."""

    license: str | None
    """SPDX name; null for documents that state none of their own."""
    tier: str | None
    """A (best) to D, as in `license_tier`; null without a licence."""
    documents: int
    """Documents in all shards."""
    tokens: int
    """Tokens in their texts."""


class Earlier(Record, frozen=True, kw_only=True):
    """A release against which this one was built: copies of its documents were left out."""

    name: str
    """Name of the corpus."""
    build_id: str
    """Name of the build."""
    root: str
    """Root of the Merkle tree over its documents, in hex."""
    documents: int
    """Documents in it."""


class Parent(Record, frozen=True, kw_only=True):
    """A release that a sample was drawn from, or a sample that was."""

    name: str
    """Name of the corpus."""
    build_id: str
    """Name of the build."""
    root: str
    """Root of the Merkle tree over its documents, in hex."""


class Alarm(Record, frozen=True, kw_only=True):
    """A document, a host or an input in whose name more was removed than the recipe expects."""

    kind: Literal["component", "empty", "host", "source"]
    """`component`: what gave way to one document; `host`; `source`: an input; `empty`: the release,
    if nothing is in it."""
    name: str
    """Id of that document in hex, the host, the name of the input, or nothing."""
    documents: int
    """Documents that could be copies: of the host, of the input, or all there are; of `empty` all
    records."""
    removed: int
    """Those among them that were removed as copies; of `empty` by any rule."""

    def __str__(self) -> str:
        if self.kind == "empty":
            return f"the release is empty: all {self.removed:,} records were lost"
        share = self.removed / self.documents
        return f"{self.kind} {self.name}: {self.removed} of {self.documents} removed ({share:.1%})"


class Protocol(Record, frozen=True, kw_only=True):
    """A protocol by which pages or hosts opt out, as far as this build knows it."""

    name: str
    """Its name in recipes."""
    specification: str
    """The specification by which it was read."""
    honoured: bool
    """Whether it could cost a document its place."""


class OptOuts(Record, frozen=True, kw_only=True):
    """Which opt-outs were looked for, what they removed, and what could not be known."""

    regime: str
    """What the text is mined for, from the recipe."""
    retroactive: str
    """Whether what hosts said after a page was captured counts, from the recipe."""
    missing: str
    """What became of documents of hosts whose robots.txt is not known, from the recipe."""
    unreachable: str
    """What became of documents of hosts that could not give their robots.txt, from the recipe."""
    protocols: tuple[Protocol, ...]
    """All protocols that were read."""
    agents: tuple[str, ...]
    """Whom a host must not have refused, lists taken apart."""
    removed: dict[str, int]
    """Documents that each rule removed, as in the funnel."""
    origins: dict[str, int]
    """Origins of documents by the state of their robots.txt that is known last: `present`, `none`,
    `unreachable` or `unknown`. Nothing if no input has a file of any host."""


class Manifest(Record, frozen=True, kw_only=True):
    """A finished release. Every record read is in a shard or in the ledger: the sums must agree.

    ValueError on construction if they do not, so a manifest that exists adds up.
    """

    format: int = FORMAT
    """Layout of the release: the keys of this manifest and the columns of its files."""
    name: str
    """Name of the corpus, from the recipe."""
    build_id: str
    """Name of the folder; a digest of inputs, code and recipe."""
    root: str
    """Root of the Merkle tree over all documents, by language and id (RFC 9162), in hex."""
    records: int
    """Records read from all inputs."""
    documents: int
    """Documents in all shards."""
    recipe: dict[str, Any]
    """The whole recipe, defaults included."""
    recipe_sha256: str
    """SHA-256 of the recipe as JSON, its keys sorted, in hex."""
    code: dict[str, str]
    """Version of the package and digest of its source."""
    environment: dict[str, str]
    """Versions of Python and of the libraries that texts pass through."""
    resources: tuple[Resource, ...]
    """Models and vocabularies that were used."""
    tokens_counted: str
    """How tokens were counted: `exactly`, or from a sample."""
    inputs: tuple[Input, ...]
    """Files that were read, by name."""
    against: tuple[Earlier, ...] = ()
    """Earlier releases whose documents were taken into account, in the order they were named."""
    parent: Predecessor | None = None
    """The release that this one was made of by erasure; null if it was built."""
    month: Month | UnsetType = UNSET
    """What came, went and changed; not there unless the build was asked for a parent."""
    funnel: tuple[Step, ...]
    """What each stage received, lost and kept."""
    opt_outs: OptOuts | None = None
    """Which opt-outs were honoured."""
    alarms: tuple[Alarm, ...] = ()
    """Where more was removed as copies than the recipe expects: of each kind the first hundred,
    those with most removed."""
    alarms_raised: dict[str, int] = {}
    """How many there are of each kind, those that are not listed included."""
    languages: tuple[Language, ...]
    """What there is of each language."""
    captured: dict[str, int]
    """Documents by the month in which they were captured (UTC), as `2026-03`."""
    licences: tuple[Licence, ...] = ()
    """What there is under each licence and tier, by name."""
    shards: tuple[Shard, ...]
    """Files of documents, by language and range of ids."""
    ledger: tuple[Table, ...]
    """Files of losses, one for each input in its order."""
    tables: tuple[Table, ...]
    """Further files."""

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"this is a manifest of format {self.format}, not {FORMAT}")
        funnel.check(self.funnel, self.records, self.documents)
        lost = sum(funnel.by_rule(self.funnel).values())
        for what, expected, found in (
            ("records of the inputs", self.records, sum(i.records for i in self.inputs)),
            ("rows of the shards", self.documents, sum(s.rows for s in self.shards)),
            ("rows of the ledger", lost, sum(table.rows for table in self.ledger)),
            ("documents by language", self.documents, sum(x.documents for x in self.languages)),
            ("documents by month", self.documents, sum(self.captured.values())),
            ("documents by licence", self.documents, sum(x.documents for x in self.licences)),
            ("tokens by licence", self.tokens, sum(x.tokens for x in self.licences)),
            ("tokens of the shards", self.tokens, sum(s.tokens for s in self.shards)),
        ):
            if expected != found:
                raise ValueError(f"{what}: {expected} expected, {found} counted")
        if len(self.inputs) != len(self.ledger):
            raise ValueError(f"{len(self.inputs)} inputs, but {len(self.ledger)} ledger files")
        check_distinct("input", [source.name for source in self.inputs])
        check_distinct("language", [language.lang for language in self.languages])
        check_distinct("file", [entry.path for entry in self.files])
        if self.parent is not None:
            self.parent.check(self.documents, [table.path for table in self.tables])
        if self.month is not UNSET:
            held = Amount(documents=self.documents, tokens=self.tokens)
            self.month.check(held, [(one.build_id, one.documents) for one in self.against])
        self._check_recipe()
        self._check_opt_outs()
        self._check_languages()
        check_paths(entry.path for entry in self.files)
        check_shards(self.shards)

    @property
    def tokens(self) -> int:
        """Tokens of all documents together."""
        return sum(language.tokens for language in self.languages)

    @property
    def files(self) -> tuple["Shard | Table", ...]:
        """Every file of the release, this manifest excepted."""
        return (*self.shards, *self.ledger, *self.tables)

    def _check_recipe(self) -> None:
        digest = sha256(msgspec.json.encode(self.recipe, order="sorted")).hexdigest()
        if digest != self.recipe_sha256:
            raise ValueError(f"recipe: SHA-256 is {digest}, not {self.recipe_sha256}")

    def _check_opt_outs(self) -> None:
        lost = funnel.by_rule(self.funnel).items()
        removed = {rule: number for (stage, rule), number in lost if stage == "rights"}
        if (said := self.opt_outs) is None:
            return
        if said.removed != removed:
            raise ValueError(f"opt-outs: the funnel removes {removed}, not {said.removed}")
        asked = self.recipe.get("rights")
        if not isinstance(asked, dict):
            raise ValueError("opt-outs: the recipe says nothing of rights")
        for name in _POLICY:
            if (value := getattr(said, name)) != asked.get(name):
                raise ValueError(f"opt-outs: {name} is {value}, in the recipe {asked.get(name)}")
        honoured = sorted(protocol.name for protocol in said.protocols if protocol.honoured)
        named = [] if said.regime == "research_60d" else asked.get("honour")
        if not isinstance(named, list | tuple) or honoured != sorted(map(str, named)):
            raise ValueError(f"opt-outs: {honoured} are honoured, in the recipe {named}")
        check_distinct("protocol", [protocol.name for protocol in said.protocols])

    def _check_languages(self) -> None:
        kept = {lang: number for lang, number in kept_by_language(self.funnel).items() if number}
        stated = {x.lang: x.documents for x in self.languages if x.documents}
        if kept != stated:
            raise ValueError(f"documents by language: the funnel keeps {kept}, not {stated}")


_POLICY = ("regime", "retroactive", "missing", "unreachable")
"""What a section on opt-outs has from the recipe, word by word."""


class _Code(Struct, frozen=True):
    version: str = "of an unknown version"
    sha256: str = "unknown"


class _Form(Struct, frozen=True):
    """What a manifest of any format says of itself and of the program that made it."""

    format: int
    code: _Code = _Code()
    kind: str = "release"


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as JSON, sorted and indented, so that two can be compared by diff."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2) + b"\n"


def read(release: Location) -> Manifest:
    """Return the manifest of a release folder, checked field by field and sum by sum.

    FileNotFoundError if there is none, ValueError (msgspec.ValidationError) if it is not right or
    of another format than `FORMAT`.
    """
    text = (release / NAME).read_bytes()
    form = msgspec.json.decode(text, type=_Form)
    if form.kind != "release":
        raise ValueError(f"a {form.kind}, not a release")
    if form.format != FORMAT:
        raise ValueError(
            f"a release of format {form.format}, and this program knows format {FORMAT} only; "
            f"made by florilegium {form.code.version}, code {form.code.sha256[:12]}, which can "
            "verify it; to have it in the new format, build it anew"
        )
    return msgspec.json.decode(text, type=Manifest)
