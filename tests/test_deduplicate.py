"""Decisions of the pipeline against a plain rendering of the rules in memory."""

import hashlib
import random
from collections import Counter, defaultdict
from math import isnan

import apache_beam as beam
import numpy as np
import pytest

from florilegium.dedup.bands import bands
from florilegium.dedup.decisions import DECISION, Reason, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY, METHODS
from florilegium.dedup.minhash import from_matches
from florilegium.dedup.policy import priorities
from florilegium.pipelines.duplicates import addresses, deduplicate, entries, settle
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines import connect, packed
from florilegium.pipelines.engines import listed as listing
from florilegium.pipelines.engines.embedded import Embedded

STORED = stored_by(FAST_SIMILARITY)
SKETCH = 256
SAME, EXACT, NEAR = Reason.SAME_CAPTURE, Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE


def digests(numbers):
    return np.array([list(hashlib.sha256(b"%d" % n).digest()[:16]) for n in numbers], np.uint8)


def planted(seed, size, ids=10**9, texts=10**9, templates=10**9, changes=120, urls=10**9,
            method=FAST_SIMILARITY):  # fmt: skip
    """Documents drawn from so many ids, texts, templates and places, some of them changed."""
    rng = np.random.default_rng(seed)
    out = np.zeros(size, stored_by(method))
    out["bytes"] = rng.integers(0, 6, size)
    out["url"] = rng.integers(0, urls, size)
    out["address"] = np.where(rng.random(size) < 0.5, out["url"], rng.integers(0, urls, size))
    out["id"] = digests(rng.integers(0, ids, size))
    out["text"] = digests(rng.integers(0, texts, size)).view("<u8")
    out["words"] = rng.integers(0, 12, size)
    template, place = np.unique(rng.integers(0, templates, size), return_inverse=True)
    sketches = rng.integers(0, 256, (len(template), SKETCH))[place]
    changed = rng.random(sketches.shape) * SKETCH < rng.integers(0, changes + 1, size)[:, None]
    sketches[changed] = rng.integers(0, 256, changed.sum())
    out["sketch"] = sketches[:, : method.stored]
    out["bands"] = bands(sketches.astype(np.uint32), method.bands, method.rows)
    return out


def in_parts(documents, parts, seed=0):
    """The documents in so many parts of random size; some hold nothing."""
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(documents) + 1, parts - 1))
    return np.split(documents, cuts)


def best(rows):
    return sorted(rows, key=lambda row: (row["priority"], row["id"].tobytes(), row["row"]))


def equal(rows, field, reason):
    """What gives way to the best of its group: {row: (row, similarity, reason)}; who stays."""
    kept, gone = {}, {}
    for row in best(rows):
        first = kept.setdefault(row[field].tobytes(), row)
        # A published one stays, yet of those with the same words the best is named.
        if first is not row and (field == "text" or not row["published"]):
            gone[row["row"]] = (first["row"], 1.0, reason)
    return gone, [row for row in rows if row["row"] not in gone or row["published"]]


def similar(rows, min_similarity):
    """The greedy rule, with every document compared to all that it must be."""
    order, gone, buckets = best(rows), {}, defaultdict(list)
    for place, row in enumerate(order):
        candidates = sorted({other for band in row["bands"] for other in buckets[band][:16]})
        matches = [int((order[other]["sketch"] == row["sketch"]).sum()) for other in candidates]
        alike = matches and from_matches(max(matches)) >= min_similarity
        if alike and not row["published"]:
            kept = order[candidates[matches.index(max(matches))]]
            similarity = float(np.float32(from_matches(max(matches))))
            gone[row["row"]] = (kept["row"], similarity, Reason.NEAR_DUPLICATE)
            continue
        for band in row["bands"]:
            buckets[band].append(place)
    return gone


