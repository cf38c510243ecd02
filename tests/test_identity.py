from hypothesis import given
from hypothesis import strategies as st

from florilegium.manifests.identity import LENGTH, identity_of, range_of

texts = st.text() | st.text("ab\n:/")


@given(texts, texts, texts)
def test_an_identity_lies_in_the_range_of_its_address(record, url, date):
    found = identity_of(record, url, date)
    assert len(found) == LENGTH
    low, high = range_of(url)
    assert not url or low <= found <= high


@given(texts, texts, texts.filter(bool))
def test_captures_of_an_address_are_told_apart_by_record_and_date(one, other, url):
    same = identity_of(one, url, "2026") == identity_of(other, url, "2026")
    assert same == (one == other)


def test_captures_without_an_address_do_not_lie_together():
    first = {identity_of(str(n), "", "")[0] for n in range(1000)}
    assert len(first) > 200
