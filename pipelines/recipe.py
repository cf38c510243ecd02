"""The recipe: everything a build may vary, read from TOML.

A number has one home, the default of its field; a recipe overrides it, and the manifest
records the whole resolved recipe.
"""

import math
from collections.abc import Iterable
from importlib import resources
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from florilegium.dedup.policy import Keep
from florilegium.filters.benchmarks import Benchmarks
from florilegium.filters.catalogue import DEFAULTS, PROFILES, AnyFilter
from florilegium.filters.language_table import LANGUAGES, MACRO, european
from florilegium.filters.licence_hosts import Licences
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.personal import Action, kinds_to
from florilegium.manifests.location import locate
from florilegium.manifests.personal import KINDS
from florilegium.manifests.publication import Publication
from florilegium.pipelines.commoncrawl.settings import CommonCrawl
from florilegium.pipelines.crawl.settings import Crawl
from florilegium.pipelines.gates.settings import Gates
from florilegium.pipelines.named.blocklists import Blocklist
from florilegium.pipelines.named.texts import Benchmark, Scorer, WordList
from florilegium.pipelines.nested import put
from florilegium.pipelines.pages.extract import Extraction
from florilegium.pipelines.ranges import empty_ranges, numbers
from florilegium.pipelines.spelling import hint, nearest
from florilegium.pipelines.verdicts.alarms import Alarms

Scope: TypeAlias = Literal["global", "release", "snapshot"]
"""Which documents are compared."""


class RecipeError(ValueError):
    """A recipe that cannot be built; the message names the file, the key and the remedy."""


class Duplicates(Struct, frozen=True, forbid_unknown_fields=True):
    """Which copies are removed. The same capture found twice always is."""

    exact: Annotated[bool, Meta(description="remove documents with the same words")] = True
    addresses: Annotated[
        bool, Meta(description="remove all but one of the captures of an address")
    ] = True
    min_canonical_similarity: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="similarity that makes a copy, instead of `min_similarity`, where a page "
            "declares the address of another as its own (rel=canonical); `minhash`, which compares "
            "no texts, believes no such page",
        ),
    ] = 0.5
    near: Annotated[bool, Meta(description="remove documents with nearly the same words")] = True
    method: Annotated[
        Literal["fast-similarity-sketch", "minhash"],
        Meta(
            description="how documents with nearly the same words are found: each compared to the "
            "one that is kept, or, with `minhash`, any that 14 bands of 8 connect, uncompared, as "
            "FineWeb does"
        ),
    ] = "fast-similarity-sketch"
    min_similarity: Annotated[
        float,
        Meta(
            ge=0.5,
            le=1,
            description="Jaccard similarity of word 5-grams that makes a copy; `minhash` does not "
            "look at it",
        ),
    ] = 0.75
    scope: Annotated[
        Scope,
        Meta(
            description="which documents are compared: those of this build and of the releases "
            "it is built `--against` (`global`), those of this build (`release`), or of both those "
            "captured in the same month (`snapshot`)"
        ),
    ] = "global"
    index: Annotated[
        bool,
        Meta(
            description="write what later builds by the same `method` need to leave out copies of "
            "this release"
        ),
    ] = True


class Shards(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How large the files for the trainer are."""

    unit: Literal["bytes", "tokens"] = "bytes"
    """What `size` counts: bytes of text, or tokens."""
    size: Annotated[int, Meta(ge=1)] = 512 << 20
    """The most that one shard should hold."""
    row_group_bytes: Annotated[int, Meta(ge=1 << 10)] = 32 << 20
    """Bytes of text in one Parquet row group."""


class LanguageModel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fastText model that tells languages: ours, or another such as GlotLID or OpenLID."""

    path: str = ""
    """Where another model is: a local path, `s3://…`, `gs://…` or `https://…`. Ours if empty."""
    sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    """Digest of that model; another file is refused."""
    labels: dict[str, str] = {}
    """Our codes of its labels that are none, without `__label__`: `als = "gsw_Latn"`."""
    second: Literal["", "heliport"] = ""
    """A second opinion, of languages that it knows, on texts in the recipe's languages: `heliport`
    (`pip install florilegium[heliport]`, GPL-3.0, 900 MB a process). The filter `certainty` heeds
    it."""

    def __post_init__(self) -> None:
        if bool(self.path) != bool(self.sha256):
            raise ValueError("a language model is named by both `path` and `sha256`")


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
    shards: Shards = Shards()
    """How large the files for the trainer are."""
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


def shipped() -> list[str]:
    """Return the names of the recipes that come with the package, sorted."""
    folder = resources.files("florilegium.pipelines") / "recipes"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def load(name_or_path: str) -> Recipe:
    """Return a recipe by its shipped name or by where a TOML file is, languages resolved.

    RecipeError if there is none, or if it has an unknown key, a value of the wrong type or an
    unknown language; the message says where, and what was probably meant. OSError if a file is
    there, or a bucket should be, and cannot be read.
    """
    if name_or_path in shipped():
        source = resources.files("florilegium.pipelines") / "recipes" / f"{name_or_path}.toml"
        return parse(source.read_bytes(), name_or_path)
    try:
        path = locate(name_or_path)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    if not path.is_file():
        known = ", ".join(shipped())
        near = nearest(name_or_path, shipped())
        raise RecipeError(
            f"there is no recipe {name_or_path!r}{near}: give a path or one of {known}"
        )
    return parse(path.read_bytes(), str(path))


def parse(text: bytes, source: str) -> Recipe:
    """Return the recipe written in TOML, checked field by field; RecipeError names `source`."""
    try:
        recipe = msgspec.toml.decode(text, type=Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{source}: {error}{hint(str(error), Recipe)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(f"{source}: not TOML: {error}") from error
    given = msgspec.toml.decode(text)
    if "filters" not in given:
        recipe = _of_profile(recipe, source)
    elif "profile" in given:
        raise _two_kinds_of_rules(source)
    return _checked(recipe, source)


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

    JSON has neither `inf` nor `nan`: a worker or the manifest would read that there is none.
    Nothing lies between a least that is above its most.
    """
    for key, number in numbers(resolved(recipe), "$"):
        if not math.isfinite(number):
            raise RecipeError(f"{source}: {number} is no number that can be used - at `{key}`")
    tables: list[tuple[str, Struct]] = [("$.extraction", recipe.extraction)]
    tables += [(f"$.filters[{place}]", one) for place, one in enumerate(recipe.filters)]
    for low, high, key in empty_ranges(tables):
        raise RecipeError(f"{source}: `{low}` is above `{high}`: nothing passes - at `{key}`")
    return msgspec.structs.replace(recipe, languages=_languages(recipe.languages, source))


def resolved(recipe: Recipe) -> dict[str, Any]:
    """Return the whole recipe as plain values, as the manifest records it."""
    return msgspec.to_builtins(recipe)  # type: ignore[no-any-return]


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