def clustered(rows):
    """Everything that shared bands connect, however far, gives way to the best of it."""
    order, gone, whole = best(rows), {}, {}
    for row in order:
        met = {id(whole[band]): whole[band] for band in row["bands"].tolist() if band in whole}
        together = [row, *(one for others in met.values() for one in others)]
        for one in together:
            whole.update(dict.fromkeys(one["bands"].tolist(), together))
    for row in order:
        first = best(whole[row["bands"][0]])[0]
        if first is not row and not row["published"]:
            gone[row["row"]] = (first["row"], None, Reason.NEAR_DUPLICATE)
    return gone


def similarity(one, other):
    if len(one["sketch"]) == 0:
        return None
    return float(np.float32(from_matches(int((one["sketch"] == other["sketch"]).sum()))))


def addressed(rows, min_similarity, compared):
    """Captures of a place; then who goes by the same address and is like a better one."""
    places, gone = defaultdict(set), {}
    if not compared:
        rows = [row | {"address": row["url"]} for row in rows]
    for row in rows:
        places[row["address"]].add(row["url"])
    groups = defaultdict(list)
    for row in rows:
        crowded = len(places[row["address"]]) > addresses.MOST_PLACES
        groups[row["address"], row["url"] if crowded else None].append(row)
    for group in groups.values():
        kept = {}
        for row in best(group):
            first = kept.setdefault(row["url"], row)
            if first is not row and not row["published"]:
                gone[row["row"]] = (first["row"], similarity(row, first), Reason.SAME_ADDRESS)
        heirs = []
        for row in best(row for row in group if compared and row["row"] not in gone):
            near = max(heirs, key=lambda heir: similarity(row, heir), default=None)
            alike = near is not None and similarity(row, near) >= min_similarity
            if alike and not row["published"]:
                gone[row["row"]] = (near["row"], similarity(row, near), Reason.SAME_CANONICAL)
            else:
                heirs.append(row)
    return gone, [row for row in rows if row["row"] not in gone]


def expected(parts, settings=Duplicates(), keep="longest", published=()):  # noqa: B008
    """Everything that is to be decided, by row; `published` parts follow the others."""
    rows = [
        {
            "row": ordinal << 32 | place,
            "priority": int(priorities(part, keep)[place]) + ((ordinal < len(parts)) << 63),
            "published": ordinal >= len(parts),
            **{name: row[name] for name in part.dtype.names},
        }
        for ordinal, part in enumerate([*parts, *published])
        for place, row in enumerate(part)
    ]
    compared = METHODS[settings.method].verifies
    identity = {row["row"]: row["id"].tobytes() for row in rows}
    gone, rows = equal(rows, "id", Reason.SAME_CAPTURE)
    rows = [row for row in rows if row["words"]]
    if settings.exact:
        more, rows = equal(rows, "text", Reason.EXACT_DUPLICATE)
        gone |= more
    if settings.addresses:
        more, rows = addressed(rows, settings.min_canonical_similarity, compared)
        gone |= more
    if settings.near:
        gone |= similar(rows, settings.min_similarity) if compared else clustered(rows)
    decided = {}
    for row, (kept, similarity, reason) in gone.items():
        while kept in gone:
            kept, similarity, _ = gone[kept]
        decided[row] = (row, kept, identity[kept], similarity, reason, 0)
    decided = {row: one for row, one in decided.items() if row >> 32 < len(parts)}
    for kept, copies in Counter(one[1] for one in decided.values()).items():
        decided[kept] = (kept, kept, identity[kept], 1.0, Reason.KEPT, copies + 1)
    return [decided[row] for row in sorted(decided) if row >> 32 < len(parts)]


@pytest.fixture
def decided(tmp_path):
    """Save parts, run the pipeline on them, and return all that it wrote."""

    def run(parts, settings=Duplicates(), keep="longest", published=()):  # noqa: B008
        out = tmp_path / "out"
        names = [(n, str(tmp_path / f"{n}.npy")) for n in range(len(parts))]
        for part, (_, path) in zip(parts, names, strict=True):
            np.save(path, part)
        random.Random(0).shuffle(names)
        Embedded().run(lambda root: write_decisions(root, names, out, settings, keep, published))
        assert len(list(out.iterdir())) == len(parts) + len(published)
        written = [np.load(out / f"{ordinal:06d}.npy") for ordinal in range(len(parts))]
        assert all(one.dtype == DECISION for one in written)
        assert all((one["row"] >> 32 == n).all() for n, one in enumerate(written))
        return [
            (row, kept, bytes(identity), None if isnan(similarity) else similarity, *rest)
            for one in written
            for row, kept, identity, similarity, *rest in one.tolist()
        ]

    return run


