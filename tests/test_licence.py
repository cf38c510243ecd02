"""A licence is named as SPDX names it, and no better than it is evidenced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from florilegium.filters import licence_names
from florilegium.filters.licence import Evidence, Flag, explained, header_evidence, licence
from florilegium.filters.licence_names import RESERVED, Name, asked, at, by_identifier, family
from florilegium.filters.licence_words import mentions, named, subject

BY = "https://creativecommons.org/licenses/by/4.0/"
BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (BY, "CC-BY-4.0"), ("//www.creativecommons.org/licenses/by-sa/3.0", "CC-BY-SA-3.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/2.5/it/deed.it", "CC-BY-NC-ND-2.5 it"),
        ("HTTPS://CreativeCommons.org/licenses/BY-NC-SA/4.0/#x", "CC-BY-NC-SA-4.0"),
        ("creativecommons.org/licenses/by-nd/1.0?ref=chooser", "CC-BY-ND-1.0"),
        ("https://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("https://creativecommons.org/licenses/by/3.0/de/legalcode", "CC-BY-3.0-DE de"),
        ("https://creativecommons.org/licenses/by-sa/3.0/deed.de", "CC-BY-SA-3.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/2.0/uk/", "CC-BY-NC-SA-2.0-UK uk"),
        ("https://creativecommons.org/licenses/by-sa/2.1/jp/", "CC-BY-SA-2.1-JP jp"),
        ("https://creativecommons.org/licenses/sa/1.0/", "CC-SA-1.0"),
        ("https://creativecommons.org/licenses/by/4.0/rdf", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/rdf", "CC-BY-3.0"),
        ("https://creativecommons.org/licenses/by-sa/2.5/scotland/", "CC-BY-SA-2.5 scotland"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.fr", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("https://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("https://creativecommons.org/licenses/by-nc/2.1/es/", "LicenseRef-CC-BY-NC-2.1 es"),
        ("https://creativecommons.org/licenses/by-sa/", "LicenseRef-CC-BY-SA"),
        ("https://www.gnu.org/licenses/fdl-1.3.en.html", "GFDL-1.3-only"),
        ("https://www.gnu.org/copyleft/fdl.html", "LicenseRef-GFDL"),
        ("https://opensource.org/licenses/MIT", "MIT"), ("opensource.org/license/mit", "MIT"),
        ("http://www.apache.org/licenses/LICENSE-2.0.html", "Apache-2.0"),
        ("https://spdx.org/licenses/EUPL-1.2.html", "EUPL-1.2"),
        ("https://data.norge.no/nlod/en/2.0/", "NLOD-2.0"),
        ("https://www.govdata.de/dl-de/zero-2-0", "DL-DE-ZERO-2.0"),
        ("http://rightsstatements.org/page/NoC-NC/1.0/?language=en",
         "LicenseRef-rightsstatements-NoC-NC-1.0"),
        ("https://creativecommons.org/licenses/", None), ("https://creativecommons.org", None),
        ("https://creativecommons.org/licenses/sampling+/1.0/", None), ("", None),
        ("https://creativecommons.org.example/licenses/by/4.0/", None),
        ("https://example.org/?u=https://creativecommons.org/licenses/by/4.0/", None),
        ("https://example.org//creativecommons.org/licenses/by/4.0/", None),
        ("/licenses/by/4.0/", None), ("https://opensource.org/licenses", None),
        ("https://www.gnu.org/licenses/", None), ("https://www.etalab.gouv.fr/", None),
    ],
)  # fmt: skip
def test_an_address_is_named_as_spdx_names_it(url, name):
    found = at(url)
    assert (found and " ".join(filter(None, (found.spdx, found.jurisdiction)))) == name


def test_every_name_of_ours_is_one_that_spdx_lists():
    names = {known.spdx for known in licence_names._known()} | licence_names._PORTS
    names |= {name.spdx for code in licence_names._CODES for name in (at(f"{BY[:37]}{code}/4.0"),)}
    for name in names | set(licence_names._PUBLIC_DOMAIN.values()):
        if not name.startswith("LicenseRef-"):
            assert canonicalize_license_expression(name) == name
            assert by_identifier(name.upper()) == by_identifier(name.lower())


@pytest.mark.parametrize(
    ("place", "tier"),
    [
        ("http", "A"), ("link", "A"), ("meta", "A"), ("json-ld", "A"), ("microdata", "A"),
        ("rdfa", "A"), ("site", "B"), ("a-rel-footer", "B"), ("a-rel", "C"), ("a-footer", "C"),
        ("a-stated", "C"), ("reserved", "C"), ("a", "D"), ("text-footer", "D"), ("text", "D"),
    ],
)  # fmt: skip
def test_the_place_makes_the_tier(place, tier):
    mark = licence([Evidence(Name("CC-BY-SA-4.0"), place)])
    assert (mark.spdx, mark.tier, mark.flags) == ("CC-BY-SA-4.0", tier, 0)


def given_as(*pairs, about=None):
    return [Evidence(Name(spdx), place, about=about) for spdx, place in pairs]


@pytest.mark.parametrize(
    ("pairs", "spdx", "tier", "flags"),
    [
        ([("CC0-1.0", "a"), ("CC0-1.0", "a-footer"), ("CC0-1.0", "link")], "CC0-1.0", "A", 0),
        ([("CC-BY-4.0", "link"), ("CC-BY-NC-4.0", "json-ld")], "CC-BY-NC-4.0", "A", 1),
        ([("CC-BY-4.0", "link"), ("CC-BY-NC-4.0", "a-footer")], "CC-BY-NC-4.0", "C", 1),
        ([("CC-BY-4.0", "link"), ("CC-BY-NC-4.0", "a")], "CC-BY-4.0", "A", 0),
        ([("CC-BY-4.0", "a"), ("CC-BY-ND-4.0", "text")], "CC-BY-ND-4.0", "D", 1),
        ([("CC-BY-4.0", "link"), ("CC-BY-ND-4.0", "other")], "CC-BY-4.0", "A", 4),
        ([("CC-BY-4.0", "other")], None, "D", 4),
        ([("CC-BY-4.0", "link"), (RESERVED, "reserved")], RESERVED, "C", 3),
        ([(RESERVED, "reserved")], RESERVED, "C", 2),
        ([("CC-BY-3.0-AT", "a-footer"), ("CC-BY-4.0", "link")], "CC-BY-4.0", "A", 0),
        ([("LicenseRef-CC-BY", "link"), ("CC-BY-4.0", "link")], "CC-BY-4.0", "A", 0),
        ([("CC-BY-SA-3.0", "a-footer"), ("GFDL-1.3-only", "a-footer")], "CC-BY-SA-3.0", "C", 0),
        ([("CC0-1.0", "link"), ("CC-PDM-1.0", "link")], "CC0-1.0", "A", 0),
    ],
)  # fmt: skip
def test_the_strictest_of_what_counts_is_the_licence(pairs, spdx, tier, flags):
    mark = licence(given_as(*pairs))
    assert (mark.spdx, mark.tier, mark.flags) == (spdx, tier, flags)


def test_what_is_said_of_another_address_is_not_said_of_the_page():
    here, elsewhere = "http://a.example/x?utm_source=y#top", "https://a.example/y"
    for about, spdx in ((here, "CC0-1.0"), ("/x", "CC0-1.0"), ("#a", "CC0-1.0"), (elsewhere, None)):
        mark = licence(given_as(("CC0-1.0", "json-ld"), about=about), "https://a.example/x/", "")
        assert mark.spdx == spdx
    assert licence(given_as(("CC0-1.0", "json-ld"), about=elsewhere)).spdx == "CC0-1.0"


def test_no_licence_is_none():
    assert licence([]) is None


def test_a_licence_in_a_link_header_counts_for_the_whole_response():
    headers = [
        ("Content-Type", "text/html"),
        ("Link", f'<https://example.org/a,b>; rel="next", <{BY}>; title="\\"b\\", c"; Rel=License'),
        ("link", f"<{BY_SA}>; rel=canonical"),
        ("Link", "no angle brackets; rel=license"),
    ]
    assert header_evidence(headers) == (Evidence(Name("CC-BY-4.0"), "http", BY),)


def test_evidence_is_told_in_plain_words_and_in_few():
    evidence = given_as(("CC-BY-4.0", "link"), ("CC-BY-NC-4.0", "json-ld"), ("CC0-1.0", "other"))
    mark = licence(evidence)
    assert mark.summary == "link CC-BY-4.0, json-ld CC-BY-NC-4.0, other CC0-1.0"
    first, second, *rest = explained(mark)
    assert first.startswith("CC-BY-NC-4.0 (non-commercial), tier A: ")
    assert second == "the page contradicts itself; the strictest licence is taken"
    assert [line.partition(":")[0] for line in rest] == ["CC-BY-4.0", "CC-BY-NC-4.0", "CC0-1.0"]
    assert next(explained(licence(evidence[2:]))) == "none that is the page's own"
    assert (
        len(list(explained(licence(given_as(*((f"CC-BY-{n}.0", "a") for n in range(60))))))) == 10
    )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("CC BY 4.0", ["CC-BY-4.0"]), ("CC-BY-SA 3.0 DE", ["CC-BY-SA-3.0-DE"]),
        ("Please CC by mail", []), ("CC BY-ND-SA", []), ("Creative Commons by Ann", []),
        ("Creative Commons", []), ("Creative Commons BY-NC", ["LicenseRef-CC-BY-NC"]),
        ("Creative Commons is nice. Attribution 4.0", []), ("CC0", ["CC0-1.0"]),
        ("MIT License or Apache License 2.0", ["MIT", "Apache-2.0"]),
        ("GNU Free Documentation License, Version 1.2 or any later version", ["GFDL-1.2-or-later"]),
        ("No rights reserved", []), ("All Rights Reserved.", [RESERVED]),
    ],
)  # fmt: skip
def test_words_are_named_too(words, names):
    assert [one.name.spdx for one in mentions(words)] == names


def test_a_value_of_metadata_is_an_address_an_identifier_or_words():
    for value in ("cc-by-4.0", BY, f"See <{BY}>.", "Text: CC BY 4.0"):
        assert [name.spdx for name in named(value)] == ["CC-BY-4.0"]
    assert named("Photo: CC BY 4.0") == named("") == named("© 2024 Ann") == []


def test_strictness_rises_with_what_is_asked_for():
    names = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0",
             "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", RESERVED)  # fmt: skip
    assert sorted(names, key=asked) == list(names)
    assert len({asked(name) for name in names}) == len(names)


PIECES = st.sampled_from(
    ["https:", "//", "/", "creativecommons.org", "licenses", "publicdomain", "by", "-nc", "4.0",
     "?", "CC ", "BY", "Creative Commons", "gnu.org", "fdl-1.3", "All rights reserved", " ", "\n"]
)  # fmt: skip


@given(st.text(st.characters(codec="utf-8")) | st.lists(PIECES).map("".join))
def test_any_words_are_read_without_error(words):
    for name in (at(words), *named(words), *(one.name for one in mentions(words))):
        if name is not None:
            assert family(name.spdx)
            assert 0 <= asked(name.spdx) <= 15
    assert subject(words) in ("own", "other", None)


def test_flags_keep_their_bits():
    assert [int(flag) for flag in Flag] == [1, 2, 4, 8, 16]
