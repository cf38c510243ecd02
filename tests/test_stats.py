from collections import Counter

import numpy as np
import pytest

from florilegium.manifests.document import Document
from florilegium.manifests.samples import contents
from florilegium.manifests.schema import from_table
from florilegium.manifests.stats import QUANTILES, groups, spread
from florilegium.manifests.tables import batches


@pytest.fixture(scope="module")
def release(sealed):
    return sealed.folder, contents(sealed.folder)


@pytest.fixture(scope="module")
def documents(release):
    return [
        document
        for shard in release[1].shards
        for table in batches(release[0] / shard.path)
        for document in from_table(table, Document)
    ]


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("language", lambda one: one.lang),
        ("domain", lambda one: one.domain),
        ("licence", lambda one: one.license or ""),
    ],
)
def test_groups_hold_what_documents_do(release, documents, by, key):
    found = groups(*release, by)
    for field, size in (
        ("documents", lambda one: 1),
        ("tokens", lambda one: one.tokens),
        ("chars", lambda one: len(one.text)),
        ("text_bytes", lambda one: len(one.text.encode())),
    ):
        expected = Counter()
        for one in documents:
            expected[key(one)] += size(one)
        assert {group.of: getattr(group, field) for group in found} == expected
    assert [group.tokens for group in found] == sorted((g.tokens for g in found), reverse=True)


def test_groups_of_some_languages_are_of_these_only(release, documents):
    found = groups(*release, "domain", ["fra_Latn"])
    assert sum(group.documents for group in found) == sum(d.lang == "fra_Latn" for d in documents)
    with pytest.raises(ValueError, match="it holds nothing in nld_Latn"):
        groups(*release, "domain", ["nld_Latn"])


def test_a_spread_is_that_of_the_values(release, documents):
    for one in spread(*release, "tokens"):
        values = [document.tokens for document in documents if document.lang == one.lang]
        assert (one.documents, one.without) == (len(values), 0)
        assert one.mean == pytest.approx(np.mean(values))
        expected = np.quantile(values, QUANTILES, method="inverted_cdf")
        assert list(one.quantiles) == list(expected)


def test_a_share_is_of_two_columns_and_of_nothing_it_is_none(release, documents):
    (german,) = spread(*release, "counts.non_symbol_words/counts.chars", ["deu_Latn"])
    values = [
        one.counts.non_symbol_words / one.counts.chars
        for one in documents
        if one.lang == "deu_Latn"
    ]
    assert german.mean == pytest.approx(np.mean(values))
    assert all(one.quantiles[-1] == 0 for one in spread(*release, "tokens/counts.urls"))


def test_documents_without_a_measure_are_counted_apart(release, documents):
    for measure in ("extraction_confidence", "quality", "bad_word_share"):
        for one in spread(*release, measure):
            mine = [getattr(d, measure) for d in documents if d.lang == one.lang]
            assert (one.documents, one.without) == (len(mine) - mine.count(None), mine.count(None))
            assert (one.quantiles == ()) == (one.documents == 0)
    assert all(one.documents == 0 for one in spread(*release, "bad_word_share"))


@pytest.mark.parametrize(
    "measure", ["", "colour", "url", "counts", "counts.colour", "tokens/", "tokens/url", "a/b/c"]
)
def test_what_is_no_measure_is_refused(release, measure):
    with pytest.raises(ValueError, match="is no measure"):
        spread(*release, measure)
