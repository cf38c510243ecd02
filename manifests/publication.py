"""What only a publisher can say of a release, for its exports: a table of the recipe."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

Format: TypeAlias = Literal["croissant", "card", "ai-act", "openlineage", "spdx"]
"""The formats that a release can be described in."""
FORMATS: tuple[Format, ...] = ("croissant", "card", "ai-act", "openlineage", "spdx")

NOT_STATED = "not stated by the publisher"


def _check_day(day: str) -> None:
    if day and not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise ValueError(f"{day!r} is no day: write YYYY-MM-DD")
    if day:
        date.fromisoformat(day)


class Publisher(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who answers for a release, and for the models trained on it."""

    name: str = ""
    """Name of the organisation or person."""
    contact: str = ""
    """Where to write to: an address, a mail address or a page."""
    representative: str = ""
    """Authorised representative in the Union, name and contact; `not applicable` if none is
    needed."""
    sme: bool | None = None
    """Whether it is a small or medium-sized enterprise, which may list fewer domains."""
    code_of_practice: bool | None = None
    """Whether it has signed the code of practice for general-purpose models."""


class Model(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was trained on the corpus, for the summary of training content."""

    names: tuple[str, ...] = ()
    """Names of the models, with their versions."""
    based_on: str = ""
    """Model that they modify, with a link to its summary; `not applicable` if there is none."""
    placed_on_market: str = ""
    """Day on which the first of them was placed on the market of the Union, YYYY-MM-DD."""

    def __post_init__(self) -> None:
        _check_day(self.placed_on_market)


class Crawler(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A crawler that the publisher ran, or had run, to collect the input."""

    name: str
    """Its name."""
    agent: str = ""
    """How it names itself to servers."""
    purpose: str = ""
    """What it collects pages for."""
    behaviour: str = ""
    """How it treats robots.txt, other protocols, captchas, passwords and paywalls."""


class Dataset(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A public data set that the input was taken from, as one crawl of Common Crawl."""

    name: str
    """Its name and version."""
    url: str = ""
    """Where it can be had."""
    description: str = ""
    """What was taken of it."""


class Publication(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What only the publisher knows, for the exports. Documents do not depend on any of it.

    An export says in words what is left out here.
    """

    exports: tuple[Format, ...] = ("croissant", "card", "ai-act", "openlineage")
    """Formats in which the release describes itself, in files of its own."""
    title: str = ""
    """Title; without one, the name of the corpus."""
    description: str = ""
    """What the corpus is, in a sentence or two."""
    version: str = ""
    """Version; without one, the build id."""
    license: str = ""
    """Licence of the compilation, as an SPDX identifier or an address. The texts keep their own."""
    url: str = ""
    """Where the release can be had."""
    published: str = ""
    """Day of publication, YYYY-MM-DD."""
    citation: str = ""
    """How to cite it."""
    maintenance: str = ""
    """How often it is renewed, and for how long."""
    uses: str = ""
    """What it is meant for, and what not."""
    reservations: str = ""
    """Measures to respect reservations of text and data mining, beside those of the build."""
    illegal_content: str = ""
    """Measures to avoid or remove illegal content, beside the lists of the recipe."""
    licensed_data: str = ""
    """Data licensed from rightsholders that the models were also trained on; `no` if none."""
    private_data: str = ""
    """Other private data sets that they were trained on; `no` if none."""
    user_data: str = ""
    """Data of users that they were trained on; `no` if none."""
    synthetic_data: str = ""
    """Data made by models that they were trained on, and by which; `no` if none."""
    other_data: str = ""
    """All else that they were trained on; `no` if nothing."""
    other: str = ""
    """What else there is to say of how the data was processed."""
    publisher: Publisher = Publisher()
    """Who answers for it."""
    model: Model = Model()
    """What was trained on it."""
    crawlers: tuple[Crawler, ...] = ()
    """Crawlers by which the input was collected."""
    datasets: tuple[Dataset, ...] = ()
    """Public data sets that the input was taken from."""

    def __post_init__(self) -> None:
        _check_day(self.published)


def of(recipe: Mapping[str, Any]) -> Publication:
    """Return what a recipe says of its publication, and what follows from how it gets its pages.

    Where no crawler is named, the one that the recipe runs is; where no data set, its snapshot of
    Common Crawl. ValidationError if it is not as it should be.
    """
    how = msgspec.convert(recipe, _Recipe)
    return msgspec.structs.replace(
        how.release,
        crawlers=how.release.crawlers or tuple(_own_crawler(how)),
        datasets=how.release.datasets or tuple(_own_snapshot(how)),
    )


class _Crawl(Struct, frozen=True):
    agent: str = ""
    contact: str = ""
    obey: tuple[str, ...] = ()


class _CommonCrawl(Struct, frozen=True):
    snapshot: str = ""
    base: str = ""


class _Recipe(Struct, frozen=True):
    """What of a recipe tells where pages come from; it has more."""

    name: str = ""
    release: Publication = Publication()
    crawl: _Crawl | None = None
    commoncrawl: _CommonCrawl = _CommonCrawl()


def _own_crawler(recipe: _Recipe) -> Iterator[Crawler]:
    if (crawl := recipe.crawl) is not None:
        others = f" and to {', '.join(crawl.obey)}" if crawl.obey else ""
        yield Crawler(
            name="Florilegium",
            agent=f"{crawl.agent} (+{crawl.contact})",
            purpose=f"pages for the corpus {recipe.name}",
            behaviour=f"obeys robots.txt (RFC 9309) in what it says to it{others}, asks a host for "
            "one page at a time and rests in between, keeps what hosts and pages say of text and "
            "data mining, and gets around no captcha, password or paywall",
        )


def _own_snapshot(recipe: _Recipe) -> Iterator[Dataset]:
    if chosen := recipe.commoncrawl.snapshot:
        yield Dataset(
            name=f"Common Crawl {chosen}",
            url=recipe.commoncrawl.base,
            description="pages chosen by its index",
        )


def said(answer: str | bool | None) -> str:
    """Return what the publisher says, or that nothing is said."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return (answer or "").strip() or NOT_STATED


_ASKED: dict[Format, tuple[str, ...]] = {
    "croissant": (
        "description", "license", "url", "published", "citation", "maintenance", "uses",
        "publisher.name",
    ),
    "card": ("description", "license", "publisher.name", "publisher.contact"),
    "ai-act": (
        "published", "reservations", "illegal_content", "licensed_data", "private_data",
        "user_data", "synthetic_data", "other_data", "publisher.name", "publisher.contact",
        "publisher.representative", "publisher.sme", "publisher.code_of_practice", "model.names",
        "model.based_on", "model.placed_on_market",
    ),
    "openlineage": ("published",),
    "spdx": ("license", "url", "published", "publisher.name"),
}  # fmt: skip


def missing(publication: Publication, form: Format) -> Iterator[str]:
    """Yield the keys that a format asks for and the publisher has not given."""
    for key in _ASKED[form]:
        value: Any = publication
        for name in key.split("."):
            value = getattr(value, name)
        if value in ("", (), None):
            yield f"release.{key}"
    if form == "ai-act":
        if not (publication.crawlers or publication.datasets):
            yield "release.crawlers or release.datasets"
        for number, crawler in enumerate(publication.crawlers):
            for name in ("agent", "purpose", "behaviour"):
                if not getattr(crawler, name):
                    yield f"release.crawlers[{number}].{name}"
