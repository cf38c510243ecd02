"""What the input of a month says of documents of earlier releases: what is gone or opted out.

Pages are known by their addresses, which ids begin with; so the indexes of earlier releases tell
which of their documents the input speaks of. Of what hosts say, only what is new is looked at: a
file that the corpus knows already, word by word, was judged when it came. Then shards are asked for
the documents of these hosts, by the column of hosts, and nothing else is read.
"""

from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from florilegium.manifests.carried import Carried, address_halves
from florilegium.manifests.chain import Chain
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines import provenance
from florilegium.pipelines.duplicates.index import IndexFile, read_rows
from florilegium.pipelines.engines.each import each
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.files import emptied, load_array, save_array
from florilegium.pipelines.months.hosts import of_hosts
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.replay import OptOutList

_VANISHED = (404, 410)


class _Spoken(Struct, frozen=True, array_like=True):
    """What an input says of addresses: halves of ids, packed, and why."""

    gone: dict[bytes, Carried]
    reserved: dict[bytes, Carried]


def told(
    parts: Sequence[Location],
    chain: Chain,
    recipe: Recipe,
    lists: Sequence[OptOutList],
    folder: Location,
    engine: Engine,
) -> list[Carried]:
    """Return what the parts of new input, and lists, say of the documents of a chain.

    What was found once is in `folder`, and is not looked for again.
    """
    place = folder / "told.msgpack"
    if place.is_file():
        return msgspec.msgpack.decode(place.read_bytes(), type=list[Carried])
    folder = emptied(folder)  # releases may have been made anew since it was begun
    found = _of_pages(parts, chain, folder, engine) if chain.links else {}
    for one in of_hosts(parts, chain, recipe.rights, lists, folder, engine):
        found[one.id] = one
    some = sorted(found.values(), key=lambda one: (one.release, one.id))
    with replacing(place) as draft:
        draft.write_bytes(msgspec.msgpack.encode(some))
    return some


def folder_of(work: Location, made_of: str, origins: Sequence[str]) -> Location:
    """Return where that is found: in a folder named after all that it depends on."""
    return work / "months" / provenance.digest([made_of, list(origins)])[:16]


def _of_pages(
    parts: Sequence[Location], chain: Chain, folder: Location, engine: Engine
) -> dict[bytes, Carried]:
    items = [str(place).encode() for place in parts]
    ones = [1] * len(items)
    answers = each(engine, items, ones, _spoken, folder / "spoken")
    spoken = [msgspec.msgpack.decode(answer, type=_Spoken) for answer in answers]
    gone = {half: one for some in spoken for half, one in some.gone.items()}
    reserved = {half: one for some in spoken for half, one in some.reserved.items()}
    ids = _known({*gone, *reserved}, chain, folder, engine)
    vanished = {half for half in (identity[:8] for identity, _ in ids) if half in gone}
    if vanished:
        # A page that answered after all, in the same input, is there.
        work = partial(_there, b"".join(sorted(vanished)))
        for answer in each(engine, items, ones, work, folder / "there"):
            vanished -= {answer[n : n + 8] for n in range(0, len(answer), 8)}
    found: dict[bytes, Carried] = {}
    for identity, release in ids:
        said = reserved.get(identity[:8])
        if said is None and identity[:8] in vanished:
            said = gone[identity[:8]]
        if said is not None:
            found[identity] = msgspec.structs.replace(said, id=identity, release=release)
    return found


def _spoken(place: bytes) -> bytes:
    """Return what an input says by its losses: what answered 404 or 410, and what is reserved."""
    found = _Spoken({}, {})
    for table in batches(locate(place.decode()) / "losses.parquet"):
        answers = pc.and_(
            pc.equal(table["rule"], "http_status"),
            pc.is_in(
                pc.cast(table["value"], pa.int64(), safe=False),
                value_set=pa.array(_VANISHED, pa.int64()),
            ),
        )
        wanted = pc.or_(pc.fill_null(answers, False), pc.equal(table["stage"], "rights"))
        for loss in from_table(table.filter(wanted), Loss):
            into = found.reserved if loss.stage == "rights" else found.gone
            into.setdefault(loss.id[:8], _said(loss))
    return msgspec.msgpack.encode(found)


def _said(loss: Loss) -> Carried:
    gone = loss.stage != "rights"
    return Carried(
        id=b"",
        release="",
        fate="gone" if gone else "opted_out",
        rule=loss.rule,
        detail=f"{loss.value:.0f}" if gone else loss.detail,
        source=f"{loss.warc} {loss.warc_offset}",
    )


def _known(
    halves: set[bytes], chain: Chain, folder: Location, engine: Engine
) -> list[tuple[bytes, str]]:
    """Return the documents of a chain at some addresses, with the build that published them."""
    if not halves:
        return []
    asked = folder / "asked.npy"
    save_array(asked, np.unique(np.frombuffer(b"".join(halves), np.uint64)))
    files = [
        (link, IndexFile(str(link.place / table.path), table.sha256, link.name))
        for link in chain.links
        for table in link.form.tables
        if table.path.startswith("index/")
    ]
    items = [msgspec.json.encode(file) for _, file in files]
    answers = each(engine, items, [1] * len(items), partial(_at, str(asked)), folder / "at")
    return [
        (answer[n : n + 16], link.origin)
        for (link, _), answer in zip(files, answers, strict=True)
        for n in range(0, len(answer), 16)
    ]


def _at(asked: str, index: bytes) -> bytes:
    ids = np.ascontiguousarray(read_rows(msgspec.json.decode(index, type=IndexFile))["id"])
    return ids[np.isin(address_halves(ids), load_array(locate(asked)))].tobytes()


def _there(wanted: bytes, place: bytes) -> bytes:
    """Return which of some addresses a part has a document of."""
    found: set[bytes] = set()
    asked = {wanted[n : n + 8] for n in range(0, len(wanted), 8)}
    for table in batches(locate(place.decode()) / "documents.parquet", ["id"]):
        found |= asked & {one[:8] for one in table.column("id").to_pylist()}
    return b"".join(sorted(found))