@pytest.fixture
def many_partitions(monkeypatch):
    monkeypatch.setattr(deduplicate, "_PARTS_A_PARTITION", 1)


CROWDED = {
    "all at once": {"ids": 250, "texts": 80, "templates": 12, "urls": 150},
    "captures": {"ids": 40},
    "texts": {"texts": 20},
    "one text": {"texts": 1},
    "templates": {"templates": 25, "changes": 160},
    "one template": {"templates": 1},
    "places": {"urls": 60},
    "places of alike pages": {"urls": 60, "templates": 5, "changes": 200},
    "nothing alike": {},
}


@pytest.mark.parametrize("crowded", CROWDED.values(), ids=CROWDED)
@pytest.mark.parametrize("method", METHODS)
def test_the_decisions_are_those_of_the_rules_in_memory(method, crowded, decided, many_partitions):
    parts = in_parts(planted(1, 400, **crowded, method=METHODS[method]), 7)
    settings = Duplicates(method=method)
    assert decided(parts, settings) == expected(parts, settings)


def test_what_is_decided_does_not_depend_on_how_documents_lie_in_parts(decided, many_partitions):
    documents = planted(2, 400, texts=90, templates=3, urls=150, changes=160)
    found = []
    for parts in (1, 3, 20):
        split = in_parts(np.random.default_rng(parts).permutation(documents), parts, seed=parts)
        identity = {
            n << 32 | place: bytes(row) for n, part in enumerate(split)
            for place, row in enumerate(part["id"])
        }  # fmt: skip
        found.append({(identity[row], *rest) for row, _, *rest in decided(split)})
    assert found[0] == found[1] == found[2]
    assert {one[3] for one in found[0]} == set(Reason) - {SAME}


ASKED = [(), ("exact",), ("near",), ("addresses",), ("exact", "addresses")]


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_not_asked_for_is_not_removed(asked, decided, many_partitions):
    switches = {name: name in asked for name in ("exact", "addresses", "near")}
    settings = Duplicates(**switches, min_similarity=0.6, min_canonical_similarity=0.4)
    parts = in_parts(planted(3, 300, ids=200, texts=60, templates=10, urls=90, changes=170), 4)
    assert decided(parts, settings) == expected(parts, settings)


def test_an_address_that_too_many_places_claim_makes_no_copies(
    decided, many_partitions, monkeypatch
):
    monkeypatch.setattr(addresses, "MOST_PLACES", 5)
    parts = in_parts(planted(8, 400, templates=3, urls=12), 7)
    settings = Duplicates(near=False)
    found = decided(parts, settings)
    assert found == expected(parts, settings)
    assert {row[4] for row in found} == {Reason.KEPT, Reason.SAME_ADDRESS}


def test_a_copy_is_led_on_through_all_steps_that_there_are(decided, many_partitions):
    """To its twin in the part, that to the capture elsewhere, that to its words in the partition
    of its id, that to its words elsewhere, that to another capture of its address, that to one
    that declares it, and that to nearly its words."""
    steps = planted(4, 7, templates=1, changes=0)[:, None]
    twin, capture, near_by, elsewhere, again, claimed, similar = steps
    for place, one in enumerate(steps):
        one["words"], one["bytes"] = 9, place
    for one, identity in ((twin, 5), (capture, 5), (near_by, 10), (elsewhere, 6)):
        one["id"] = list(identity.to_bytes(16))
    near_by["text"] = elsewhere["text"] = capture["text"]
    again["url"], again["address"] = elsewhere["url"], elsewhere["address"]
    claimed["address"] = again["address"]
    similar["sketch"][0, 80:100] ^= 1
    parts = [np.concatenate([twin, twin]), capture, near_by, elsewhere, again, claimed, similar]
    found = decided(parts)
    assert found == expected(parts)
    alike = float(np.float32(from_matches(SKETCH - 20)))
    assert [(row[1], row[3]) for row in found[:7]] == [(6 << 32, alike)] * 7
    address, canonical = Reason.SAME_ADDRESS, Reason.SAME_CANONICAL
    assert [row[4] for row in found[:7]] == [SAME, SAME, EXACT, EXACT, address, canonical, NEAR]
    assert found[7][1:2] + found[7][4:] == (6 << 32, Reason.KEPT, 8)


