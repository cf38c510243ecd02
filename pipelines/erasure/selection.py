"""What a person names to be erased: addresses, domains, ids, patterns, and lists of these."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import re2
from msgspec import Struct

from florilegium.filters.address import address
from florilegium.filters.optouts.origin import host_of, origin
from florilegium.manifests.identity import parsed
from florilegium.pipelines.pages.page import is_public_suffix

_ID_CHARS = 32
_MAX_PATTERN = 2_000


class SelectionError(ValueError):
    """Something that cannot be erased by; the message says what, and in a list the line."""


class Selection(Struct, frozen=True):
    """What is named, in normal form."""

    urls: frozenset[str] = frozenset()
    """Addresses as `filters.address` writes them."""
    hosts: frozenset[str] = frozenset()
    """Hosts, each by itself."""
    below: frozenset[str] = frozenset()
    """Hosts, each for all that are below it."""
    ids: frozenset[bytes] = frozenset()
    patterns: tuple[str, ...] = ()
    """Patterns of RE2 on whole addresses, as they were captured or in normal form."""

    def __bool__(self) -> bool:
        return self != Selection()

    def by_host(self, url: str) -> bool:
        """Say whether the host of an address is named."""
        if not (self.hosts or self.below) or (of := origin(url)) is None:
            return False
        host = host_of(of)
        if host in self.hosts:
            return True
        while host := host.partition(".")[2]:
            if host in self.below:
                return True
        return False

    def by_url(self, url: str) -> bool:
        """Say whether an address is named, or fits a pattern."""
        if not (self.urls or self.patterns):
            return False
        written = url, address(url)
        return written[1] in self.urls or any(
            _compiled(pattern).fullmatch(one) for pattern in self.patterns for one in written
        )


def of_url(url: str) -> Selection:
    """Return an address as a selection. SelectionError if it is none of HTTP."""
    if origin(url) is None:
        raise SelectionError(f"{url!r} is no HTTP address")
    return Selection(urls=frozenset([address(url)]))


def of_domain(name: str) -> Selection:
    """Return a host and all below it. SelectionError if it is none, or a public suffix."""
    host = _host(name)
    if is_public_suffix(host):
        raise SelectionError(f"{name!r} is no domain of one owner: name what lies below it")
    return Selection(hosts=frozenset([host]), below=frozenset([host]))


def of_id(text: str) -> Selection:
    """Return an id, in hex. SelectionError if it is none."""
    try:
        return Selection(ids=frozenset([parsed(text)]))
    except ValueError as error:
        raise SelectionError(str(error)) from None


def of_glob(pattern: str) -> Selection:
    """Return a pattern of whole addresses in which `*` stands for anything, slashes included."""
    return _of_pattern(".*".join(re2.escape(part) for part in pattern.split("*")))


def of_regex(pattern: str) -> Selection:
    """Return a regular expression (RE2) on whole addresses. SelectionError if it is none."""
    return _of_pattern(pattern)


def of_list(content: bytes, name: str) -> Selection:
    """Return what a list names, a line each; SelectionError names a line that is nothing.

    A line is an address, a host, `*.` and a host for all below it, an id, or what `opt-outs`
    prints: JSON with an `id`, or an id and more after a tab. Lines that begin with # are remarks.
    """
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise SelectionError(f"{name}: not UTF-8: {error}") from None
    some = []
    for number, line in enumerate(lines, 1):
        if (said := line.strip()) and not said.startswith("#"):
            try:
                some.append(_of_line(said))
            except SelectionError as error:
                raise SelectionError(f"{name}, line {number}: {error}") from None
    return union(some)


def union(some: Sequence[Selection]) -> Selection:
    """Return all that some selections name."""
    return Selection(
        urls=frozenset().union(*(one.urls for one in some)),
        hosts=frozenset().union(*(one.hosts for one in some)),
        below=frozenset().union(*(one.below for one in some)),
        ids=frozenset().union(*(one.ids for one in some)),
        patterns=tuple(dict.fromkeys(pattern for one in some for pattern in one.patterns)),
    )


def _of_line(said: str) -> Selection:
    if said.startswith("{"):
        return _of_json(said)
    first = said.partition("\t")[0].strip()
    if len(first) == _ID_CHARS and set(first.lower()) <= set("0123456789abcdef"):
        return of_id(first)
    if "//" in said:
        return of_url(said)
    named = said.partition("#")[0].strip()
    host = _host(named.removeprefix("*."))
    if not named.startswith("*."):
        return Selection(hosts=frozenset([host]))
    if is_public_suffix(host):
        raise SelectionError(f"{named!r} is no domain of one owner: name what lies below it")
    return Selection(below=frozenset([host]))


class _Erasable(Struct, frozen=True):
    id: str


def _of_json(line: str) -> Selection:
    try:
        return of_id(msgspec.json.decode(line, type=_Erasable).id)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise SelectionError(f"no JSON with an id: {error}") from None


def _host(name: str) -> str:
    of = origin(f"https://{name}/") if name else None
    host = host_of(of) if of else ""
    plain = not any(c in "/?#@:\\*" or c.isspace() for c in name) or name.startswith("[")
    # What IDNA does not know stays as it was written, and could never be found.
    if not host or not plain or not host.isascii() or not host.isprintable():
        raise SelectionError(f"{name!r} is no host")
    return host


def _of_pattern(pattern: str) -> Selection:
    if not pattern or len(pattern) > _MAX_PATTERN:
        raise SelectionError(f"a pattern has 1 to {_MAX_PATTERN:,} characters")
    try:
        _compiled(pattern)
    except re2.error as error:
        why = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise SelectionError(f"{pattern!r} is no pattern: {why}") from None
    return Selection(patterns=(pattern,))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re2._Regexp[str]":
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    return re2.compile(pattern, options)
