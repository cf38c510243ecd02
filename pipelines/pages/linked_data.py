"""Linked data in a page (JSON-LD 1.1): the objects that describe it, and licences by what has them.

Nothing is fetched and no graph is built: references are left where they are, since what they lead
to is in the same list. Everything is bounded: blocks, their length, and the objects looked at.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

_JSON_LD: Final = 'script[type="application/ld+json" i]'
_MAX_BLOCKS: Final = 10
_MAX_LENGTH: Final = 100_000
_MAX_ITEMS: Final = 2_000
_MAX_VALUES: Final = 5
_MAX_LICENCES: Final = 50

_PAGES: Final = ("Article", "Page", "Posting", "WebSite", "CreativeWork", "Report", "Recipe")
_TEXTS: Final = (
    *(kind for kind in _PAGES if kind != "WebSite"),
    "Guide", "HowTo", "Course", "LearningResource", "Book", "Chapter", "Thesis", "Review", "Poem",
)  # fmt: skip
_SITES: Final = ("WebSite", "Blog", "Periodical", "Series", "Collection")

Role: TypeAlias = Literal["page", "site", "other"]
"""What an object describes: its page, the site of the page, or something on it."""


class Licensed(Struct, frozen=True, gc=False):
    """A licence as an object states it, what that object is, and where it is if it says so."""

    value: str
    role: Role
    about: str | None = None


def blocks(page: LexborHTMLParser) -> list[Any]:
    """Return the blocks of linked data that can be read; of a repeated licence all values."""
    found = []
    for node in page.css(_JSON_LD)[:_MAX_BLOCKS]:
        source = node.text()
        if len(source) > _MAX_LENGTH:
            continue
        try:
            found.append(json.loads(source, strict=False, object_pairs_hook=_object))
        except (ValueError, RecursionError):
            continue
    return found


def described(read: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects that describe the page: not its pictures, comments or products."""
    for block in read:
        pending = [block]
        for thing in pending:  # grows as it goes: breadth first, no recursion
            if len(pending) > _MAX_ITEMS:
                break
            if isinstance(thing, list):
                pending.extend(thing)
            elif isinstance(thing, dict):
                if _is(thing, _PAGES):
                    yield thing
                pending.extend(thing.get(key) for key in ("@graph", "mainEntity", "hasPart"))


def licensed(read: Iterable[Any]) -> Iterator[Licensed]:
    """Yield the licences of all objects, those of pictures and other parts as `other`."""
    number = 0
    for block in read:
        pending: list[tuple[Any, Role | None, str]] = [(block, None, "@graph")]
        for thing, above, key in pending:
            if len(pending) > _MAX_ITEMS or number >= _MAX_LICENCES:
                break
            if isinstance(thing, list):
                pending.extend((one, above, key) for one in thing)
            elif isinstance(thing, dict):
                role = _role(thing, above, key)
                for value in _values(thing):
                    number += 1
                    yield Licensed(value, role, _address_of(thing) if role == "page" else None)
                pending.extend(
                    (one, above if name == "@graph" else role, name)
                    for name, one in thing.items()
                    if isinstance(one, list | dict) and name != "license"
                )


def _role(thing: dict[str, Any], above: Role | None, key: str) -> Role:
    """Tell what an object is by its type, and by how it hangs on the one above."""
    if key == "@graph" or (above == "page" and key in ("mainEntity", "mainEntityOfPage")):
        if _is(thing, _SITES) and not _is(thing, ("CollectionPage",)):
            return "site"
        return "page" if _is(thing, _TEXTS) else "other"
    return "site" if above == "page" and key == "isPartOf" else "other"


def _is(thing: dict[str, Any], endings: tuple[str, ...]) -> bool:
    kind = thing.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    return any(isinstance(name, str) and name.endswith(endings) for name in kinds)


def _values(thing: dict[str, Any]) -> Iterator[str]:
    """Yield what an object states of its licence: strings, or what names one of objects."""
    stated = [thing.get("license"), thing.get("copyrightNotice")]
    values = [one for value in stated for one in (value if isinstance(value, list) else [value])]
    for value in values[:_MAX_VALUES]:
        if isinstance(value, dict):
            names = (value.get(key) for key in ("@id", "url", "identifier", "name"))
            value = next((name for name in names if isinstance(name, str)), None)
        if isinstance(value, str) and value:
            yield value


def _address_of(thing: dict[str, Any]) -> str | None:
    """Return the address of the page that an object says it is."""
    page = thing.get("mainEntityOfPage")
    stated = page.get("@id") or page.get("url") if isinstance(page, dict) else page
    for value in (thing.get("url"), stated):
        if isinstance(value, str) and value:
            return value
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; the values of a repeated licence become one list, of others the last."""
    made = dict(pairs)
    if len(made) < len(pairs) and "license" in made:
        made["license"] = [value for key, value in pairs if key == "license"]
    return made
