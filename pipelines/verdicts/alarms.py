"""Alarms: where more was taken than should be true, for a person to look at.

A template that all pages of a host share, a file given twice or a broken canonical address removes
whole hosts at a time, and the funnel shows only a number. Hosts are counted by part and added up
by ranges of their hashes, so no worker holds the hosts of a whole crawl.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from florilegium.manifests.manifest import Alarm
from florilegium.pipelines.engines.packed import PIECE_BYTES, Keyed

LISTED = 100
"""Alarms of a kind that are listed; those beyond are counted."""

Hosts: TypeAlias = dict[str, tuple[int, int]]
"""Documents of each host that could be copies, and how many of them were removed as such."""

_Share = Annotated[float, Meta(ge=0, le=1)]
_HOSTS_AT_A_TIME = PIECE_BYTES // 512


class Alarms(Struct, frozen=True, forbid_unknown_fields=True):
    """When too much is removed as copies, in shares from 0 to 1; 1 never is too much.

    A release without a document always is an alarm. Alarms are in the manifest, and shown when a
    build ends and when it is verified.
    """

    min_documents: Annotated[int, Meta(ge=1)] = 100
    """No alarm for hosts and inputs with fewer documents, nor for fewer copies of one."""
    max_component: _Share = 0.05
    """Of all documents, those that may give way to a single one."""
    max_host: _Share = 0.9
    """Of the documents of a host, those that may be removed."""
    max_source: _Share = 0.9
    """Of the documents of an input, those that may be removed."""
    stop: bool = False
    """Whether a build with an alarm ends before it publishes."""


class AlarmError(RuntimeError):
    """A build that its recipe stops because of alarms; the message lists some."""


def of_source(name: str, hosts: Hosts, settings: Alarms) -> list[Alarm]:
    """Return the alarm of an input, if there is one."""
    documents = sum(number for number, _ in hosts.values())
    removed = sum(number for _, number in hosts.values())
    one = Alarm(kind="source", name=name, documents=documents, removed=removed)
    return [one] if _is_too_much(one, settings.max_source, settings) else []


def of_hosts(counted: Iterable[bytes], settings: Alarms) -> list[Alarm]:
    """Return the alarms of some hosts, from all that parts counted of them."""
    hosts: Hosts = {}
    for packed in counted:
        for host, (documents, removed) in msgspec.msgpack.decode(packed, type=Hosts).items():
            before = hosts.get(host, (0, 0))
            hosts[host] = before[0] + documents, before[1] + removed
    found = (
        Alarm(kind="host", name=host, documents=documents, removed=removed)
        for host, (documents, removed) in hosts.items()
    )
    return [one for one in found if _is_too_much(one, settings.max_host, settings)]


def of_components(largest: Iterable[Alarm], documents: int, settings: Alarms) -> list[Alarm]:
    """Return the alarms among the documents for which most others gave way."""
    found = (msgspec.structs.replace(one, documents=documents) for one in largest)
    return [one for one in found if _is_too_much(one, settings.max_component, settings)]


def of_release(records: int, documents: int) -> list[Alarm]:
    """Return the alarm of a release that has no documents, if it is one."""
    return [] if documents else [Alarm(kind="empty", name="", documents=records, removed=records)]


def first(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the alarms by kind, those with most removed first, LISTED of each kind at most."""
    ordered = sorted(alarms, key=lambda one: (one.kind, -one.removed, one.name))
    places: dict[str, int] = {}
    kept = []
    for one in ordered:
        places[one.kind] = places.get(one.kind, 0) + 1
        if places[one.kind] <= LISTED:
            kept.append(one)
    return kept


def scattered(hosts: Hosts, partitions: int) -> Iterator[Keyed]:
    """Yield the counts of hosts packed by partition, some at a time."""
    by_key: dict[int, Hosts] = {}
    for host in sorted(hosts):
        by_key.setdefault(zlib.crc32(host.encode()) % partitions, {})[host] = hosts[host]
    for key, mine in by_key.items():
        names = list(mine)
        for start in range(0, len(names), _HOSTS_AT_A_TIME):
            some = {name: mine[name] for name in names[start : start + _HOSTS_AT_A_TIME]}
            yield key, msgspec.msgpack.encode(some)


def check(alarms: list[Alarm], settings: Alarms) -> None:
    """Raise AlarmError if there are alarms and the recipe wants a build to stop for them."""
    if alarms and settings.stop:
        lines = [f"  {one}" for one in alarms[:10]]
        raise AlarmError(
            "\n".join(
                [
                    "the recipe has a build stop for alarms, and there are:",
                    *lines,
                    "Nothing was published. Change the limits in [alarms], or what is removed.",
                ]
            )
        )


def _is_too_much(one: Alarm, limit: float, settings: Alarms) -> bool:
    if one.kind == "component":
        enough = one.removed + 1 >= settings.min_documents
    else:
        enough = one.documents >= settings.min_documents
    return enough and one.removed > limit * one.documents
