"""Ways to spoil a page, drawn from a seed: what servers, editors and attackers do to markup."""

import re
from collections.abc import Callable
from random import Random
from typing import Final

MAX_BYTES: Final = 6 << 20
"""No page grows beyond."""

Mutation = Callable[[bytes, bytes, Random], bytes]
"""Makes another page of a page, a page to take from, and chance."""

_TAG = re.compile(rb"<[a-zA-Z][^<>]{0,300}>")
_NAMES: Final = (
    b"div", b"span", b"p", b"a", b"b", b"font", b"table", b"tr", b"td", b"ul", b"li", b"ol", b"dl",
    b"pre", b"code", b"blockquote", b"h1", b"h4", b"form", b"select", b"option", b"svg", b"math",
    b"template", b"noscript", b"article", b"section", b"button", b"nobr", b"ruby", b"center",
)  # fmt: skip
_ENTITIES: Final = (
    b"&#0;", b"&#xd800;", b"&#x110000;", b"&amp;amp;", b"&lt;p&gt;", b"&NotEqualTilde;", b"&nbsp;",
    b"&#8203;", b"&", b"&#", b"&#x", b"&copy", b"&ThickSpace;", b"&#99999999999;", b"&zwj;",
)  # fmt: skip
_FRAGMENTS: Final = (
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<plaintext>", b"<xmp>", b"<script>", b"</script>",
    b"<style>", b"<title>", b"<textarea>", b"<svg><template>", b"<math><mi><mglyph>",
    b"<frameset>", b"<body onload=x>", b"</body></html>", b"<table><form><tr>", b"<select><table>",
    b"<base href=", b"<p/><br/></br></p>", b"<?php echo", b"<a href='", b'<img alt="', b"<noembed>",
    b"\x00", b"\x0c", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"<pre>\n\n",
    b"<ol start=-9 reversed>", b"<td colspan=9999 rowspan=65534>", b"<h2>", b"<li value=x>",
    b"<p style='white-space:pre'>\n\n",
)  # fmt: skip


def _slice(page: bytes, chance: Random, most: int = 20_000) -> tuple[int, int]:
    start = chance.randrange(len(page) + 1)
    return start, min(len(page), start + int(most ** chance.random()))


def _insert(page: bytes, piece: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(page) + 1)
    return page[:at] + piece + page[at:]


def cut(page: bytes, other: bytes, chance: Random) -> bytes:
    """Keep the beginning only, as a broken connection does."""
    return page[: chance.randrange(len(page) + 1)]


def drop(page: bytes, other: bytes, chance: Random) -> bytes:
    """Leave out a stretch."""
    start, end = _slice(page, chance)
    return page[:start] + page[end:]


def splice(page: bytes, other: bytes, chance: Random) -> bytes:
    """Insert a stretch of another page."""
    start, end = _slice(other, chance)
    return _insert(page, other[start:end], chance)


def duplicate(page: bytes, other: bytes, chance: Random) -> bytes:
    """Repeat a stretch many times."""
    start, end = _slice(page, chance, 4_000)
    return page[:end] + page[start:end] * int(5_000 ** chance.random()) + page[end:]


def nest(page: bytes, other: bytes, chance: Random) -> bytes:
    """Wrap a stretch in an element many times; sometimes the end tags are forgotten."""
    start, end = _slice(page, chance)
    name, times = chance.choice(_NAMES), int(6_000 ** chance.random())
    closing = b"</" + name + b">" if chance.random() < 0.6 else b""
    opening = b"<" + name + b">"
    return page[:start] + opening * times + page[start:end] + closing * times + page[end:]


def garble(page: bytes, other: bytes, chance: Random) -> bytes:
    """Overwrite some bytes with any others."""
    spoilt = bytearray(page)
    for _ in range(int(2_000 ** chance.random())):
        if spoilt:
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def swap(page: bytes, other: bytes, chance: Random) -> bytes:
    """Exchange two stretches."""
    (a, b), (c, d) = sorted((_slice(page, chance), _slice(page, chance)))
    b = min(b, c)
    return page[:a] + page[c:d] + page[b:c] + page[a:b] + page[d:]


def entities(page: bytes, other: bytes, chance: Random) -> bytes:
    """Insert character references, whole and broken."""
    for _ in range(chance.randrange(1, 20)):
        piece = chance.choice(_ENTITIES) * int(300 ** chance.random())
        page = _insert(page, piece, chance)
    return page


def attributes(page: bytes, other: bytes, chance: Random) -> bytes:
    """Give a tag many attributes, or long ones."""
    tags = [found.end() - 1 for found in _TAG.finditer(page)]
    at = chance.choice(tags) if tags else 0
    count = int(3_000 ** chance.random())
    quote = chance.choice((b'"', b"'", b""))
    names = (b"class", b"id", b"style", b"role", b"hidden", b"a%d")
    given = b"".join(
        b" " + chance.choice(names).replace(b"%d", b"%d" % number) + b"=" + quote + b"x<&>" + quote
        for number in range(count)
    )
    return page[:at] + given + page[at:]


def unclose(page: bytes, other: bytes, chance: Random) -> bytes:
    """Forget all end tags of a name, or all but those without which nothing more is text."""
    any_name = b"(?!script|style|title|textarea)[a-zA-Z0-9]{1,20}"
    name = chance.choice((any_name, chance.choice(_NAMES)))
    return re.sub(b"</" + name + b">", b"", page)


def rename(page: bytes, other: bytes, chance: Random) -> bytes:
    """Turn all elements of a name into others."""
    old, new = chance.choice(_NAMES), chance.choice(_NAMES)
    return re.sub(b"(</?)" + old + b"(?=[\\s>])", b"\\1" + new, page)


def unquote(page: bytes, other: bytes, chance: Random) -> bytes:
    """Lose some quotation marks."""
    share = chance.random()
    return b"".join(
        piece + (b'"' if chance.random() > share * share else b"") for piece in page.split(b'"')
    )


def shuffle(page: bytes, other: bytes, chance: Random) -> bytes:
    """Bring the tags of a stretch into another order."""
    start, end = _slice(page, chance)
    pieces = re.split(rb"(?=<)", page[start:end])
    chance.shuffle(pieces)
    return page[:start] + b"".join(pieces) + page[end:]


def fragments(page: bytes, other: bytes, chance: Random) -> bytes:
    """Insert pieces of markup that change how what follows is read."""
    for _ in range(chance.randrange(1, 30)):
        piece = chance.choice(_FRAGMENTS) * int(200 ** (chance.random() ** 2))
        page = _insert(page, piece, chance)
    return page


def flatten(page: bytes, other: bytes, chance: Random) -> bytes:
    """Put all of it into one line, or each tag on its own."""
    return page.replace(b"\n", b" ") if chance.random() < 0.5 else page.replace(b"<", b"\n<")


MUTATIONS: Final[tuple[Mutation, ...]] = (
    cut, drop, splice, duplicate, nest, garble, swap, entities, attributes, unclose, rename,
    unquote, shuffle, fragments, flatten,
)  # fmt: skip


def mutated(page: bytes, other: bytes, chance: Random) -> tuple[bytes, list[str]]:
    """Return a page spoilt in one to four ways, and the names of these."""
    names: list[str] = []
    for mutation in chance.choices(MUTATIONS, k=chance.randrange(1, 5)):
        page = mutation(page, other, chance)[:MAX_BYTES]
        names.append(mutation.__name__)
    return page, names
