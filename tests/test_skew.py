"""What half the crawl has in common does not come together under one key."""

import sys
import time
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from florilegium.dedup.addresses import resident_of
from florilegium.dedup.bands import bands
from florilegium.dedup.decisions import DECISION, Reason, stored_by
from florilegium.dedup.methods import FAST_SIMILARITY, METHODS, MINHASH
from florilegium.dedup.solve import MEMBER, solve
from florilegium.pipelines.duplicates import addresses, deduplicate, entries, settle
from florilegium.pipelines.duplicates.deduplicate import write_decisions
from florilegium.pipelines.duplicates.settings import Duplicates
from florilegium.pipelines.engines import packed
from florilegium.pipelines.engines.embedded import Embedded

PARTS = 40
BANDS, ROWS = FAST_SIMILARITY.bands, FAST_SIMILARITY.rows
HEAD = deduplicate._HEAD.itemsize


def documents(size, rng, method=FAST_SIMILARITY):
    """Documents that have nothing in common."""
    out = np.zeros(size, stored_by(method))
    out["bytes"] = rng.integers(0, 1 << 31, size)
    out["url"] = out["address"] = rng.integers(0, 1 << 62, size)
    out["id"] = rng.integers(0, 256, (size, 16))
    out["text"] = rng.integers(0, 1 << 62, (size, 2))
    out["bands"] = rng.integers(0, 1 << 62, (size, method.bands))
    out["sketch"] = rng.integers(0, 256, (size, method.stored))
    out["words"] = 100
    return out


@pytest.fixture
def decided(tmp_path, monkeypatch):
    """Run the pipeline on documents dealt out to parts; return decisions, and what keys received.

    The second counts the bytes of the largest group that each function of the graph was given.
    """
    largest = Counter()
    gather = packed.gather

    def measured(values, dtype):
        records = gather(values, dtype)
        caller = sys._getframe(1)
        if caller.f_code.co_name == "gather_pairs":
            caller = caller.f_back
        largest[caller.f_code.co_name] = max(largest[caller.f_code.co_name], records.nbytes)
        return records

    def run(rows, method="fast-similarity-sketch"):
        parts = [(n, str(tmp_path / f"{n}.npy")) for n in range(PARTS)]
        for n, path in parts:
            np.save(path, rows[n::PARTS])
        settings = Duplicates(method=method)
        Embedded().run(lambda root: write_decisions(root, parts, tmp_path / "out", settings))
        written = [np.load(tmp_path / "out" / f"{n:06d}.npy") for n in range(PARTS)]
        return np.concatenate(written), largest

    for module in (packed, entries, addresses, deduplicate, settle):
        monkeypatch.setattr(module, "gather", measured)
    monkeypatch.setattr(deduplicate, "_PARTS_A_PARTITION", 1)
    return run


def test_a_page_that_is_nine_tenths_of_the_crawl_comes_to_one_key_once_a_part(decided):
    rng = np.random.default_rng(0)
    size, common = 200_000, 180_000
    rows = documents(size, rng)
    for field in ("text", "bands", "sketch"):
        rows[field][:common] = rows[field][0]
    rows = rng.permutation(rows)
    found, largest = decided(rows)
    kept = found[found["reason"] == Reason.KEPT]
    assert kept["size"].tolist() == [common]
    assert (found["reason"] == Reason.EXACT_DUPLICATE).sum() == common - 1
    assert set(found["kept_row"]) == set(kept["row"])
    one_part = size // PARTS * HEAD  # heads of its documents
    assert largest.pop("_captures") < 1.2 * one_part
    assert largest["_same_text"] < (size - common) // PARTS * HEAD * 1.3 + PARTS * HEAD
    assert max(largest.values()) < one_part
    assert common * DECISION.itemsize > 25 * one_part  # what one key would have had


def test_a_capture_that_is_everywhere_comes_to_one_key_once_a_part(decided):
    rng = np.random.default_rng(1)
    rows = documents(20_000, rng)
    rows["id"][:18_000] = rows["id"][0]
    found, largest = decided(rng.permutation(rows))
    assert Counter(found["reason"].tolist()) == {Reason.SAME_CAPTURE: 17_999, Reason.KEPT: 1}
    assert max(largest.values()) < 20_000 // PARTS * HEAD


