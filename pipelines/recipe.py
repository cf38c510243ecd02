"""The recipe: everything a build may vary, read from TOML.

A number has one home, the default of its field; a recipe overrides it, and the manifest
records the whole resolved recipe.
"""

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from florilegium.dedup.policy import Keep
from florilegium.filters.benchmarks import Benchmarks
from florilegium.filters.catalogue import DEFAULTS, PROFILES, AnyFilter
from florilegium.filters.language_table import LANGUAGES, MACRO, european
from florilegium.filters.licence_hosts import Licences
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.personal import Action, kinds_to
from florilegium.manifests.personal import KINDS
from florilegium.manifests.publication import Publication
from florilegium.pipelines.commoncrawl.settings import CommonCrawl
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.gates.settings import Gates
from florilegium.pipelines.inheritance import Descent, Tables, edited, edits, merged, parted, places
from florilegium.pipelines.mixture.settings import Mixture
from florilegium.pipelines.months.settings import Months
from florilegium.pipelines.named.blocklists import Blocklist
from florilegium.pipelines.named.texts import Benchmark, LanguageModel, Scorer, WordList
from florilegium.pipelines.nested import put
from florilegium.pipelines.pages.extract import Extraction
from florilegium.pipelines.ranges import empty_ranges, numbers
from florilegium.pipelines.recipe_files import RecipeFile, find
from florilegium.pipelines.spelling import hint, nearest
from florilegium.pipelines.verdicts.alarms import Alarms

_MOST_BASES = 10
_MOST = (1 << 63) - 1


class RecipeError(ValueError):
    """A recipe that cannot be built; the message names the file, the key and the remedy."""


class Shards(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How large the files for the trainer are."""

    unit: Literal["bytes", "tokens"] = "bytes"
    """What `size` counts: bytes of text, or tokens."""
    size: Annotated[int, Meta(ge=1)] = 512 << 20
    """The most that one shard should hold."""
    row_group_bytes: Annotated[int, Meta(ge=1 << 10)] = 32 << 20
    """Bytes of text in one Parquet row group."""


class Lines(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of lines that stand on many pages of a host, copies not counted.

    A line is what stands between two line breaks. They are counted after the duplicates are
    removed, and never in hosts with few pages.
    """

    repeated: Literal["ignore", "count", "cut"] = "ignore"
    """`count` measures their share of each page, `cut` also takes them out of the texts."""
    min_pages: Annotated[int, Meta(ge=2)] = 50
    """A host with fewer pages has no repeated lines."""
    min_share: Annotated[float, Meta(gt=0, le=1)] = 0.2
    """Share of a host's pages on which a repeated line stands."""
    min_repeats: Annotated[int, Meta(ge=2)] = 10
    """Pages on which a repeated line stands at least."""


class Recipe(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to build. Same inputs, same recipe, same code: same root."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z")]
    """Name of the corpus: lower-case letters, digits and hyphens."""
    languages: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Codes such as `deu_Latn`, or `european` for every European language we identify. `hbs_Latn`
    merges Bosnian, Croatian, Montenegrin and Serbian, `nor_Latn` both forms of Norwegian."""
    keep_truncated: bool = False
    """Whether pages that the crawler cut off are kept."""
    conversions: Literal["lose", "read"] = "lose"
    """What becomes of texts that somebody else took out of pages (WARC-Type `conversion`), as in
    Common Crawl's WET files. They do not show what page and response said of their use."""
    blocklists: tuple[Blocklist, ...] = ()
    """Lists of addresses that are not wanted; of several that name a page, the first is cited."""
    rights: Rights = Rights()
    """Which opt-outs are honoured."""
    extraction: Extraction = Extraction()
    """How the main text is found."""
    language_model: LanguageModel = LanguageModel()
    """The model that tells languages."""
    foreign_paragraphs: Literal["keep", "drop"] = "keep"
    """What happens to paragraphs in another language than the rest of the text."""
    personal: Action = "mask"
    """What happens to personal data: masked, only counted, or the document dropped."""
    personal_kinds: dict[str, Action] = {}
    """Kinds of personal data to which something else happens, as in `{ ip = "count" }`. Kinds are
    the fields of a document's `pii`; `national_id` stands for all national identifiers."""
    tokenizer: Literal["tekken-240911", "tekken-240718"] = "tekken-240911"
    """The tokenizer whose tokens are counted."""
    keep: Keep = "longest"
    """Which of several copies is kept: the best by the rules as shipped and by how sure its
    extraction is, the longest, the earliest or the latest captured, or the one under the most
    permissive licence. Of equals, the longest, then the earliest, then the one of the smallest
    id."""
    duplicates: Duplicates = Duplicates()
    """Which copies are removed."""
    lines: Lines = Lines()
    """What becomes of lines that stand on many pages of a host."""
    licences: Licences = Licences()
    """How the pages of a host bear on the licence of each."""
    alarms: Alarms = Alarms()
    """When too much is removed as copies."""
    scorers: tuple[Scorer, ...] = ()
    """Models that say how good a text is, for the column `quality`."""
    word_lists: tuple[WordList, ...] = ()
    """Lists of bad words, for the column `bad_word_share`."""
    benchmarks: tuple[Benchmark, ...] = ()
    """What models are tested on: texts that give it away are found, for the filter `benchmarks`."""
    profile: Literal["even", "datatrove"] = "even"
    """Rules of a recipe without `[[filters]]`: ours, which treat languages alike, or datatrove's
    Gopher, C4 and FineWeb rules with their English limits, to compare with."""
    filters: tuple[AnyFilter, ...] = DEFAULTS
    """Rules a document must pass, in this order."""
    reasons: Literal["first", "all"] = "first"
    """`all` lists every rule that each lost document fails, in `audit/reasons/`; the ledger names
    the first of them."""
    mixture: Mixture | None = None
    """Which share of what passed the rules is published; all of it without this table."""
    shards: Shards = Shards()
    """How large the files for the trainer are."""
    parent: str | UnsetType = UNSET
    """The release that this build goes on from: `latest` for the newest of the corpus, the name of
    a build, or where a release is. Copies of its documents are left out, and of those of all
    releases that it was built on. Of a corpus without a release, `latest` is none."""
    months: Months | UnsetType = UNSET
    """What becomes of documents of earlier releases, in a build with a `parent`."""
    release: Publication = Publication()
    """What only the publisher knows, for the exports."""
    commoncrawl: CommonCrawl = CommonCrawl()
    """What `florilegium select` takes of Common Crawl."""
    crawl: Crawl | None = None
    """How sites are fetched, if that comes before the build."""
    gates: Gates | None = None
    """What a release must pass before it is promoted."""

    def __post_init__(self) -> None:
        known = (*KINDS, "national_id")
        for kind in self.personal_kinds:
            if kind not in known:
                raise ValueError(f"unknown kind of personal data {kind!r}{nearest(kind, known)}")
        if self.benchmarks and not any(isinstance(one, Benchmarks) for one in self.filters):
            raise ValueError(
                "`benchmarks` are named, but of the `filters` none looks at them: add one with "
                'use = "benchmarks"'
            )
        if self.mixture is not None and self.mixture.quality and not self.scorers:
            raise ValueError("`mixture.quality` needs a score: name `[[scorers]]` that give it")

    def kinds_to(self, action: Action) -> frozenset[str]:
        """Return the kinds of personal data that are masked, counted or a reason to drop."""
        return kinds_to(action, self.personal, self.personal_kinds)


