"""Evidence beside the text decides between two labels only where the text does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.evidence import MAX_WEAK_SCORE, Hint, hints, weighed
from florilegium.filters.language import Identity

WEAK = Identity("nob_Latn", 0.5, "dan_Latn", 0.4, "Latn")


def told(*tags, url=""):
    return list(hints([("declared", tag) for tag in tags], url))


def found(*tags, url="https://example.org/"):
    return [(hint.source, hint.value, set(hint.languages)) for hint in told(*tags, url=url)]


def test_declared_tags_come_first_then_the_address_then_its_domain():
    assert found("de-AT", None, " nb ", url="https://fr.seite.dk/sv/artikel") == [
        ("declared", "de-AT", {"deu"}),
        ("declared", "nb", {"nob"}),
        ("url", "fr", {"fra"}),
        ("url", "sv", {"swe"}),
        ("domain", "dk", {"dan"}),
    ]


@pytest.mark.parametrize("tag", ["", "x", "klingon", "123", "de, fr and more", "qq"])
def test_what_is_no_tag_is_no_hint(tag):
    assert found(tag) == []


def test_macro_tags_speak_for_each_member():
    assert found("no") == [("declared", "no", {"nob", "nno", "nor"})]
    assert found("sh")[0][2] == {"bos", "cnr", "hrv", "srp", "hbs"}
    assert found(url="https://seite.no/")[0][2] == {"nob", "nno"}


def test_a_weak_label_gives_way_to_the_second_that_is_declared():
    swapped, why = weighed(WEAK, told("da"))
    assert (swapped.lang, swapped.score) == ("dan_Latn", 0.4)
    assert (swapped.second, swapped.second_score) == ("nob_Latn", 0.5)
    assert why == "declared da"


def test_the_first_hint_that_tells_the_two_apart_decides():
    assert weighed(WEAK, told("de", "nb", "da")) == (WEAK, "declared nb")
    assert weighed(WEAK, told("de", url="https://avis.dk/"))[1] == "domain dk"
    assert weighed(WEAK, told("de", "fr")) == (WEAK, "")


def test_a_sure_label_and_a_hopeless_second_are_left_alone():
    sure = Identity("nob_Latn", MAX_WEAK_SCORE + 0.01, "dan_Latn", 0.29, "Latn")
    assert weighed(sure, told("da")) == (sure, "")
    hopeless = Identity("nob_Latn", 0.5, "dan_Latn", 0.1, "Latn")
    assert weighed(hopeless, told("da")) == (hopeless, "")
    nothing = Identity("und_Zzzz", 0.0, "und_Zzzz", 0.0, "Zzzz")
    assert weighed(nothing, told("da")) == (nothing, "")


def test_each_hint_tells_its_source():
    stated = [
        ("declared", None),
        ("hreflang", "x-default"),
        ("hreflang", "pt"),
        ("locale", "nb_NO"),
    ]
    assert [(hint.source, hint.value) for hint in hints(stated, "")] == [
        ("hreflang", "pt"),
        ("locale", "nb_NO"),
    ]


@given(st.lists(st.text() | st.none()), st.text() | st.just("http://[::1"))
def test_any_declaration_and_any_address_can_be_read(declared, url):
    for hint in hints([("declared", tag) for tag in declared], url):
        assert isinstance(hint, Hint)
        assert hint.languages
