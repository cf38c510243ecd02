"""What an erasure leaves in the log of a corpus: keyed hashes of all that it names or hits."""

import hashlib
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from florilegium.filters.address import address
from florilegium.manifests import erasures
from florilegium.manifests.erasures import Basis, Erasure, Kind, Promote
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.secret import Secret
from florilegium.manifests.tables import batches
from florilegium.pipelines.engines.each import Work, each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure import ledger as erase_ledger
from florilegium.pipelines.erasure.blocked import Noted, encoded
from florilegium.pipelines.erasure.ledger import Follower
from florilegium.pipelines.erasure.purge import words_of
from florilegium.pipelines.erasure.rows import Hit, words_of_hits
from florilegium.pipelines.erasure.selection import Selection
from florilegium.pipelines.files import load_array
from florilegium.pipelines.harvest.part import finished


class Wish(Struct, frozen=True):
    """What is to be erased, and how."""

    wanted: Selection
    basis: Basis
    note: str = ""
    promote: Promote = "none"


class Corpus(Struct, frozen=True):
    """Where a corpus is, and the key of its log."""

    home: Location
    secret: Secret

    @property
    def log(self) -> Location:
        """The log of its erasures."""
        return self.home / erasures.NAME

    @property
    def work(self) -> Location:
        """Where builds work."""
        return self.home / "work"

    def content(self) -> bytes:
        """Return the log as it is; nothing if there is none."""
        try:
            return self.log.read_bytes()
        except FileNotFoundError:
            return b""

    def noted(self) -> Noted:
        """Return the log as it is now."""
        digest = hashlib.sha256(self.content()).hexdigest()
        return Noted(str(self.log), digest, self.secret.key)

    def check_goes_on(self, release: Location) -> None:
        """Raise LogError unless the log begins with that of a release: nothing may be forgotten."""
        if not self.content().startswith(log_of(release)):
            raise erasures.LogError(
                f"{release / erasures.PATH} is no beginning of {self.log}: they are of two corpora"
            )

    def note(self, one: Erasure) -> bool:
        """Add an erasure to the log, unless it is there; return whether it was added."""
        content = self.content()
        if erasures.noted(erasures.decode(content), one):
            return False
        with replacing(self.log) as draft:
            draft.write_bytes(erasures.appended(content, one))
        return True


def log_of(release: Location) -> bytes:
    """Return the log that a release carries; nothing if there is none."""
    try:
        return (release / erasures.PATH).read_bytes()
    except FileNotFoundError:
        return b""


class InPart(Struct, frozen=True, array_like=True):
    """A document of a part in the work folder that a person named."""

    id: bytes
    words: bytes


def in_parts(corpus: Corpus, wanted: Selection, engine: Engine, notes: Location) -> list[InPart]:
    """Return the documents of all parts that are named, be they in a release or not."""
    if not wanted:
        return []
    answers = _of_parts(corpus.work, partial(_named, wanted), engine, notes)
    return [one for answer in answers for one in msgspec.msgpack.decode(answer, type=list[InPart])]


def _named(wanted: Selection, item: bytes) -> bytes:
    files = locate(item.decode())
    words = words_of(load_array(files / "signatures.npy"))
    found, row = [], 0
    for table in batches(files / "documents.parquet", ["id", "url"]):
        rows = zip(*(table.column(name).to_pylist() for name in ("id", "url")), strict=True)
        for place, (identity, url) in enumerate(rows, row):
            if identity in wanted.ids or wanted.by_host(url) or wanted.by_url(url):
                found.append(InPart(identity, words[place]))
        row += table.num_rows
    return msgspec.msgpack.encode(found)


def erasure(
    release: Location,
    manifest: Manifest,
    corpus: Corpus,
    wish: Wish,
    hits: Sequence[Hit],
    in_parts: Sequence[InPart],
    engine: Engine,
    notes: Location,
) -> Erasure:
    """Return what the log is to say of a wish that some documents answer to.

    If texts are to go, not pages, it names their words, and the copies that gave way to them.
    """
    ids = {hit.id for hit in hits} | {one.id for one in in_parts} | wish.wanted.ids
    words: set[bytes] = set()
    if wish.promote == "none":
        words = words_of_hits(release, manifest, hits) | {one.words for one in in_parts}
        copies = erase_ledger.followers(
            release, manifest, {hit.id for hit in hits}, engine, notes / "copies"
        )
        ids |= {one.id for one in copies}
        words |= _words_in_parts(corpus.work, copies, engine, notes / "words")
    urls = wish.wanted.urls | {address(hit.url) for hit in hits if not hit.by_host}
    named: dict[Kind, Iterable[bytes]] = {
        "id": ids,
        "url": map(encoded, urls),
        "host": map(encoded, wish.wanted.hosts),
        "below": map(encoded, wish.wanted.below),
        "text": words,
    }
    on = f"{manifest.name}/{manifest.build_id}", manifest.root
    return _line(corpus, wish, named, *on, len(hits))


def kept_out(corpus: Corpus, wish: Wish, on: str, root: str) -> Erasure:
    """Return what the log is to say of addresses and hosts that later builds must not let in.

    `on` and `root` are of the newest release; of a corpus that has none its name, and nothing.
    """
    named: dict[Kind, Iterable[bytes]] = {
        "url": map(encoded, wish.wanted.urls),
        "host": map(encoded, wish.wanted.hosts),
        "below": map(encoded, wish.wanted.below),
    }
    return _line(corpus, wish, named, on, root, 0)


def _line(
    corpus: Corpus,
    wish: Wish,
    named: Mapping[Kind, Iterable[bytes]],
    on: str,
    root: str,
    documents: int,
) -> Erasure:
    hashes = {kind: _hashes(corpus.secret, kind, some) for kind, some in named.items()}
    return erasures.new(
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        basis=wish.basis,
        note=wish.note,
        release=on,
        root=root,
        documents=documents,
        promote=wish.promote,
        key=corpus.secret.name,
        hashes={kind: some for kind, some in hashes.items() if some},
    )


def _hashes(secret: Secret, kind: Kind, values: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(sorted({secret.digest(kind, value).hex() for value in values}))


def _words_in_parts(
    work: Location, copies: Collection[Follower], engine: Engine, notes: Location
) -> set[bytes]:
    """Return the hashes of the words of copies, as far as parts that hold them are there."""
    ids, warcs = {one.id for one in copies}, {one.warc for one in copies}
    work_on = partial(_words_in_part, ids)
    answers = _of_parts(work, work_on, engine, notes, warcs)
    return {one for answer in answers for one in msgspec.msgpack.decode(answer, type=list[bytes])}


def _of_parts(
    work: Location, ask: Work, engine: Engine, notes: Location, units: Collection[str] | None = None
) -> list[bytes]:
    """Ask all parts, or those of some inputs, for something."""
    places = [
        work / "parts" / name / part.attempt
        for name, part in sorted(finished(work / "parts").items())
        if units is None or part.unit in units
    ]
    return each(engine, [str(place).encode() for place in places], [1] * len(places), ask, notes)


def _words_in_part(ids: Collection[bytes], item: bytes) -> bytes:
    files = locate(item.decode())
    words = words_of(load_array(files / "signatures.npy"))
    found, row = [], 0
    for table in batches(files / "documents.parquet", ["id"]):
        for place, one in enumerate(table.column("id").to_pylist(), row):
            if one in ids:
                found.append(words[place])
        row += table.num_rows
    return msgspec.msgpack.encode(found)
