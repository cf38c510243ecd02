"""The pages that are planted: texts of the demonstration with something added or repeated."""

import re
from functools import cache
from html import escape, unescape
from importlib import resources
from typing import Final

from msgspec import Struct

from florilegium.filters.benchmarks import Benchmarks
from florilegium.filters.language_table import LANGUAGES, MACRO
from florilegium.pipelines.assessment import benchmarks
from florilegium.pipelines.demo.web import captures
from florilegium.pipelines.recipe import Recipe

ITEMS: Final = {
    "email": "anna.muster@post.example",
    "phone": "+44 20 7946 0958",
    "iban": "DE89 3704 0044 0532 0130 00",
    "card": "4111 1111 1111 1111",
}
"""Personal data of nobody, by kind: numbers that are kept for examples."""
FOREIGN: Final = {"jpn_Jpan": "plant3-japanese.html", "ara_Arab": "plant3-arabic.html"}
"""Pages in languages that hardly a recipe lists, by language."""
_LEAST: Final = 150
"""Characters of a paragraph that is taken over."""
_REPEATED: Final = 40
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_PARAGRAPH: Final = re.compile(r"<p[^>]*>([^\0]*?)</p>")
_TAG: Final = re.compile(r"<[^>]*>")


class Planted(Struct, frozen=True, kw_only=True):
    """A page to be planted."""

    name: str
    """What it is; the first label of its host."""
    group: str
    """Pages that may be copies of one another; the second label."""
    html: str
    headers: tuple[str, ...] = ()
    """Further lines of its response."""
    robots: str | None = None
    """The robots.txt of its host, if that does not allow all."""


class Prose(Struct, frozen=True):
    """An ordinary text in a language."""

    lang: str
    paragraphs: tuple[str, ...]

    @property
    def chars(self) -> int:
        """Characters of all paragraphs."""
        return sum(map(len, self.paragraphs))


def prose_for(recipe: Recipe) -> Prose | None:
    """Return a text in a language of a recipe; None if we have written none."""
    known = _prose()
    wanted = set(recipe.languages)
    return next((one for one in known if {one.lang, MACRO.get(one.lang)} & wanted), None)


def foreign_to(recipe: Recipe) -> str | None:
    """Return a language that a recipe does not list, of which we have a page."""
    return next((lang for lang in FOREIGN if lang not in recipe.languages), None)


def pages(recipe: Recipe) -> list[Planted]:
    """Return the pages that are planted for a recipe, the same each time."""
    prose = prose_for(recipe) or _prose()[0]
    lang, text = prose.lang, prose.paragraphs
    everyone = "".join(f"User-agent: {name}\n" for name in recipe.rights.expanded())
    meta = '<meta name="tdm-reservation" content="1">'
    reserved = _page(lang, text)
    made = [
        Planted(name="good", group="copies", html=_page(lang, text)),
        Planted(name="copy", group="copies", html=_page(lang, text)),
        Planted(name="near", group="copies", html=_page(lang, _nearly(text))),
        Planted(name="personal", group="person", html=_page(lang, _with_personal_data(text))),
        Planted(name="meta", group="reserved-by-meta", html=_page(lang, text, meta)),
        Planted(
            name="header", group="reserved-by-header", html=reserved,
            headers=("tdm-reservation: 1",),
        ),
        Planted(
            name="robots", group="reserved-by-robots", html=reserved,
            robots=f"{everyone}Disallow: /\n",
        ),
        Planted(name="spam", group="spam", html=_page(lang, _repeated(text))),
    ]  # fmt: skip
    if (other := foreign_to(recipe)) is not None:
        made.append(Planted(name="foreign", group="abroad", html=_demo(FOREIGN[other])))
    if known := _passage(recipe):
        html = _page(lang, (f"{text[0]} {known}", *text[1:]))
        made.append(Planted(name="benchmark", group="tested", html=html))
    return made


def most_ngrams(recipe: Recipe) -> int | None:
    """Return the most that a text may share with a benchmark; None if the recipe does not look."""
    rules = [rule for rule in recipe.filters if isinstance(rule, Benchmarks)]
    return int(rules[0].max_ngrams) if rules and recipe.benchmarks else None


def _passage(recipe: Recipe) -> str:
    if (most := most_ngrams(recipe)) is None or recipe.foreign_paragraphs == "drop":
        return ""
    return next(filter(None, (benchmarks.passage(one, most) for one in recipe.benchmarks)), "")


def _nearly(text: tuple[str, ...]) -> tuple[str, ...]:
    """Return the text with one word more."""
    first, space, rest = text[-1].partition(" ")
    return (*text[:-1], f"{first}{space}2026 {rest}")


def _with_personal_data(text: tuple[str, ...]) -> tuple[str, ...]:
    first = text[0].rstrip(".")
    return (f"{first} ({', '.join(ITEMS.values())}).", *text[1:])


def _repeated(text: tuple[str, ...]) -> tuple[str, ...]:
    sentence = text[0].partition(". ")[0] + "."
    return (sentence,) * _REPEATED


def _page(lang: str, text: tuple[str, ...], head: str = "") -> str:
    title = escape(" ".join(text[0].split()[:4]))
    body = "".join(f"<p>{escape(one)}</p>" for one in text)
    return (
        f'<!DOCTYPE html><html lang="{LANGUAGES[lang].bcp47}"><head><meta charset="utf-8">'
        f"<title>{title}</title>{head}</head><body><main><article><h1>{title}</h1>{body}</article>"
        f'</main><footer><a rel="license" href="{_LICENCE}">CC BY 4.0</a></footer></body></html>'
    )


@cache
def _prose() -> list[Prose]:
    """Return the longest ordinary text of the demonstration in each language, in its order."""
    found: dict[str, Prose] = {}
    for capture in captures():
        if capture.fate != "kept" or capture.page.startswith(("plant", "crawl")):
            continue
        lines = (_TAG.sub("", one) for one in _PARAGRAPH.findall(_demo(capture.page)))
        text = tuple(" ".join(unescape(one).split()) for one in lines)
        one = Prose(capture.reason, tuple(line for line in text if len(line) >= _LEAST))
        if one.lang not in found or found[one.lang].chars < one.chars:
            found[one.lang] = one
    return list(found.values())


def _demo(name: str) -> str:
    return (resources.files("florilegium.pipelines") / "demo" / name).read_text("utf-8")
