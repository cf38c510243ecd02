"""What a host's files were when: of many captures, those in effect at a time.

RFC 9309 tells apart a host that has no robots.txt, one that cannot say, and one that says where
else it is. Redirects are followed five times (2.3.1.2), to whatever host; a file that was given up
to 30 days before a host failed to give it stays in effect (2.3.1.4).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from operator import attrgetter
from typing import Final, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from florilegium.filters.optouts.origin import origin, site, twin
from florilegium.manifests.host_record import HostRecord

MAX_REDIRECTS: Final = 5
FRESH_SECONDS: Final = 24 * 3600
"""How long a robots.txt may be kept (RFC 9309, 2.4): one captured that much later than a page was
in effect then, if there is none before."""
REMEMBERED_SECONDS: Final = 30 * 24 * 3600
NEWEST: Final = inf

Place: TypeAlias = tuple[str, str]
"""An origin, and the path of a file there."""


class Effect(Struct, frozen=True):
    """What was in effect: whether a host said anything, and by which capture."""

    state: Literal["present", "none", "unreachable", "unknown"]
    record: HostRecord | None = None


UNKNOWN: Final = Effect("unknown")


class Timeline:
    """The captures of the files of one or more origins, in the order of time.

    Redirects to other sites are followed if the captures there are among these.
    """

    def __init__(self, records: Iterable[HostRecord]) -> None:
        self._of: dict[tuple[str, str], list[HostRecord]] = defaultdict(list)
        for record in records:
            self._of[record.origin, record.resource].append(record)
        for place, found in self._of.items():
            found.sort(key=_order)
            self._of[place] = _repeated(found)

    def origins(self) -> list[str]:
        """Return the origins of which there is anything, sorted."""
        return sorted({of for of, _ in self._of})

    def resources(self, of: str) -> list[str]:
        """Return the paths of all files of an origin, and of the same host by the other scheme."""
        return sorted({path for where, path in self._of if where in (of, twin(of))})

    def at(self, of: str, resource: str, time: float) -> Effect:
        """Return what was in effect at a time in seconds, or what is known last, at `NEWEST`.

        If an origin has no captures, those of its host by the other scheme count.
        """
        return self._at(of, resource, time, MAX_REDIRECTS)

    def _at(self, of: str, resource: str, time: float, hops: int) -> Effect:
        found = self._of.get((of, resource)) or self._of.get((twin(of) or "", resource), [])
        record = _chosen(found, time)
        if record is None:
            return UNKNOWN
        if record.state == "unreachable":
            record = _remembered(found, record)
        if record.state == "redirect":
            return self._elsewhere(record, time, hops)
        return Effect(record.state, record)  # type: ignore[arg-type]

    def _elsewhere(self, record: HostRecord, time: float, hops: int) -> Effect:
        """Follow a redirect; what leads to no capture, or in circles, is not known."""
        target = led_to(record)
        if target is None or not hops:
            return Effect("unknown", record)
        if not any(place in self._of for place in either(target)):
            return Effect("unknown", record)
        return self._at(*target, time, hops - 1)


def _order(record: HostRecord) -> tuple[int, str, int]:
    return record.fetched, record.warc, record.warc_offset


def _repeated(found: Sequence[HostRecord]) -> list[HostRecord]:
    """Return the captures, revisits with what they repeat; without it they say nothing."""
    known: dict[int, HostRecord] = {}
    whole: list[HostRecord] = []
    last: HostRecord | None = None
    for record in found:
        if record.state == "revisit":
            source = last if record.refers is None else known.get(record.refers)
            if source is None:
                continue
            record = replace(source, fetched=record.fetched)
        elif record.state == "present":
            known[record.fetched] = last = record
        whole.append(record)
    return whole


def _chosen(found: Sequence[HostRecord], time: float) -> HostRecord | None:
    after = bisect_right(found, time, key=attrgetter("fetched"))
    if after:
        return found[after - 1]
    return found[0] if found and found[0].fetched <= time + FRESH_SECONDS else None


def _remembered(found: Sequence[HostRecord], record: HostRecord) -> HostRecord:
    """Return what was said last before a failure, if that is not too long ago, else the failure."""
    earliest = record.fetched - REMEMBERED_SECONDS
    said = [
        one
        for one in found
        if earliest <= one.fetched <= record.fetched and one.state != "unreachable"
    ]
    return said[-1] if said else record


def led_to(record: HostRecord) -> Place | None:
    """Return where a redirect leads; None if that is no HTTP address, or it is no redirect."""
    if record.state != "redirect":
        return None
    try:
        target = urljoin(record.origin + record.resource, record.location or "")
        of, path = origin(target), urlsplit(target).path or "/"
    except ValueError:
        return None
    return (of, path) if of else None


def leaves(record: HostRecord) -> bool:
    """Say whether a capture is of a redirect to another site."""
    target = led_to(record)
    return target is not None and site(target[0]) != site(record.origin)


def either(place: Place) -> tuple[Place, ...]:
    """Return a file, and the same of its host by the other scheme: each may stand for the other."""
    other = twin(place[0])
    return (place,) if other is None else (place, (other, place[1]))


def reached(
    said: Iterable[HostRecord], elsewhere: Mapping[Place, Sequence[HostRecord]]
) -> list[HostRecord]:
    """Return the captures elsewhere that redirects lead to from these, at any number of hops."""
    pending = [place for record in said if (place := led_to(record)) is not None]
    found: list[HostRecord] = []
    seen: set[Place] = set()
    for place in pending:  # grows as it goes
        for one in either(place):
            if one not in seen:
                seen.add(one)
                there = elsewhere.get(one, ())
                found += there
                pending += [to for record in there if (to := led_to(record)) is not None]
    return found