def test_groups_may_come_in_any_order_and_be_read_only_once(decided, many_partitions, monkeypatch):
    parts = in_parts(planted(5, 400, ids=250, texts=80, templates=12), 7)
    chance, gather = random.Random(5), packed.gather

    def gather_shuffled(values, dtype):
        values = list(values)
        chance.shuffle(values)
        return gather(iter(values), dtype)

    for module in (packed, entries, addresses, deduplicate, settle):
        monkeypatch.setattr(module, "gather", gather_shuffled)
    assert decided(parts) == expected(parts)


def test_elements_in_many_small_pieces_give_the_same(decided, many_partitions, monkeypatch):
    monkeypatch.setattr(packed, "PIECE_BYTES", 1)
    parts = in_parts(planted(6, 200, ids=120, texts=40, templates=5), 3)
    assert decided(parts) == expected(parts)


@pytest.mark.parametrize("rounds", [0, 1])
def test_the_rounds_that_shrink_the_graph_change_nothing(rounds, decided, monkeypatch):
    monkeypatch.setattr(connect, "_ROUNDS", rounds)
    parts = in_parts(planted(7, 300, templates=9, changes=200), 30)
    assert decided(parts) == expected(parts)


def test_parts_without_documents_get_files_without_decisions(decided):
    assert decided([np.empty(0, STORED)] * 2) == []


def test_another_file_in_the_place_of_signatures_is_refused(tmp_path):
    path = tmp_path / "0.npy"
    np.save(path, np.zeros(3, DECISION))
    with pytest.raises(ValueError, match=r"0\.npy: rows of .*, expected"):
        entries.read_entries(0, str(path), entries.View())


def graph(parts, out, method="fast-similarity-sketch"):
    root = beam.Pipeline()
    write_decisions(root, parts, out, Duplicates(method=method))
    return root.to_runner_api()


def test_the_graph_of_ninety_thousand_parts_is_small(tmp_path):
    names = [hashlib.sha256(b"%d" % n).hexdigest()[:24] for n in range(90_000)]
    parts = [(n, f"s3://bucket/work/parts/{name}/signatures.npy") for n, name in enumerate(names)]
    assert graph(parts, tmp_path).ByteSize() < 2_500_000
    found = listing.unlisted(b"", listing.listed(parts[::-1]))
    assert [(ordinal, path.decode()) for ordinal, path in found] == parts


@pytest.mark.parametrize("method", METHODS)
def test_every_key_is_an_integer_and_every_value_text_or_bytes(method, tmp_path):
    """Anything else would travel as a pickle, which need not be the same for the same key."""
    found = graph([(0, "x.npy")], tmp_path, method).components

    def urns(coder):
        parts = found.coders[coder].component_coder_ids
        return [found.coders[coder].spec.urn.split(":")[2], *map(urns, parts)]

    shuffled = {
        step.unique_name.rsplit("/", 1)[0]: urns(found.pcollections[source].coder_id)
        for step in found.transforms.values()
        if step.spec.urn == "beam:transform:group_by_key:v1"
        for source in step.inputs.values()
    }
    assert len(shuffled) > 15
    for name, (kind, key, value) in shuffled.items():
        assert kind == "kv"
        if "Forest" not in name:  # its one key is None
            assert key == ["varint"]
        if "Reshuffle" not in name:  # it adds windows
            assert value in (["bytes"], ["kv", ["string_utf8"], ["bytes"]])
