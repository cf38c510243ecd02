"""What the classifier knows of each block, in numbers with names.

No language is known: lengths, marks, links, places, names of elements, likeness to the title.
All arithmetic is exact or correctly rounded, so the numbers are the same on every machine.
"""

import re
from bisect import bisect_right
from collections import Counter
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.blocks.characters import (
    CALLS,
    CAPITAL,
    CAPITALS,
    COMMAS,
    COPYRIGHT,
    DATED,
    DIGITS,
    ENDS,
    HEAD,
    MARKS,
    STOPS,
    WORDS,
    count_characters,
)
from florilegium.pipelines.blocks.layout import (
    Layout,
    Row,
    layout,
    magnitude,
    share,
    shifted,
    signed_distance,
    window,
)
from florilegium.pipelines.blocks.names import NAME_GROUPS
from florilegium.pipelines.blocks.page import Page
from florilegium.pipelines.blocks.tags import CONTEXTS, TAGS
from florilegium.pipelines.blocks.walk import (
    BOLDED,
    CONCEALED,
    CONTAINER,
    CONTEXT,
    DEPTH,
    ITEMS,
    LINKED,
    LINKS,
    TAG,
)

NEIGHBOURS: Final = (-2, -1, 1, 2)
NEIGHBOUR_FEATURES: Final = (
    "characters", "link_share", "stops", "ends", "commas", "tag_p", "first_good_share",
    "kind_characters", "kind_link_share", "around_related", "around_comment", "tag_heading",
    "dated", "title_words",
)  # fmt: skip
_GOOD_LENGTH, _GOOD_LINKS = 50, 0.4
_KEY, _TITLE_WORDS, _WORD_START = 160, 16, 5
_TITLE_WORD = re.compile(r"[^\W\d_]{4,}")
_H1 = TAGS.index("h1")
_HEADINGS = slice(TAGS.index("h1"), TAGS.index("h6") + 1)

Columns = dict[str, Row]


class Features(NamedTuple):
    """The features of a page: `rows[i]` is the feature `names[i]` of each block."""

    names: tuple[str, ...]
    rows: NDArray[np.float32]
    layout: Layout


def features(page: Page) -> Features:
    """Return all that the first pass knows of the blocks of a page."""
    places = layout(page)
    found = _text(page, places)
    good = (found["plain"] >= _GOOD_LENGTH) & (found["link_share"] < _GOOD_LINKS)
    good &= found["stops"] + found["commas"] + found["ends"] >= 1
    good_plain = found["plain"] * good
    found |= _position(page, places, good)
    found |= _likeness(page, places)
    found |= _groups(places, found, good_plain)
    found |= _containers(page, places, found, good_plain)
    found |= _markup(page)
    found |= _whole_page(page, places, found, good_plain)
    names = list(found)
    near = [names.index(name) for name in NEIGHBOUR_FEATURES]
    rows = np.empty((len(names) + len(NEIGHBOURS) * len(near), places.size), np.float32)
    for row, values in zip(rows, found.values(), strict=False):
        row[:] = values
    for number, by in enumerate(NEIGHBOURS):
        start = len(names) + number * len(near)
        rows[start : start + len(near)] = shifted(rows[near], by)
    return Features(_all_names(tuple(names)), rows, places)


@cache
def _all_names(own: tuple[str, ...]) -> tuple[str, ...]:
    return own + tuple(f"{name}{by:+d}" for by in NEIGHBOURS for name in NEIGHBOUR_FEATURES)


