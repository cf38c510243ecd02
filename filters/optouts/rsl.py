"""Really Simple Licensing 1.0 (RSL Collective, recommendation of December 2025).

Licences are XML: in a page, or files to which a page or its response links, or which robots.txt
names for the host. Nothing is fetched: a link is evidence, and what it leads to counts if it was
captured.
Of alternative licences any may be taken: a page is reserved if none lets one train for nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit
from xml.parsers import expat

from msgspec import Struct

from florilegium.filters import headers as header_fields
from florilegium.filters.optouts.origin import host_of, origin
from florilegium.filters.optouts.pattern import Pattern, path_of, pattern
from florilegium.filters.optouts.signal import Found, Signal

SPECIFICATION: Final = "RSL 1.0, 2025-12"
MEDIA_TYPE: Final = "application/rsl+xml"
MAX_BYTES: Final = 500 << 10
_MAX_CONTENTS: Final = 5_000
_MAX_TEXT: Final = 500
_TRAINING: Final = frozenset(("all", "ai-all", "ai-train", "train-ai", "train-genai"))
_REFUSED: Final = "no licence to train for nothing"
_FREE: Final = frozenset(("", "free", "attribution"))


def on_page(headers: Sequence[tuple[str, str]], linked: str | None) -> Iterator[Found]:
    """Yield the licences that a page or its response offers; whether they reserve is in them."""
    for link in header_fields.links(headers):
        if "license" in link.relations and link.media_type == MEDIA_TYPE:
            yield Found(Signal.RSL, "header", link.target[:_MAX_TEXT])
    if linked:
        yield Found(Signal.RSL, "meta", linked[:_MAX_TEXT])


def in_page(licences: Iterable[str], url: str) -> Iterator[Found]:
    """Yield that licences which stand in a page reserve it, if one does.

    What is about another host counts as well: it is there for something on the page, which keeps
    the address of those who wrote it.
    """
    of = origin(url)
    host, path = host_of(of) if of else "", path_of(url)
    for text in licences:
        read = Rsl(text[text.find("<") :].encode("utf-8", "replace"), "utf-8")
        if any(read.about(host, path)) or any(read.about_others(host)):
            yield Found(Signal.RSL_PAGE, "script", _REFUSED)
            return


class _Licence:
    def __init__(self) -> None:
        self.permits: set[str] = set()
        self.prohibits: set[str] = set()
        self.paid = False

    def lets_train(self) -> bool:
        permitted = not self.permits or bool(self.permits & _TRAINING)
        return permitted and not self.prohibits & _TRAINING and not self.paid


class _Content(Struct):
    host: str
    pattern: Pattern
    licences: list[_Licence]

    def reserves(self) -> bool:
        """Say whether there are licences, and none lets one train for nothing."""
        return bool(self.licences) and not any(each.lets_train() for each in self.licences)


class Rsl:
    """What an RSL file says of paths; nothing if it is none. Entities it declares void it."""

    def __init__(self, data: bytes, encoding: str | None = None) -> None:
        self._contents: list[_Content] = []
        self._usage: set[str] | None = None
        self._within: list[str] = []
        reader = expat.ParserCreate(encoding, namespace_separator=" ")
        reader.buffer_text = True
        reader.StartElementHandler = self._start
        reader.EndElementHandler = self._end
        reader.CharacterDataHandler = self._text
        reader.EntityDeclHandler = self._refuse
        # What was read before a slip stands: a reservation is not lost to it.
        with suppress(expat.ExpatError, ValueError, LookupError):
            reader.Parse(data[:MAX_BYTES], True)

    def about(self, host: str, path: bytes) -> Iterator[Found]:
        """Yield that a path of a host is reserved, by the most specific of what is about it."""
        found = [
            one for one in self._contents if one.host in ("", host) and one.pattern.matches(path)
        ]
        longest = max((one.pattern.length for one in found), default=0)
        for one in found:
            exact = one.pattern.length == longest
            if exact and one.reserves():
                yield Found(Signal.RSL_HOST, "file", _REFUSED)
                return

    def about_others(self, host: str) -> Iterator[Found]:
        """Yield that something of another host is reserved, if anything is."""
        if any(one.host not in ("", host) and one.reserves() for one in self._contents):
            yield Found(Signal.RSL_HOST, "file", _REFUSED)

    def _start(self, name: str, given: dict[str, str]) -> None:
        name = name.rpartition(" ")[2].lower()
        self._within.append(name)
        if len(self._within) > 50:
            raise ValueError("elements are nested too deep")
        if name == "content" and len(self._contents) < _MAX_CONTENTS:
            self._contents.append(_content(given.get("url", "")))
        if not self._contents:
            return
        licences = self._contents[-1].licences
        if name == "license" and "content" in self._within:
            licences.append(_Licence())
        elif licences and name in ("permits", "prohibits"):
            usage = given.get("type", "usage").lower() == "usage"
            into = licences[-1].permits if name == "permits" else licences[-1].prohibits
            self._usage = into if usage else None
        elif licences and name == "payment":
            licences[-1].paid |= given.get("type", "").strip().lower() not in _FREE

    def _end(self, name: str) -> None:
        self._within.pop()
        self._usage = None

    def _text(self, text: str) -> None:
        if self._usage is not None and len(self._usage) < 100:
            self._usage.update(text[:_MAX_TEXT].lower().replace(",", " ").split())

    def _refuse(self, *_: object) -> None:
        raise ValueError("a licence needs no entities")


def _content(url: str) -> _Content:
    try:
        parts = urlsplit(url[:8_192].strip())
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit("/"), ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Content(host, pattern(path.encode("utf-8", "replace")), [])
