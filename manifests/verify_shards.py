"""Checking the rows of shards."""

import itertools
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from florilegium.manifests import deciles, distributions, domains, json_lines, months
from florilegium.manifests.buckets import Bucket, add_rows
from florilegium.manifests.deciles import Histogram
from florilegium.manifests.distributions import Distribution
from florilegium.manifests.domains import Weighed
from florilegium.manifests.layout import JSONL
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Shard
from florilegium.manifests.merkle import Node, Span, span
from florilegium.manifests.mixture import Mixed, stays
from florilegium.manifests.shard_files import ColumnsError, documents
from florilegium.manifests.verify_files import UNREADABLE

_LICENCE = ("license", "license_tier")


@dataclass
class Seen:
    """What was read so far."""

    named: set[tuple[str, str]]
    """Kinds and names of the alarms there are; of nothing else is counted what is removed."""
    binding: list[str] = field(default_factory=list)
    """Columns of the verdicts on rights that no document may have against it."""
    rows: int = 0
    """Documents of the shards."""
    nodes: list[Node] = field(default_factory=list)
    """Subtrees of the shards, from left to right."""
    buckets: dict[str, dict[int, Bucket]] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    quality: dict[str, Histogram] = field(default_factory=dict)
    """Scores of documents by language."""
    inputs: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    domains: Weighed = field(default_factory=Weighed)
    licences: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    comparable: Counter[tuple[str, str]] = field(default_factory=Counter)
    removed: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    """Losses to documents of earlier releases, by release."""
    examples: set[tuple[bytes, str, str]] = field(default_factory=set)
    """Ids, stages and rules of examples of losses that were not met in the ledger."""
    mixed: dict[str, Mixed] | None = None
    """What was drawn of each language, if the recipe has a mixture."""

    def count(self, into: Counter[tuple[str, str]], kind: str, names: Iterable[str]) -> None:
        """Count names of a kind of which there are alarms."""
        into.update(key for name in names if (key := (kind, name)) in self.named)


def check_shard(release: Location, shard: Shard, seen: Seen) -> Generator[str, None, bool]:
    """Check the rows of a shard and add them to what was seen; return whether all could be read."""
    before = None
    tree = Span(seen.rows)
    found: Counter[str] = Counter()
    held = [seen.distributions.get(shard.lang, {})]
    try:
        for rows in _read(release / shard.path):
            tree.extend(span(leaves(rows), tree.end))
            seen.inputs.update(sources := rows.column("warc").to_pylist())
            licences = (rows.column(name).to_pylist() for name in _LICENCE)
            seen.licences.update(zip(*licences, strict=True))
            seen.months.update(months.of_documents(rows))
            for name, one in domains.of_documents(rows).items():
                seen.domains.count(name, one)
            seen.count(seen.comparable, "source", sources)
            seen.count(seen.comparable, "host", rows.column("host").to_pylist())
            ids = rows.column("id").to_pylist()
            yield from _check_order(shard, before, ids)
            before = ids[-1] if ids else before
            _count(found, rows)
            scores = seen.quality.setdefault(shard.lang, {})
            deciles.count_all(scores, rows.column("quality").to_pylist())
            add_rows(seen.buckets.setdefault(shard.lang, {}), rows)
            held = [distributions.added([*held, distributions.of_rows(rows)])]
            yield from _check_values(shard, rows)
            yield from _check_rights(shard, rows, seen.binding)
            yield from _check_drawn(shard, rows, seen.mixed)
    except ColumnsError as error:
        yield f"{shard.path}: {error}"
        return False
    except UNREADABLE as error:
        yield f"{shard.path}: cannot be read: {error}"
        return False
    seen.nodes.extend(tree.nodes())
    seen.rows = tree.end
    seen.distributions[shard.lang] = distributions.added(held)
    seen.languages.update({f"{shard.lang} {what}": number for what, number in found.items()})
    for what in ("rows", "tokens", "text_bytes"):
        if found[what] != (stated := getattr(shard, what)):
            yield f"{shard.path}: {found[what]} {what}, the manifest says {stated}"
    return True


def _count(found: Counter[str], rows: pa.Table) -> None:
    texts = rows.column("text").to_pylist()
    found.update(
        rows=rows.num_rows,
        tokens=sum(rows.column("tokens").to_pylist()),
        text_bytes=sum(len(text.encode()) for text in texts),
        chars=sum(len(text) for text in texts),
    )


def _read(place: Location) -> Iterator[pa.Table]:
    return json_lines.read(place) if place.suffix == f".{JSONL}" else documents(place)


def _check_order(shard: Shard, before: bytes | None, ids: list[bytes]) -> Iterator[str]:
    chain = ids if before is None else [before, *ids]
    if any(one >= other for one, other in itertools.pairwise(chain)):
        yield f"{shard.path}: its rows are not in ascending order of distinct ids"
    if any(int.from_bytes(i) * shard.of >> 128 != shard.index for i in ids):
        yield f"{shard.path}: holds ids outside its range"


def _check_values(shard: Shard, rows: pa.Table) -> Iterator[str]:
    if set(rows.column("lang").to_pylist()) - {shard.lang}:
        yield f"{shard.path}: holds documents of another language than {shard.lang}"
    sizes = zip(
        rows.column("text").to_pylist(),
        rows.column("chars").to_pylist(),
        rows.column("text_bytes").to_pylist(),
        strict=True,
    )
    if any(len(text) != chars or len(text.encode()) != size for text, chars, size in sizes):
        yield f"{shard.path}: states lengths that its texts do not have"


def _check_rights(shard: Shard, rows: pa.Table, binding: list[str]) -> Iterator[str]:
    for name in binding:
        if reserved := rows.column(name).to_pylist().count("reserved"):
            yield f"{shard.path}: {reserved} documents whose {name} is reserved"


def _check_drawn(shard: Shard, rows: pa.Table, mixed: dict[str, Mixed] | None) -> Iterator[str]:
    if mixed is None or (mine := mixed.get(shard.lang)) is None:
        return
    pairs = zip(*(rows.column(name).to_pylist() for name in ("id", "quality")), strict=True)
    if astray := sum(not stays(mine, identity, score) for identity, score in pairs):
        yield f"{shard.path}: {astray} documents that the mixture leaves out"