def _text(page: Page, places: Layout) -> Columns:
    counts = np.empty((places.size, 12), np.float32)
    count_characters(page.codes, page.blocks, counts)
    column = counts.astype(np.float64).T
    characters = places.characters
    linked = page.blocks[:, LINKED].astype(np.float64)
    return {
        "characters": characters,
        "words": column[WORDS],
        "word_length": share(characters, column[WORDS]),
        "link_share": share(linked, characters),
        "links": page.blocks[:, LINKS].astype(np.float64),
        "plain": characters - linked,
        "bold_share": share(page.blocks[:, BOLDED].astype(np.float64), characters),
        "items": page.blocks[:, ITEMS].astype(np.float64),
        "stops": column[STOPS],
        "commas": column[COMMAS],
        "ends": column[ENDS],
        "capital": column[CAPITAL],
        "calls": column[CALLS],
        "digit_share": share(column[DIGITS], column[HEAD]),
        "capital_share": share(column[CAPITALS], column[HEAD]),
        "mark_share": share(column[MARKS], column[HEAD]),
        "dated": column[DATED],
        "copyright": column[COPYRIGHT],
    }


def _position(page: Page, places: Layout, good: NDArray[np.bool_]) -> Columns:
    size = places.size
    tags = page.containers[page.blocks[:, CONTAINER], TAG]
    marks = np.flatnonzero(good)
    return {
        "depth": page.containers[page.blocks[:, CONTAINER], DEPTH].astype(np.float64),
        "concealed": page.containers[page.blocks[:, CONTAINER], CONCEALED].astype(np.float64),
        "position": np.arange(size) / size,
        "text_position": share(np.cumsum(places.characters), places.characters.sum()),
        "from_heading": signed_distance(size, np.flatnonzero(tags == _H1)),
        "from_good": signed_distance(size, marks),
        "to_good": signed_distance(size, size - 1 - marks[::-1])[::-1],
        "good_near": window(places.characters * good, 4),
    }


def _likeness(page: Page, places: Layout) -> Columns:
    """Compare each block with the title, the description and the text the head declares."""
    head = page.head
    keys = [text[:_KEY].lower() for text in page.texts]
    copies = Counter(keys)
    title, description = head.title.lower(), head.description.lower()
    # Beginnings of words, so that an inflected word is still found.
    starts = dict.fromkeys(word[:_WORD_START] for word in _TITLE_WORD.findall(title))
    words = list(starts)[:_TITLE_WORDS]
    hits = _hits(words, keys)
    titles = [12 < len(key) < _KEY and key in title for key in keys]
    opening = description[:40]
    described = np.zeros(places.size)
    if len(opening) > 30:
        described[:] = [
            len(key) > 20 and (key[:40] in description or opening in key) for key in keys
        ]
    declared = -np.ones(places.size)
    if head.article is not None:
        article = head.article
        declared[:] = [len(text) > 8 and text[:50] in article for text in page.texts]
    share_of_words = hits / max(1, len(words))
    density = _density(places.inside(share_of_words), places.inside(places.characters))
    of_kind = _density(
        places.over(places.kind, share_of_words), places.over(places.kind, places.characters)
    )
    return {
        "copies": np.array([copies[key] for key in keys], np.float64),
        "title": np.array(titles, np.float64),
        "from_title": signed_distance(places.size, np.flatnonzero(titles)),
        "description": described,
        "declared": declared,
        "title_words": share_of_words,
        "second_title_words": density[places.containers[1]],
        "third_title_words": density[places.containers[2]],
        "kind_title_words": of_kind,
    }


def _hits(words: list[str], keys: list[str]) -> Row:
    """Return how many of the words each of the keys contains."""
    hits = np.zeros(len(keys))
    joined = "\n".join(keys)
    ends = np.cumsum([len(key) + 1 for key in keys]).tolist()
    for word in words:
        at = joined.find(word)
        while at >= 0:
            number = bisect_right(ends, at)
            hits[number] += 1
            at = joined.find(word, ends[number])
    return hits


def _density(hits: Row, characters: Row) -> Row:
    density: Row = hits / np.sqrt(characters + 100)
    return density


def _groups(places: Layout, found: Columns, good_plain: Row) -> Columns:
    columns: Columns = {}
    length = magnitude(places.characters)
    linked = places.characters * found["link_share"]
    one = np.ones(places.size)
    for name, group in (("kind", places.kind), ("pair", places.pair)):
        count = places.over(group, one)
        columns[f"{name}_size"] = count
        columns[f"{name}_characters"] = places.over(group, length) / count
        columns[f"{name}_link_share"] = share(
            places.over(group, linked), places.over(group, places.characters)
        )
    columns["kind_good_share"] = share(places.over(places.kind, good_plain), good_plain.sum())
    return columns


