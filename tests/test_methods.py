"""Both methods from texts to decisions: who is removed, and that nothing else decides on it."""

import random
from collections import defaultdict
from math import isnan
from typing import get_args

import numpy as np
import pytest
from copies import dealt, documents, prose, web

from florilegium.dedup.decisions import Reason, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY, METHODS, MINHASH
from florilegium.dedup.policy import Keep, priorities
from florilegium.pipelines.duplicates import deduplicate
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.entries import View, read_entries
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines import connect
from florilegium.pipelines.engines.embedded import Embedded


@pytest.fixture
def decided(tmp_path):
    """Run the pipeline; return what was decided on each removed document, by id."""

    def run(parts, method, workers=1, keep="longest"):
        out = tmp_path / "out"
        names = [(n, str(tmp_path / f"{n}.npy")) for n in range(len(parts))]
        for part, (_, path) in zip(parts, names, strict=True):
            np.save(path, part)
        settings = Duplicates(method=method)
        Embedded(workers).run(lambda root: write_decisions(root, names, out, settings, keep))
        found = {}
        for n, part in enumerate(parts):
            for one in np.load(out / f"{n:06d}.npy"):
                identity = part["id"][int(one["row"]) & 0xFFFFFFFF].tobytes()
                similarity = None if isnan(one["similarity"]) else float(one["similarity"])
                reason = Reason(int(one["reason"]))
                found[identity] = (one["kept_id"].tobytes(), reason, similarity, int(one["size"]))
        return found

    return run


def clusters(entries):
    """Sets of documents that are connected by bands, with nothing of the code under test."""
    parent = list(range(len(entries)))

    def root(place):
        while parent[place] != place:
            place = parent[place]
        return place

    buckets = {}
    for place, hashes in enumerate(entries["bands"].tolist()):
        for value in hashes if entries["words"][place] else []:
            parent[root(place)] = root(buckets.setdefault(value, place))
    found = defaultdict(list)
    for place in range(len(entries)):
        found[root(place)].append(place)
    return list(found.values())


def best(entries, places):
    rank = priorities(entries[places], "longest").tolist()
    return min(zip(rank, map(bytes, entries["id"][places]), places, strict=True))[2]


@pytest.mark.parametrize("method", METHODS)
def test_decisions_depend_on_nothing_but_the_documents(method, decided, monkeypatch):
    monkeypatch.setattr(deduplicate, "_PARTS_A_PARTITION", 1)
    entries = documents(web(), METHODS[method])
    expected = decided(dealt(entries, 1, seed=0), method)
    assert {reason for _, reason, _, _ in expected.values()} == {0, 2, 3}
    assert decided(dealt(entries, 5, seed=1), method) == expected
    assert decided(dealt(entries, 23, seed=2), method) == expected
    assert decided(dealt(entries, 8, seed=3), method, workers=2) == expected


@pytest.mark.parametrize("keep", get_args(Keep))
def test_what_is_kept_depends_on_nothing_but_the_documents(keep, decided, monkeypatch):
    monkeypatch.setattr(deduplicate, "_PARTS_A_PARTITION", 1)
    entries = documents(web(2), FAST_SIMILARITY)
    expected = decided(dealt(entries, 1, seed=0), "fast-similarity-sketch", keep=keep)
    found = decided(dealt(entries, 6, seed=1), "fast-similarity-sketch", keep=keep)
    assert found == expected
    rank = dict(zip(map(bytes, entries["id"]), priorities(entries, keep).tolist(), strict=True))
    for identity, (kept, *_) in expected.items():
        assert (rank[kept], kept) <= (rank[identity], identity)


def test_minhash_keeps_the_best_of_all_that_bands_connect(decided, monkeypatch):
    monkeypatch.setattr(deduplicate, "_PARTS_A_PARTITION", 1)
    entries = documents(web(1), MINHASH)
    found = decided(dealt(entries, 9, seed=4), "minhash")
    expected = {}
    for places in clusters(entries):
        kept = best(entries, places)
        for place in places:
            if len(places) > 1:
                size = len(places) if place == kept else 0
                expected[bytes(entries["id"][place])] = (bytes(entries["id"][kept]), size)
    assert {identity: (kept, size) for identity, (kept, _, _, size) in found.items()} == expected
    assert {similarity for _, reason, similarity, _ in found.values() if reason == 3} == {None}


def test_a_chain_is_one_cluster_to_minhash_and_many_to_the_sketch(decided):
    """Each text has a similarity of 0.9 to the next, and none to the twentieth."""
    chance = random.Random(5)
    words = prose(chance, 1_200).split(" ")
    texts = [" ".join(words[10 * n : 10 * n + 200]) for n in range(100)]
    chained = decided(dealt(documents(texts, MINHASH), 7, seed=5), "minhash")
    verified = decided(
        dealt(documents(texts, FAST_SIMILARITY), 7, seed=5), "fast-similarity-sketch"
    )
    sizes = sorted(size for *_, size in chained.values() if size)
    assert max(sizes) > 50
    assert sum(sizes) > 95
    kept = [size for _, reason, _, size in verified.values() if reason == Reason.KEPT]
    assert max(kept) <= 7  # itself and three to each side: the third has 0.73, the fourth 0.65
    assert all(s >= 0.75 for _, reason, s, _ in verified.values() if reason != Reason.KEPT)


def test_texts_without_words_are_nobodys_copies_and_short_ones_only_of_the_same_words(decided):
    texts = ["", "", "… —", "– !", "ein zwei", "Ein, zwei.", "ein drei", "drei"]
    for method in METHODS:
        entries = documents(texts, METHODS[method])
        found = decided([entries], method)
        pair = {entries["id"][4].tobytes(), entries["id"][5].tobytes()}
        assert set(found) == pair
        assert {reason for _, reason, _, _ in found.values()} == {Reason.KEPT, 2}


def test_a_long_chain_and_a_bucket_of_everything_are_connected_exactly(decided, monkeypatch):
    """The graph that methods which stop after some rounds get wrong, with hashes beyond 2^63."""
    monkeypatch.setattr(connect, "_ROUNDS", 2)
    rng = np.random.default_rng(6)
    chain, bucket, alone = 2_000, 1_000, 500
    entries = np.zeros(chain + bucket + alone, stored_by(MINHASH))
    entries["bands"] = rng.integers(1 << 63, 1 << 64, entries["bands"].shape, dtype=np.uint64)
    places = np.arange(chain - 1)
    entries["bands"][places + 1, places % 14] = entries["bands"][places, places % 14]
    entries["bands"][chain : chain + bucket, 3] = (1 << 64) - 1
    entries["text"] = rng.integers(0, 1 << 63, entries["text"].shape)
    entries["id"] = rng.integers(0, 256, entries["id"].shape)
    entries["bytes"] = rng.integers(0, 1 << 31, len(entries))
    entries["url"] = entries["address"] = np.arange(len(entries))
    entries["words"] = 9
    found = decided(dealt(entries, 40, seed=6), "minhash")
    assert sorted(size for *_, size in found.values() if size) == [bucket, chain]
    for places in (list(range(chain)), list(range(chain, chain + bucket))):
        kept = bytes(entries["id"][best(entries, places)])
        assert {found[bytes(entries["id"][place])][0] for place in places} == {kept}


def test_signatures_of_another_method_are_refused(tmp_path):
    np.save(tmp_path / "0.npy", documents(["ein Text"], MINHASH))
    with pytest.raises(ValueError, match=r"0\.npy: rows of .*, expected"):
        read_entries(0, str(tmp_path / "0.npy"), View(FAST_SIMILARITY))