# What harvest reads of a recipe; a change to anything else leaves finished parts valid.
HARVEST_KEYS = (
    "languages",
    "keep_truncated",
    "conversions",
    "blocklists",
    "rights",
    "extraction",
    "language_model",
    "foreign_paragraphs",
    "personal",
    "personal_kinds",
    "tokenizer",
)


_ADDED = ("mixture", "gates")


class Ancestor(Struct, frozen=True):
    """A recipe in the line of its bases, and what its file says beside it."""

    source: str
    """The name of a shipped recipe, or where another is."""
    descent: Descent
    recipe: Recipe


def load(name_or_path: str) -> Recipe:
    """Return a recipe by its shipped name or by where a TOML file is, languages resolved.

    RecipeError if there is none, or if it or a base has an unknown key, a value of the wrong type
    or an unknown language; the message says in which file and where, and what was probably meant.
    OSError if a file is there, or a bucket should be, and cannot be read.
    """
    return lineage(name_or_path)[-1].recipe


def lineage(name_or_path: str) -> tuple[Ancestor, ...]:
    """Return a recipe after its bases, the first of them first; errors are those of `load`."""
    return _line(_found(name_or_path), ())


def parse(text: bytes, source: str) -> Recipe:
    """Return the recipe written in TOML, checked field by field; RecipeError names `source`."""
    return _line(RecipeFile(source, text), ())[-1].recipe


def _found(name_or_path: str, of: RecipeFile | None = None) -> RecipeFile:
    try:
        return find(name_or_path, of.folder if of else None)
    except ValueError as error:
        raise RecipeError(f"{of.name}: `base`: {error}" if of else str(error)) from error


def _line(file: RecipeFile, heirs: tuple[RecipeFile, ...]) -> tuple[Ancestor, ...]:
    """Return a recipe after its bases, those that follow from it being known."""
    chain = (*heirs, file)
    said = " -> ".join(one.name for one in chain)
    if file.identity in {one.identity for one in heirs}:
        raise RecipeError(f"{chain[0].name}: a base leads back to where it began: {said}")
    if len(heirs) > _MOST_BASES:
        raise RecipeError(f"{chain[0].name}: more than {_MOST_BASES} bases in a line: {said}")
    descent, own = _read(file)
    above = _line(_found(descent.base, file), chain) if descent.base else ()
    base = resolved(above[-1].recipe) if above else {}
    return (*above, Ancestor(file.name, descent, _made(base, descent, own, file.name)))