def test_a_band_that_everything_has_comes_to_one_key_once_a_part(decided):
    rng = np.random.default_rng(2)
    size, similar = 40_000, 30_000
    rows = documents(size, rng)
    rows["bands"][:, 3] = 7
    rows["bytes"][0] = 0xFFFFFFFF
    rows["sketch"][:similar] = rows["sketch"][0]
    found, largest = decided(rng.permutation(rows))
    assert found[found["reason"] == Reason.KEPT]["size"].tolist() == [similar]
    assert (found["reason"] == Reason.NEAR_DUPLICATE).sum() == similar - 1
    assert largest.pop("_solve") == size * MEMBER.itemsize  # the one thing that is not spread
    assert largest["_stars"] < size // PARTS * 16 * 1.2
    assert largest["_eliminated"] < 10_000
    assert largest["_forest"] == 0
    largest.pop("_by_row")  # the elements that it makes
    assert max(largest.values()) < size // PARTS * HEAD * 1.2


def test_a_cluster_of_everything_comes_to_one_key_once_a_part(decided):
    rng = np.random.default_rng(4)
    size = 40_000
    rows = documents(size, rng, MINHASH)
    rows["bands"][:, 3] = 7
    found, largest = decided(rows, "minhash")
    assert found[found["reason"] == Reason.KEPT]["size"].tolist() == [size]
    assert largest["_cluster"] == PARTS * deduplicate._CLUSTERED.itemsize
    largest.pop("_by_row")  # the elements that it makes
    assert max(largest.values()) < size // PARTS * HEAD * 1.2


@pytest.mark.parametrize("method", METHODS)
def test_an_address_that_everything_claims_comes_to_one_key_a_hundred_times_a_part(decided, method):
    rng = np.random.default_rng(4)
    size = 40_000
    rows = documents(size, rng, METHODS[method])
    rows["address"] = 7
    rows["url"][:20] = 7
    rows["sketch"][:] = rows["sketch"][0]
    found, largest = decided(rng.permutation(rows), method)
    assert (found["reason"] == Reason.SAME_ADDRESS).sum() == 19
    assert (found["reason"] == Reason.SAME_CANONICAL).sum() == 0
    resident = resident_of(METHODS[method]).itemsize
    most = PARTS * (addresses.MOST_PLACES + 1) * addresses._PLACE.itemsize
    assert largest["_same_address"] < size // PARTS * resident * 1.2
    if METHODS[method].verifies:  # or else no claim is looked at, and each place is a key
        assert largest["_shared"] <= most


def template(size, rng):
    sketches = np.repeat(rng.integers(0, 256, (1, 256)), size, axis=0)
    changed = rng.random(sketches.shape) < 0.05
    sketches[changed] = rng.integers(0, 256, changed.sum())
    return sketches, bands(sketches.astype(np.uint32), BANDS, ROWS)


def chain(size, rng):
    """Each is like the one before, by 232 places of 256, and the first like none of the last."""
    values = rng.integers(0, 256, (size + 11, 24))
    order = np.arange(size)[:, None]
    columns = np.arange(11)
    places = order - (order - columns) % 11 + 10
    sketches = np.zeros((size, 256), int)
    sketches[:, : 11 * 23] = values[places, :23].reshape(size, -1)
    return sketches, bands(sketches.astype(np.uint32), BANDS, ROWS)


def bucket(size, rng):
    return rng.integers(0, 256, (size, 256)), np.tile(np.arange(BANDS), (size, 1))


def buckets(size, rng):
    """Large buckets of unlike documents: every document meets 16 others in each band."""
    hashes = rng.integers(0, 50, (size, BANDS)) + np.arange(BANDS) * 100
    return rng.integers(0, 256, (size, 256)), hashes


@pytest.mark.parametrize(
    ("shape", "least", "most"),
    [(template, 0.999, 1), (chain, 0.5, 0.9), (bucket, 0, 0), (buckets, 0, 0)],
)
def test_a_hundred_thousand_connected_documents_take_seconds(shape, least, most):
    rng = np.random.default_rng(3)
    size = 100_000
    members = np.zeros(size, MEMBER)
    members["row"] = members["priority"] = np.arange(size)
    members["sketch"], members["bands"] = shape(size, rng)
    solve(members[:100], 0.75)
    tracemalloc.start()
    start = time.process_time()
    removed = solve(members, 0.75)
    seconds = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert least * size <= len(removed) <= most * size
    assert seconds < 5
    assert peak < 1200 * size
