import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from florilegium.filters.address import address, resolved

SAME = [
    ("HTTP://Example.ORG/a", "https://example.org:443/a"),
    ("http://example.org", "http://example.org/"),
    ("http://example.org:80/", "http://example.org./"),
    ("http://example.org/%7Euser", "http://example.org/~user"),
    ("http://example.org/%c3%a4", "http://example.org/ä"),
    ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ("http://example.org/a/./b/../c", "http://example.org/a/c"),
    ("http://example.org/a/b/..", "http://example.org/a/"),
    ("http://example.org/../../a", "http://example.org/a"),
    ("http://example.org/a#top", "http://example.org/a"),
    ("http://example.org/a?utm_source=x&UTM_medium=y", "http://example.org/a"),
    ("http://example.org/a?id=3&fbclid=zz", "http://example.org/a?id=3"),
    ("http://example.org/a?", "http://example.org/a"),
    ("http://someone:secret@example.org/a", "http://example.org/a"),
]
OTHER = [
    ("http://example.org/a", "http://example.org/A"),
    ("http://example.org/a", "http://example.org/a/"),
    ("http://example.org/a", "http://www.example.org/a"),
    ("http://example.org/a", "http://example.org:8080/a"),
    ("http://example.org/a%2Fb", "http://example.org/a/b"),
    ("http://example.org//a", "http://example.org/a"),
    ("http://example.org/a?x=1&y=2", "http://example.org/a?y=2&x=1"),
    ("http://example.org/a?cid=1", "http://example.org/a?cid=2"),
    ("http://example.org/#!/a", "http://example.org/#!/b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_addresses_that_lead_to_the_same_page_have_one_form(one, other):
    assert address(one) == address(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_addresses_that_a_server_may_tell_apart_stay_apart(one, other):
    assert address(one) != address(other)


@pytest.mark.parametrize("url", ["", "mailto:a@b.example", "http://", "http://[", "http://a:b/"])
def test_what_is_no_address_comes_back_as_it_is(url):
    assert address(url) == url


LETTERS = st.sampled_from("aA%2fF.~/?&=#!:@[]ä \t\n\ud800" + string.punctuation)


@example(" #")
@given(st.one_of(st.text(LETTERS, max_size=40), st.text(max_size=40)))
def test_the_form_of_a_form_is_itself(rest):
    form = address(f"http://example.org/{rest}")
    assert address(f"http:{form}") == form


@pytest.mark.parametrize("part", ["/..", "%41", "&utm_a=1", "ä", "a/./", "@", ":"])
def test_long_addresses_take_no_long_time(part):
    start = time.process_time()
    address(f"http://example.org/{part * 200_000}")
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/b", "https://example.org/b"),
        ("b?x#top", "https://example.org/a/b?x"),
        ("", "https://example.org/a/c"),
        ("//other.example/", "https://other.example/"),
        ("javascript:alert(1)", None),
        ("//[", None),
        ("x" * 9000, "https://example.org/a/" + "x" * 8192),
    ],
)
def test_a_link_leads_somewhere_or_nowhere(link, target):
    found = resolved(link, "https://example.org/a/c")
    assert found == (None if target and len(target) > 8192 else target)
