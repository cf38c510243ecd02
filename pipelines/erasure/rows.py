"""Finding what is to be erased in a release: documents that are named, or that the log names."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

import msgspec
import pyarrow as pa
from msgspec import Struct

from florilegium.dedup.methods import METHODS
from florilegium.dedup.signature import sign
from florilegium.manifests import erasures
from florilegium.manifests import manifest as manifests
from florilegium.manifests.erasures import Basis
from florilegium.manifests.location import Location, locate
from florilegium.manifests.manifest import Manifest, Shard
from florilegium.manifests.secret import Secret
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure.blocked import Blocked, Noted
from florilegium.pipelines.erasure.purge import blocked_by, words_of
from florilegium.pipelines.erasure.selection import Selection
from florilegium.pipelines.files import load_array

INDEX = "index/"
_COLUMNS = [
    "id", "url", "warc", "host", "domain", "crawl_time", "lang", "chars", "tokens", "text_bytes",
    "license", "license_tier",
]  # fmt: skip


class Hit(Struct, frozen=True, array_like=True):
    """A document of a shard that a person named."""

    id: bytes
    url: str
    warc: str
    lang: str
    by_host: bool
    """Whether it was named by its host, or below."""


class Gone(Struct, frozen=True, array_like=True):
    """A document of a shard that is erased, and what goes with it from all sums."""

    basis: Basis
    id: bytes
    url: str
    warc: str
    host: str
    domain: str
    crawl_time: datetime
    lang: str
    chars: int
    tokens: int
    text_bytes: int
    license: str | None
    license_tier: str | None


def hits(
    release: Location, manifest: Manifest, wanted: Selection, engine: Engine, notes: Location
) -> list[Hit]:
    """Return the documents of a release that are named, in the order of shards and ids."""
    shards = _possible(manifest, wanted)
    items = [shard.path.encode() for shard in shards]
    answers = each(engine, items, [s.rows for s in shards], partial(_hits, str(release), wanted),
                   notes)  # fmt: skip
    return [hit for answer in answers for hit in msgspec.msgpack.decode(answer, type=list[Hit])]


def _possible(manifest: Manifest, wanted: Selection) -> list[Shard]:
    """Return the shards that may hold something named: an id is in one of each language at most."""
    if wanted.urls or wanted.hosts or wanted.below or wanted.patterns:
        return list(manifest.shards)
    numbers = [int.from_bytes(one) for one in wanted.ids]
    return [s for s in manifest.shards if any(n * s.of >> 128 == s.index for n in numbers)]


def _hits(release: str, wanted: Selection, path: bytes) -> bytes:
    found = []
    names = ["id", "url", "warc", "lang"]
    for table in batches(locate(release) / path.decode(), names):
        rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
        for identity, url, warc, lang in rows:
            by_host = wanted.by_host(url)
            if by_host or identity in wanted.ids or wanted.by_url(url):
                found.append(Hit(identity, url, warc, lang, by_host))
    return msgspec.msgpack.encode(found)


def gone(
    release: Location, manifest: Manifest, noted: Noted, engine: Engine, notes: Location
) -> list[list[Gone]]:
    """Return for each shard, in their order, which documents of it the log of a corpus names."""
    indexes = [table for table in manifest.tables if table.path.startswith(INDEX)]
    method = None if indexes else str(manifest.recipe["duplicates"]["method"])
    if not blocked_by(noted).knows_words:
        indexes, method = [], None
    by_words: dict[bytes, Basis] = {}
    answers = each(
        engine,
        [str(release / table.path).encode() for table in indexes],
        [table.rows for table in indexes],
        partial(_by_words, noted),
        notes / "index",
    )
    for answer in answers:
        by_words |= msgspec.msgpack.decode(answer, type=dict[bytes, Basis])
    found = each(
        engine,
        [str(release / shard.path).encode() for shard in manifest.shards],
        [shard.rows for shard in manifest.shards],
        partial(_gone, noted, by_words, method),
        notes / "shards",
    )
    return [msgspec.msgpack.decode(answer, type=list[Gone]) for answer in found]


def _by_words(noted: Noted, path: bytes) -> bytes:
    rows = load_array(locate(path.decode()))
    blocked = blocked_by(noted)
    named = zip(rows["id"], words_of(rows), strict=True)
    found = ((identity.tobytes(), blocked.by_words(words)) for identity, words in named)
    return msgspec.msgpack.encode({identity: basis for identity, basis in found if basis})


def _gone(noted: Noted, by_words: Mapping[bytes, Basis], method: str | None, path: bytes) -> bytes:
    found = list(blocked_rows(locate(path.decode()), blocked_by(noted), by_words, method))
    return msgspec.msgpack.encode(found)


def blocked_rows(
    shard: Location, blocked: Blocked, by_words: Mapping[bytes, Basis], method: str | None
) -> Iterator[Gone]:
    """Yield the documents of a shard that are blocked: by id, address or words.

    `by_words` are those that an index tells; without one, texts are signed by the `method`.
    """
    for table in batches(shard, [*_COLUMNS, *(["text"] if method else [])]):
        words = _signed(table, method) if method else None
        rows = zip(*(table.column(name).to_pylist() for name in _COLUMNS), strict=True)
        for number, (identity, url, *about) in enumerate(rows):
            basis = blocked.by_id(identity) or blocked.by_url(url) or by_words.get(identity)
            if basis is None and words is not None:
                basis = blocked.by_words(words[number])
            if basis:
                yield Gone(basis, identity, url, *about)


def _signed(table: pa.Table, method: str) -> list[bytes]:
    return words_of(sign(table.column("text").to_pylist(), METHODS[method]))


def words_of_hits(release: Location, manifest: Manifest, found: Iterable[Hit]) -> set[bytes]:
    """Return the hashes of the words of documents, from the index or else from their texts."""
    by_warc: dict[str, set[bytes]] = {}
    for hit in found:
        by_warc.setdefault(hit.warc, set()).add(hit.id)
    ordinals = {source.name: number for number, source in enumerate(manifest.inputs)}
    files = {int(table.path.rpartition("/")[2].removesuffix(".npy")): table.path
             for table in manifest.tables if table.path.startswith(INDEX)}  # fmt: skip
    if files:
        return {
            words
            for warc, ids in by_warc.items()
            for words in _words_in(release / files[ordinals[warc]], ids)
        }
    method, ids = str(manifest.recipe["duplicates"]["method"]), set().union(*by_warc.values())
    return {
        words
        for shard in manifest.shards
        for table in batches(release / shard.path, ["id", "text"])
        for words in _signed(_only(table, ids), method)
    }


def _words_in(index: Location, ids: set[bytes]) -> Iterator[bytes]:
    rows = load_array(index)
    for identity, words in zip(rows["id"], words_of(rows), strict=True):
        if identity.tobytes() in ids:
            yield words


def _only(table: pa.Table, ids: set[bytes]) -> pa.Table:
    return table.filter(pa.array([one in ids for one in table.column("id").to_pylist()]))


def left(release: Location, secret: Secret) -> Iterator[str]:
    """Yield a finding for each document of a release that its own log says is erased.

    SecretError if the key is another than that of the log, ValueError or OSError if the release
    cannot be read.
    """
    manifest = manifests.read(release)
    try:
        log = erasures.decode((release / erasures.PATH).read_bytes())
    except FileNotFoundError:
        yield f"{erasures.PATH}: there is none, so nothing says what should be gone"
        return
    blocked = Blocked(log, secret)
    method = str(manifest.recipe["duplicates"]["method"])
    for shard in manifest.shards:
        for one in blocked_rows(release / shard.path, blocked, {}, method):
            yield f"{shard.path}: {one.id.hex()} is there, though it is erased by {one.basis}"