def _containers(page: Page, places: Layout, found: Columns, good_plain: Row) -> Columns:
    columns: Columns = {}
    all_good = good_plain.sum()
    characters = places.inside(places.characters)
    linked = places.inside(places.characters * found["link_share"])
    count = places.inside(np.ones(places.size))
    good = places.inside(good_plain)
    for name, around in zip(("first", "second", "third"), places.containers, strict=False):
        columns[f"{name}_good_share"] = share(good[around], all_good)
        columns[f"{name}_link_share"] = share(linked[around], characters[around])
        columns[f"{name}_blocks"] = count[around]
        columns[f"{name}_characters"] = characters[around]
    depth = page.containers[:, DEPTH]
    first = places.containers[0]
    # The best container is the deepest that holds most of the good text ...
    most = np.flatnonzero(good >= 0.6 * all_good)
    best = int(most[depth[most] == depth[most].max()][-1]) if all_good else 0
    columns["in_best"] = _inside(places, best)
    columns["best_share"] = np.full(places.size, good[best] / max(all_good, 1e-9))
    columns["below_best"] = (depth[first] - depth[best]).astype(np.float64)
    # ... the densest the one most good text stands in or directly under.
    credit = np.bincount(first, good_plain, len(depth))
    credit += np.bincount(places.containers[1], good_plain, len(depth))
    densest = int(credit.argmax())
    columns["in_densest"] = _inside(places, densest)
    return columns


def _inside(places: Layout, container: int) -> Row:
    first = places.containers[0]
    inside: Row = ((first >= container) & (first < places.last[container])).astype(np.float64)
    return inside


def _markup(page: Page) -> Columns:
    first = page.blocks[:, CONTAINER]
    tags = page.containers[first, TAG]
    tag = (np.arange(len(TAGS))[:, None] == tags).astype(np.float64)
    context = _bits(page.containers[first, CONTEXT], len(CONTEXTS))
    around = _bits(page.names_around[first], len(NAME_GROUPS))
    parent = page.containers[first, 0]
    own = _bits(page.names[first] | page.names[parent], len(NAME_GROUPS))
    columns = {f"tag_{name}": row for name, row in zip(TAGS, tag, strict=True)}
    columns["tag_heading"] = tag[_HEADINGS].sum(0)
    columns |= {f"in_{name}": row for name, row in zip(CONTEXTS, context, strict=True)}
    columns |= {f"around_{name}": row for name, row in zip(NAME_GROUPS, around, strict=True)}
    columns |= {f"own_{name}": row for name, row in zip(NAME_GROUPS, own, strict=True)}
    return columns


def _bits(words: NDArray[np.int64], count: int) -> Row:
    return ((words >> np.arange(count)[:, None]) & 1).astype(np.float64)


def _whole_page(page: Page, places: Layout, found: Columns, good_plain: Row) -> Columns:
    characters = places.characters
    total = characters.sum()
    kind = page.head.kind
    values = {
        "page_blocks": float(places.size),
        "page_characters": total,
        "page_link_share": (characters * found["link_share"]).sum() / total,
        "page_good_blocks": float(np.count_nonzero(good_plain)),
        "page_good_share": good_plain.sum() / total,
        "page_largest": good_plain.max() / max(good_plain.sum(), 1e-9),
        "page_headings": found["tag_h1"].sum(),
        "page_article": found["in_article"].max(),
        "page_main": found["in_main"].max(),
        "page_p_share": (characters * found["tag_p"]).sum() / total,
        "page_li_share": (characters * found["tag_li"]).sum() / total,
        "page_is_article": float(kind == "article"),
        "page_is_product": float(kind == "product"),
        "page_is_other": float(kind == "other"),
        "page_declares": float(page.head.article is not None),
    }
    return {name: np.full(places.size, value) for name, value in values.items()}