def _read(file: RecipeFile) -> tuple[Descent, Tables]:
    try:
        return parted(msgspec.toml.decode(file.text))
    except msgspec.ValidationError as error:
        raise RecipeError(f"{file.name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{file.name}: not TOML: {error}") from error


def _made(base: Tables, descent: Descent, own: Tables, source: str) -> Recipe:
    """Return the recipe that follows from a base, or from nothing, by what its file says."""
    if "filters" in own and "profile" in own:
        raise _two_kinds_of_rules(source)
    replaced = {"name", *(("filters", "profile") if {"filters", "profile"} & own.keys() else ())}
    values = merged({key: value for key, value in base.items() if key not in replaced}, own)
    if edits(descent):
        values = merged(_defaults(values, source), values)
        try:
            values = edited(values, descent)
        except ValueError as error:
            raise RecipeError(f"{source}: {error}") from error
        if "filters" in edits(descent):
            del values["profile"]
    recipe = _converted(values, descent, source)
    if "filters" not in values:
        recipe = _of_profile(recipe, source)
    return _checked(recipe, source)


def _defaults(values: Tables, source: str) -> Tables:
    """Return the defaults of every key but those that must be given, filters by the profile."""
    profile = {key: values[key] for key in ("profile",) if key in values}
    start = _converted({"name": "x", "languages": ["deu_Latn"], **profile}, Descent(), source)
    plain = resolved(_of_profile(start, source))
    return {key: value for key, value in plain.items() if key not in ("name", "languages")}


def _converted(values: Tables, descent: Descent, source: str) -> Recipe:
    try:
        return msgspec.convert(values, Recipe)
    except msgspec.ValidationError as error:
        said = str(error)
        for counted, written in places(values, descent):
            said = said.replace(f"`{counted}", f"`{written}")
        raise RecipeError(f"{source}: {said}{hint(said, Recipe, Descent)}") from error


def changed(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """Return the recipe with some settings, each `KEY.KEY=VALUE`, in place of its own.

    The value is written as in TOML; one that is no TOML is a string. Of several filters or lists,
    a key is the `use` or the `name` of one. RecipeError says what is not known and what is nearest.
    """
    values = resolved(recipe)
    written = list(settings)
    for setting in written:
        try:
            put(values, setting)
        except ValueError as error:
            raise RecipeError(str(error)) from error
    said = " ".join(written)
    try:
        made = msgspec.convert(values, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{said}: {error}{hint(str(error), Recipe)}") from error
    if made.profile != recipe.profile:
        if made.filters != PROFILES[recipe.profile]:
            raise _two_kinds_of_rules(said)
        made = _of_profile(made, said)
    return _checked(made, said)


def _two_kinds_of_rules(source: str) -> RecipeError:
    return RecipeError(f"{source}: a recipe has either a `profile` or `[[filters]]`, not both")


def _of_profile(recipe: Recipe, source: str) -> Recipe:
    """Return a recipe with the filters of its profile; RecipeError if they do not go with it."""
    try:
        return msgspec.structs.replace(recipe, filters=PROFILES[recipe.profile])
    except ValueError as error:
        raise RecipeError(f"{source}: {error}") from error


def _checked(recipe: Recipe, source: str) -> Recipe:
    """Return a recipe with its languages resolved; RecipeError if its numbers make no sense.

    JSON has neither `inf` nor `nan`: a worker or the manifest would read that there is none. Tables
    and arrays have integers of 64 bits.
    Nothing lies between a least that is above its most.
    """
    for key, number in numbers(resolved(recipe), "$"):
        if abs(number) > _MOST if isinstance(number, int) else not math.isfinite(number):
            raise RecipeError(f"{source}: {number} is no number that can be used - at `{key}`")
    tables: list[tuple[str, Struct]] = [("$.extraction", recipe.extraction)]
    tables += [(f"$.filters[{place}]", one) for place, one in enumerate(recipe.filters)]
    for low, high, key in empty_ranges(tables):
        raise RecipeError(f"{source}: `{low}` is above `{high}`: nothing passes - at `{key}`")
    return msgspec.structs.replace(recipe, languages=_languages(recipe.languages, source))


def resolved(recipe: Recipe) -> dict[str, Any]:
    """Return the whole recipe as plain values, as the manifest records it.

    Tables without which a build is what it was before there were any are not in it.
    """
    values: dict[str, Any] = msgspec.to_builtins(recipe)
    return {key: value for key, value in values.items() if key not in _ADDED or value is not None}


def _languages(codes: tuple[str, ...], source: str) -> tuple[str, ...]:
    chosen: set[str] = set()
    for position, code in enumerate(codes):
        if code == "european":
            chosen.update(european())
        elif code in LANGUAGES:
            chosen.add(code)
        else:
            near = nearest(code, [*LANGUAGES, "european"])
            raise RecipeError(
                f"{source}: unknown language {code!r}{near} - at `$.languages[{position}]`"
            )
    return tuple(sorted(code for code in chosen if MACRO.get(code) not in chosen))
