"""Domains of a build: counted by part, added up by ranges of their checksums, a file for each.

No worker holds the domains of a whole crawl.
"""

from collections.abc import Iterable, Iterator

import msgspec

from florilegium.manifests.document import Facts
from florilegium.manifests.domains import Domain, added, file_of, path_of, write
from florilegium.manifests.entries import entry
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.manifest import Table
from florilegium.pipelines.engines.packed import PIECE_BYTES, Keyed

_COUNTED = "domains.msgpack"
_DOMAINS_AT_A_TIME = PIECE_BYTES // 512

Counted = dict[str, Domain]
"""What a part holds of each domain."""


def count(into: Counted, facts: Facts) -> None:
    """Count a document that stays."""
    mine = into.setdefault(facts.domain, Domain())
    mine.documents += 1
    mine.tokens += facts.tokens
    mine.bytes += facts.text_bytes


def count_lost(into: Counted, losses: Iterable[Loss]) -> None:
    """Count losses whose domain is known."""
    for loss in losses:
        if loss.domain:
            into.setdefault(loss.domain, Domain()).lost += 1


def save(folder: Location, counted: Counted) -> None:
    """Write what a part holds beside its verdict."""
    with replacing(folder / _COUNTED) as draft:
        draft.write_bytes(msgspec.msgpack.encode(dict(sorted(counted.items()))))


def load(folder: Location) -> Counted:
    """Return what a part holds."""
    return msgspec.msgpack.decode((folder / _COUNTED).read_bytes(), type=Counted)


def scattered(counted: Counted, of: int) -> Iterator[Keyed]:
    """Yield what a part holds packed by the file it goes to, some at a time."""
    by_file: dict[int, list[str]] = {}
    for name in sorted(counted):
        by_file.setdefault(file_of(name, of), []).append(name)
    for number, names in by_file.items():
        for start in range(0, len(names), _DOMAINS_AT_A_TIME):
            some = names[start : start + _DOMAINS_AT_A_TIME]
            yield number, msgspec.msgpack.encode({name: counted[name] for name in some})


def write_file(number: int, packed: Iterable[bytes], release: Location) -> Table:
    """Write a file of the table from all that parts hold of its domains."""
    whole = added(msgspec.msgpack.decode(one, type=Counted) for one in packed)
    path = path_of(number)
    (release / path).parent.mkdir(parents=True, exist_ok=True)
    with replacing(release / path) as draft:
        return entry(path, write(whole, draft), draft)
