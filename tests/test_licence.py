"""A licence is named as SPDX names it, and no better than it is evidenced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.licence import Evidence, Licence, header_evidence, licence, spdx

BY = "https://creativecommons.org/licenses/by/4.0/"
BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (BY, "CC-BY-4.0"), ("//www.creativecommons.org/licenses/by-sa/3.0", "CC-BY-SA-3.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/2.5/it/deed.it", "CC-BY-NC-ND-2.5"),
        ("HTTPS://CreativeCommons.org/licenses/BY-NC-SA/4.0/#x", "CC-BY-NC-SA-4.0"),
        ("creativecommons.org/licenses/by-nd/1.0?ref=chooser", "CC-BY-ND-1.0"),
        ("https://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.fr", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("https://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("https://creativecommons.org/licenses/by-nc/2.1/es/", "LicenseRef-CC-BY-NC-2.1"),
        ("https://creativecommons.org/licenses/by-sa/", "LicenseRef-CC-BY-SA"),
        ("https://creativecommons.org/licenses/", None), ("https://creativecommons.org", None),
        ("https://creativecommons.org/licenses/sampling+/1.0/", None), ("", None),
        ("https://creativecommons.org.example/licenses/by/4.0/", None),
        ("https://example.org/?u=https://creativecommons.org/licenses/by/4.0/", None),
        ("https://example.org//creativecommons.org/licenses/by/4.0/", None),
        ("/licenses/by/4.0/", None), ("https://opensource.org/licenses/MIT", None),
    ],
)  # fmt: skip
def test_an_address_is_named_as_spdx_names_it(url, name):
    assert spdx(url) == name


@pytest.mark.parametrize(
    ("place", "tier"),
    [
        ("http", "A"), ("link", "A"), ("meta", "A"), ("json-ld", "A"), ("a-rel-footer", "B"),
        ("a-rel", "C"), ("a-footer", "C"), ("a", "D"),
    ],
)  # fmt: skip
def test_the_place_makes_the_tier(place, tier):
    assert licence([Evidence(BY_SA, place)]) == Licence("CC-BY-SA-4.0", tier)


def test_the_best_evidence_counts():
    evidence = [Evidence(BY, "a"), Evidence(BY, "a-footer"), Evidence(BY, "link")]
    assert licence(evidence) == Licence("CC-BY-4.0", "A")


def test_two_licences_make_neither_of_them_sure():
    evidence = [Evidence(BY, "a"), Evidence(BY_SA, "link")]
    assert licence(evidence) == Licence("CC-BY-SA-4.0", "D", disagreement=True)


def test_a_national_port_or_an_older_version_is_no_contradiction():
    older = "https://creativecommons.org/licenses/by/2.1/es/"
    port = "https://creativecommons.org/licenses/by/3.0/at/"
    evidence = [Evidence(BY, "link"), Evidence(port, "a-footer"), Evidence(older, "a")]
    assert licence(evidence) == Licence("CC-BY-4.0", "A")


def test_the_public_domain_by_waiver_and_by_age_are_two_different_things():
    waiver = Evidence("https://creativecommons.org/publicdomain/zero/1.0/", "link")
    age = Evidence("https://creativecommons.org/publicdomain/mark/1.0/", "link")
    assert licence([waiver, age]) == Licence("CC0-1.0", "D", disagreement=True)


def test_no_licence_is_none():
    assert licence([]) is None
    assert licence([Evidence("https://example.org/terms", "link")]) is None


def test_a_licence_in_a_link_header_counts_for_the_whole_response():
    headers = [
        ("Content-Type", "text/html"),
        (
            "Link",
            f'<https://example.org/a,b>; rel="next", <{BY}>; title="\\"b\\", c"; Rel=License',
        ),
        ("link", f"<{BY_SA}>; rel=canonical"),
        ("Link", "no angle brackets; rel=license"),
    ]
    assert header_evidence(headers) == (Evidence(BY, "http"),)
    assert licence(header_evidence(headers)) == Licence("CC-BY-4.0", "A")


PIECES = st.sampled_from(
    [
        "https:",
        "//",
        "/",
        "creativecommons.org",
        "licenses",
        "publicdomain",
        "by",
        "-nc",
        "4.0",
        "?",
    ]
)


@given(st.text() | st.lists(PIECES).map("".join))
def test_any_address_is_read_without_error(url):
    name = spdx(url)
    assert name is None or name.startswith(("CC", "LicenseRef-CC-BY"))
    assert (licence([Evidence(url, "a")]) is None) == (name is None)
