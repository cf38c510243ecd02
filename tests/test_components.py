from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florilegium.dedup.bands import stars
from florilegium.dedup.components import (
    connected,
    eliminate,
    forest,
    lead,
    roots_of,
    rows_of,
    vertices_of,
)
from florilegium.pipelines.engines import connect as connecting
from florilegium.pipelines.engines.connect import connect
from florilegium.pipelines.engines.embedded import Embedded

compiled = settings(deadline=None)  # the first call waits for the compiler
vertices = st.integers(0, 12) | st.integers(0, 2**64 - 1)
links = st.lists(
    st.tuples(vertices, vertices)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: (max(pair), min(pair))),
    max_size=30,
)


def array(pairs):
    return np.array(pairs, np.uint64).reshape(-1, 2)


def components(pairs):
    """The sets of connected vertices, found without any of the code under test."""
    found = []
    for pair in pairs:
        joined = set(pair).union(*(one for one in found if one & set(pair)))
        found = [one for one in found if not one & joined] + [joined]
    return sorted(map(sorted, found))


def by_root(labels):
    """The same, from (vertex, root)."""
    found = {}
    for vertex, root in labels:
        found.setdefault(root, {root}).add(vertex)
    return sorted(map(sorted, found.values()))


@compiled
@given(links)
def test_a_forest_names_the_components_by_their_smallest_vertex(pairs):
    labels = forest(array(pairs)).tolist()
    assert by_root(labels) == components(pairs)
    assert all(root < vertex for vertex, root in labels)
    assert len({vertex for vertex, _ in labels}) == len(labels)


@compiled
@given(links, st.integers(0, 30))
def test_forests_of_parts_make_the_forest_of_the_whole(pairs, cut):
    parts = [forest(array(pairs[:cut])), forest(array(pairs[cut:]))]
    assert forest(np.concatenate(parts)).tolist() == forest(array(pairs)).tolist()


@compiled
@given(links)
def test_what_is_taken_out_of_a_graph_can_be_led_back_to_its_component(pairs):
    inner = [(smaller, smaller) for _, smaller in pairs]
    out, rest = eliminate(array(pairs + inner))
    assert set(out[:, 0].tolist()) == {one for one, _ in pairs} - {other for _, other in pairs}
    assert not set(out[:, 0].tolist()) & set(rest.ravel().tolist())
    labels = forest(rest)
    every = np.concatenate([labels, lead(out, labels)]).tolist()
    assert by_root(every) == components(pairs)


def test_a_star_leaves_nothing():
    out, rest = eliminate(array([(vertex, 0) for vertex in range(1, 9)] + [(0, 0)]))
    assert out.tolist() == [[vertex, 0] for vertex in range(1, 9)]
    assert len(rest) == 0


@compiled
@given(st.lists(st.tuples(*[st.integers(0, 6)] * 2), min_size=1, max_size=20))
def test_all_that_share_a_band_directly_or_not_have_one_root(chosen):
    hashes = np.array(chosen, np.uint64) + np.arange(2, dtype=np.uint64) * np.uint64(100)
    names = np.arange(50, 50 + len(chosen), dtype=np.uint64)
    roots = connected(names, hashes)
    pairs = [
        (one, other)
        for one in range(len(chosen))
        for other in range(one)
        if any(a == b for a, b in zip(chosen[one], chosen[other], strict=True))
    ]
    alone = [[n] for n in range(len(chosen)) if not any(n in pair for pair in pairs)]
    found = [sorted((names[roots == root] - np.uint64(50)).tolist()) for root in set(roots)]
    assert sorted(found) == sorted(components(pairs) + alone)


def test_a_bucket_of_many_gives_one_link_for_each_but_the_smallest():
    hashes = np.array([5, 9, 5, 5, 7], np.uint64)
    names = np.array([30, 10, 20, 40, 50], np.uint64)
    assert sorted(stars(hashes, names).tolist()) == [[30, 20], [40, 20]]


def test_a_vertex_without_a_label_is_its_own_root():
    labels = array([(9, 4), (7, 4)])
    assert roots_of(np.array([4, 7, 8, 9, 10], np.uint64), labels).tolist() == [4, 4, 8, 4, 10]


@compiled
@given(st.lists(st.integers(0, 2**64 - 1)))
def test_rows_come_back_from_vertices(rows):
    rows = np.array(rows, np.uint64)
    assert (rows_of(vertices_of(rows)) == rows).all()


def test_vertices_of_neighbouring_rows_spread_over_all_partitions():
    rows = np.concatenate([np.arange(1000) + (part << 32) for part in range(20)]).astype(np.uint64)
    for partitions in (2, 7, 64):
        counts = np.bincount(connecting.partition_of(vertices_of(rows), partitions).astype(int))
        assert len(counts) == partitions
        assert counts.max() < 1.3 * len(rows) / partitions


def path_of(size):
    """The hardest graph to shrink: each round takes out one vertex."""
    return [(n + 1, n) for n in range(size)]


def tangled(size):
    """Stars that overlap, as those of several bands do, and many pairs of their own."""
    rng = np.random.default_rng(size)
    crowd = rng.integers(0, size, (size, 2))
    pairs = np.arange(size, 3 * size).reshape(-1, 2)
    return [(max(a, b), min(a, b)) for a, b in [*crowd.tolist(), *pairs.tolist()] if a != b]


class Save(beam.DoFn):
    def __init__(self, folder):
        self.folder = folder

    def process(self, packed):
        labels = np.frombuffer(packed, np.uint64).reshape(-1, 2)
        path = Path(self.folder) / f"{labels[0, 0]}-{len(labels)}.npy"
        assert not path.exists()
        np.save(path, labels)


@pytest.mark.parametrize("pairs", [path_of(3000), tangled(3000)], ids=["path", "tangled"])
@pytest.mark.parametrize("partitions", [1, 5])
def test_the_pipeline_connects_what_is_connected(pairs, partitions, tmp_path):
    spread = vertices_of(array(pairs))
    spread = np.stack([spread.max(axis=1), spread.min(axis=1)], axis=1)
    pieces = [piece.tobytes() for piece in np.array_split(spread, 7)]
    Embedded().run(
        lambda root: (
            root | beam.Create(pieces) | connect(partitions) | beam.ParDo(Save(str(tmp_path)))
        )
    )
    labels = np.concatenate([np.load(path) for path in tmp_path.iterdir()])
    assert len(np.unique(labels[:, 0])) == len(labels)
    assert by_root(rows_of(labels).tolist()) == components(pairs)
