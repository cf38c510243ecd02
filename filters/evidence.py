"""What else than its text says which language a page is in: a tie-breaker for weak labels.

A page that declares its language is often wrong, a template's default mostly. So a declaration
never outweighs a sure label; it only decides between the two best of an unsure one.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from florilegium.filters.language import Identity
from florilegium.filters.language_table import LANGUAGES

MAX_WEAK_SCORE = 0.7
"""Probability up to which a label may be overruled by evidence."""

MIN_SECOND_SHARE = 0.25
"""Least probability of the second label, as a share of the first's, for it to take its place."""

_MAX_URL = 2_000
_TAG = re.compile(r"[A-Za-z]{2,3}(?=$|[-_])")

# Country-code and community domains whose pages are mostly in these languages.
_DOMAINS = """
ad cat|al sqi|am hye|at deu|az aze|ba bos hrv srp|bg bul|by bel rus|bzh bre|cat cat|cy ell|cymru cym
cz ces|de deu|dk dan|ee est|es spa|eus eus|fi fin|fo fao|fr fra|frl fry|gal glg|ge kat|gr ell
hr hrv|hu hun|ie gle eng|is isl|it ita|kz kaz|li deu|lt lit|lu ltz|lv lav|md ron|me cnr srp|mk mkd
mt mlt|nl nld|no nob nno|pl pol|pt por|ro ron|rs srp|ru rus|scot gla sco|se swe|si slv|sk slk|sm ita
tr tur|ua ukr|uk eng|va ita|wales cym
"""
_BY_DOMAIN = {
    domain: frozenset(languages)
    for domain, *languages in (
        entry.split() for row in _DOMAINS.split("\n") for entry in row.split("|") if entry
    )
}
_BY_TAG: dict[str, set[str]] = {"no": {"nob", "nno"}, "sh": {"bos", "cnr", "hrv", "srp"}}
for _code, _language in LANGUAGES.items():
    for _tag in (_language.bcp47.partition("-")[0], _code[:3]):
        _BY_TAG.setdefault(_tag, set()).add(_code[:3])


class Hint(NamedTuple):
    """Languages that something about a page speaks for."""

    source: str
    """`declared`, `hreflang`, `locale`, `url` or `domain`."""
    value: str
    languages: frozenset[str]
    """ISO 639-3."""


def hints(stated: Iterable[tuple[str, str | None]], url: str) -> Iterator[Hint]:
    """Yield what speaks for a language, the strongest first.

    `stated` are sources with the language tags they state (BCP 47, or as in ``pt_BR``), the
    strongest first; of a list of tags, the first counts. What names no language we know yields
    nothing.
    """
    for source, tag in stated:
        if tag and (languages := _tagged(tag.strip())):
            yield Hint(source, tag.strip()[:20], languages)
    try:
        parts = urlsplit(url[:_MAX_URL])
        host = (parts.hostname or "").split(".")
    except ValueError:
        return
    for word in (host[0], *parts.path.split("/")[1:3]):
        if len(word) in (2, 5) and (languages := _tagged(word)):
            yield Hint("url", word, languages)
    if languages := _BY_DOMAIN.get(host[-1], frozenset()):
        yield Hint("domain", host[-1], languages)


def weighed(identity: Identity, found: Iterable[Hint]) -> tuple[Identity, str]:
    """Return the identity and what decided it, empty if the text alone did.

    The two best labels of a weak identity change places if the first hint that speaks for one of
    them only speaks for the second. Both keep their probabilities.
    """
    unsure = identity.score <= MAX_WEAK_SCORE
    if not unsure or identity.second_score < MIN_SECOND_SHARE * identity.score:
        return identity, ""
    if identity.second_score == 0:
        return identity, ""
    for hint in found:
        first, second = (x[:3] in hint.languages for x in (identity.lang, identity.second))
        if first == second:
            continue
        decided = f"{hint.source} {hint.value}"
        if first:
            return identity, decided
        return replace(
            identity,
            lang=identity.second,
            score=identity.second_score,
            second=identity.lang,
            second_score=identity.score,
        ), decided
    return identity, ""


def _tagged(tag: str) -> frozenset[str]:
    found = _TAG.match(tag)
    return frozenset(_BY_TAG.get(found[0].lower(), ())) if found else frozenset()
