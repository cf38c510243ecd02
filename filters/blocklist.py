"""Addresses that lists name: a domain with all below it, or a path with all below it.

A list of millions takes ten bytes an entry, and a table of at most 64 MiB: entries are kept as
hashes of 64 bits, sorted. Of ten billion addresses compared with ten million entries, 0.05 are
expected to match by chance.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

import numpy as np
import xxhash
from numpy.typing import NDArray

from florilegium.filters.address import address

MAX_LABELS = 16
MAX_SEGMENTS = 16
"""Labels of a host and segments of a path beyond which nothing is looked up."""

_MAX_LINE = 8192
# Of lists, not of pages, and without two ways to match the same text.
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_LOCAL = frozenset(
    ("localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0", "127.0.0.1")
)


class Blocklist:
    """Entries of one or more lists, each with the number of its source, 0 to 65,535."""

    def __init__(self, entries: Iterable[tuple[str, int]]) -> None:
        """Take entries as `entry_of` returns them; of equal ones the smallest number counts."""
        hashes, numbers = np.array([], np.uint64), np.array([], np.uint16)
        for some, of in _batched(entries):
            hashes, numbers = np.concatenate([hashes, some]), np.concatenate([numbers, of])
        order = np.lexsort((numbers, hashes))
        self._hashes, first = np.unique(hashes[order], return_index=True)
        self._numbers: NDArray[np.uint16] = numbers[order][first]
        self._mask = (1 << min(max(3 + len(self._hashes).bit_length(), 10), 26)) - 1
        perhaps = np.zeros(self._mask + 1, np.uint8)
        perhaps[self._hashes & np.uint64(self._mask)] = 1
        self._perhaps = perhaps.tobytes()

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, url: str) -> int | None:
        """Return the number of the source that names an address or what it lies below, or None.

        The most general entry counts: a domain before what lies below it, that before a path.
        """
        for entry in _covering(url):
            asked = _hash(entry)
            if self._perhaps[asked & self._mask]:  # as a rule the only thing that is looked at
                place = int(np.searchsorted(self._hashes, np.uint64(asked)))
                if place < len(self._hashes) and int(self._hashes[place]) == asked:
                    return int(self._numbers[place])
        return None


def entry_of(line: str) -> str | None:
    """Return what a line of a list names, in normal form; None if nothing.

    A line is a domain, an address with or without scheme, or an IP address and a name, as in a
    hosts file; what follows `#` is a remark. ValueError if it is none of these.

    >>> entry_of("0.0.0.0 Ads.Example.com # tracker"), entry_of("https://example.org/a/b/")
    ('ads.example.com', 'example.org/a/b')
    """
    words = line[:_MAX_LINE].partition(" #")[0].split()
    if not words or words[0].startswith("#"):
        return None
    if len(words) > 1:
        if not _is_ip(words[0]) or len(words) > 2:
            raise ValueError("neither a domain, nor an address, nor a line of a hosts file")
        words = words[1:]
    text = words[0].removeprefix("*.").strip(".")
    if _HOST.fullmatch(name := text.lower()):  # nearly all lines of nearly all lists
        return None if name in _LOCAL else name
    form = address(text if "://" in text else f"http://{text}")
    place, _, path = form[2:].partition("/")
    host = place.partition(":")[0]
    if host in _LOCAL or host.startswith("ip6-"):
        return None
    if not form.startswith("//") or not _HOST.fullmatch(host):
        raise ValueError("not the name of a host")
    return f"{host}/{path.rstrip('/')}" if path.rstrip("/") else host


def _is_ip(word: str) -> bool:
    return ":" in word or (word.count(".") == 3 and word.replace(".", "").isdecimal())


def _covering(url: str) -> Iterator[str]:
    """Yield every entry that would name an address, the most general first."""
    form = address(url)
    if not form.startswith("//"):
        return
    place, _, rest = form[2:].partition("/")
    host = place.partition(":")[0]
    labels = host.split(".")
    yield from (".".join(labels[-n:]) for n in range(2, min(len(labels), MAX_LABELS) + 1))
    path, _, query = rest.partition("?")
    segments = path.rstrip("/").split("/")[:MAX_SEGMENTS]
    ways = list(accumulate(segments, lambda way, segment: f"{way}/{segment}"))
    if query:
        ways.append(rest)
    for name in (host, host.removeprefix("www.")) if host.startswith("www.") else (host,):
        yield from (f"{name}/{way}" for way in ways if way)


def _hash(entry: str) -> int:
    return xxhash.xxh3_64_intdigest(entry.encode("utf-8", "replace"))


def _batched(
    entries: Iterable[tuple[str, int]],
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint16]]]:
    """Yield entries as hashes, many at a time, so that few are ever there as text."""
    hashes, numbers = [], []
    for entry, number in entries:
        hashes.append(_hash(entry))
        numbers.append(number)
        if len(hashes) == 1 << 20:
            yield np.array(hashes, np.uint64), np.array(numbers, np.uint16)
            hashes, numbers = [], []
    yield np.array(hashes, np.uint64), np.array(numbers, np.uint16)
