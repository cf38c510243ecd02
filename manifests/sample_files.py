"""Writing a sample: its shards, its tables, and its manifest."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import groupby
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from florilegium.manifests import buckets, deciles, json_lines, tree
from florilegium.manifests.buckets import Bucket, add_rows, sum_of
from florilegium.manifests.deciles import Histogram
from florilegium.manifests.entries import entry
from florilegium.manifests.layout import JSONL, PARQUET, shard_path
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location, remove_tree, replacing, sha256
from florilegium.manifests.manifest import NAME, Language, Licence, Shard
from florilegium.manifests.merkle import Span, joined, span
from florilegium.manifests.samples import Asked, Form, Held, Sample, parent_of
from florilegium.manifests.selection import Chosen, selected
from florilegium.manifests.shard_files import row_groups, writer

ROW_GROUP_BYTES = 32 << 20
"""Bytes of text in one Parquet row group."""


class _Drawn:
    """What was written so far."""

    def __init__(self) -> None:
        self.shards: list[Shard] = []
        self.spans: list[Span] = []
        self.kept: dict[str, dict[int, Bucket]] = {}
        self.quality: dict[str, Histogram] = {}
        self.licences: Counter[tuple[str | None, str | None]] = Counter()
        self.licence_tokens: Counter[tuple[str | None, str | None]] = Counter()

    @property
    def rows(self) -> int:
        return self.spans[-1].end if self.spans else 0

    def add(self, shard: Shard, tree: Span) -> None:
        self.shards.append(shard)
        self.spans.append(tree)

    def count(self, lang: str, rows: pa.Table) -> None:
        add_rows(self.kept.setdefault(lang, {}), rows)
        scores = self.quality.setdefault(lang, {})
        deciles.count_all(scores, rows.column("quality").to_pylist())
        columns = (rows.column(n).to_pylist() for n in ("license", "license_tier", "tokens"))
        for spdx, tier, tokens in zip(*columns, strict=True):
            self.licences[spdx, tier] += 1
            self.licence_tokens[spdx, tier] += tokens


def write(release: Location, held: Held, asked: Asked, out: Location, written: Form) -> Sample:
    """Write a sample into a folder that is not there or empty, and return its manifest.

    The same bytes come out of the same release by the same versions. FileExistsError if something
    is there already; otherwise errors as `selected`. Nothing is left behind after one.
    """
    if out.exists() and (out.is_file() or any(out.rglob("*"))):
        raise FileExistsError(f"{out}: there is something already; name another folder")
    drawn = _Drawn()
    try:
        chosen = selected(release, held, asked)
        for shard, pieces in groupby(chosen, key=lambda one: one.shard):
            _write_shard(out, shard, (piece.rows for piece in pieces), written, drawn)
        made = _manifest(out, held, asked, written, drawn)
        with replacing(out / NAME) as draft:
            encoded = msgspec.json.encode(made, order="sorted")
            draft.write_bytes(msgspec.json.format(encoded, indent=2) + b"\n")
    except BaseException:
        remove_tree(out)
        raise
    return made


def _write_shard(
    out: Location, shard: Shard, tables: Iterable[pa.Table], written: Form, drawn: _Drawn
) -> None:
    path = shard_path(shard.lang, shard.index, shard.of, JSONL if written == "jsonl" else PARQUET)
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    tree = Span(drawn.rows)
    totals: Counter[str] = Counter()
    with replacing(out / path) as draft:
        for rows in _written(draft, row_groups(tables, ROW_GROUP_BYTES), written):
            tree.extend(span(leaves(rows), tree.end))
            drawn.count(shard.lang, rows)
            for name in ("tokens", "text_bytes"):
                totals[name] += pc.sum(rows.column(name)).as_py()
        size, digest = draft.stat().st_size, sha256(draft)
    made = Shard(
        path=path,
        lang=shard.lang,
        index=shard.index,
        of=shard.of,
        rows=tree.end - tree.begin,
        first_leaf=tree.begin,
        tokens=totals["tokens"],
        text_bytes=totals["text_bytes"],
        file_bytes=size,
        sha256=digest,
    )
    drawn.add(made, tree)


def _written(draft: Path, tables: Iterable[pa.Table], written: Form) -> Iterator[pa.Table]:
    """Write tables to a file and yield each; the file is whole when all were yielded."""
    if written == "jsonl":
        with draft.open("wb") as stream:
            for rows in tables:
                stream.writelines(json_lines.lines(rows))
                yield rows
        return
    with writer(draft) as file:
        for rows in tables:
            file.write_table(rows, row_group_size=rows.num_rows)
            yield rows


def _manifest(out: Location, held: Held, asked: Asked, written: Form, drawn: _Drawn) -> Sample:
    nodes = tree.nodes_of(drawn.spans)
    (out / tree.PATH).parent.mkdir(parents=True, exist_ok=True)
    with replacing(out / buckets.PATH) as draft:
        first = entry(buckets.PATH, buckets.write(drawn.kept, draft), draft)
    with replacing(out / tree.PATH) as draft:
        second = entry(tree.PATH, tree.write(nodes, draft), draft)
    parent = parent_of(held)
    name = hashlib.sha256(parent.root.encode() + msgspec.json.encode(asked, order="sorted"))
    return Sample(
        name=held.name,
        build_id=name.hexdigest()[:12],
        parent=parent,
        asked=asked,
        written=written,
        root=joined(nodes).root().hex(),
        documents=drawn.rows,
        tokens_counted=held.tokens_counted,
        environment={name: metadata.version(name) for name in ("florilegium", "pyarrow")},
        languages=tuple(_language(lang, drawn) for lang in sorted(drawn.kept)),
        licences=tuple(
            Licence(
                license=key[0],
                tier=key[1],
                documents=drawn.licences[key],
                tokens=drawn.licence_tokens[key],
            )
            for key in sorted(drawn.licences, key=lambda key: (key[0] or "", key[1] or ""))
        ),
        shards=tuple(drawn.shards),
        tables=(first, second),
    )


def _language(lang: str, drawn: _Drawn) -> Language:
    total = sum_of(drawn.kept[lang].values())
    return Language(
        lang=lang,
        documents=total.documents,
        tokens=total.tokens,
        chars=total.chars,
        text_bytes=total.bytes,
        quality_deciles=deciles.deciles(drawn.quality.get(lang, {})),
    )


def root_of(chosen: Iterable[Chosen]) -> tuple[int, str]:
    """Return how many rows there are, and the root of the tree over them."""
    tree = Span()
    for one in chosen:
        tree.extend(span(leaves(one.rows), tree.end))
    return tree.end, tree.root().hex()
