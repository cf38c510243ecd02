import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.manifests.merkle import EMPTY_ROOT, Span, leaf_hash, node_hash, span

leaves = st.lists(st.binary(max_size=3).map(leaf_hash), max_size=70)


def tree_head(entries):
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return entries[0]
    split = 1 << ((len(entries) - 1).bit_length() - 1)
    return node_hash(tree_head(entries[:split]), tree_head(entries[split:]))


@given(leaves)
def test_the_root_is_the_tree_head_of_the_specification(entries):
    assert span(entries).root() == tree_head(entries)


@given(leaves, st.lists(st.integers(0, 70), max_size=5))
def test_the_root_does_not_depend_on_where_shards_begin(entries, cuts):
    edges = sorted({0, len(entries), *(min(cut, len(entries)) for cut in cuts)})
    whole = Span()
    for begin, end in itertools.pairwise(edges):
        whole.extend(span(entries[begin:end], begin))
    assert whole.root() == tree_head(entries)


def test_a_span_stays_small():
    part = span([leaf_hash(b"x")] * 100_000, begin=12_345)
    assert part.end == 112_345
    assert len(part.subtrees) <= 2 * 17


def test_the_known_roots_of_the_log_specification():
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")
    assert span([leaf_hash(b"")]).root().hex().startswith("6e340b9cffb37a98")


def test_a_gap_between_spans_is_refused():
    whole = span([leaf_hash(b"a")])
    with pytest.raises(ValueError, match="begins at leaf 2 cannot follow 1"):
        whole.extend(Span(2))
    with pytest.raises(ValueError, match="this span at 2"):
        Span(2).root()
