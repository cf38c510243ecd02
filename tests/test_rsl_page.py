"""Licences in Really Simple Licensing that stand in a page, or to which it links."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.optouts.page import bits, verdict
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.rsl import in_page
from florilegium.filters.optouts.signal import Signal
from florilegium.pipelines.pages.metadata import opt_outs, read

URL = "https://a.example/news/1?x=y"
REFUSED = '<license><prohibits type="usage">ai-train</prohibits></license>'
FREE = '<license><permits type="usage">all</permits></license>'


def rsl(terms=REFUSED, url=""):
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}">{terms}</content></rsl>'


def found(markup, headers=(), url=URL):
    return opt_outs(read(f"<html><head><title>x</title>{markup}</head><p>y"), headers, url)


def script(text, kind="application/rsl+xml"):
    return f'<script type="{kind}">{text}</script>'


@pytest.mark.parametrize(
    ("text", "reserved"),
    [
        (rsl(), True), (rsl(url="/"), True), (rsl(url="/news/*"), True),
        (rsl(url="https://a.example/news"), True), (rsl(url="https://A.Example/news"), True),
        (rsl(url="/old"), False), (rsl(url="https://a.example/old"), False),
        (rsl(url="https://agency.example/story"), True), (rsl(FREE), False),
        (rsl(FREE, "https://agency.example/story"), False),
        (rsl('<license><payment type="subscription"/></license>'), True),
        (rsl(REFUSED + FREE), False), (rsl(""), False),
        ('\n <?xml version="1.0" encoding="UTF-16"?>\n' + rsl(), True),
        (rsl().replace("<", "<r:").replace("<r:/", "</r:").replace("xmlns", "xmlns:r"), True),
        (rsl()[:-20], True), ("", False), ("no markup", False), ("<!-- " + rsl() + "-->", False),
        ('<!DOCTYPE rsl [<!ENTITY a "b">]>' + rsl(), False),
        ('<!DOCTYPE rsl SYSTEM "file:///etc/passwd">' + rsl(), True),
    ],
)  # fmt: skip
def test_a_licence_in_a_page_reserves_it_if_none_of_its_terms_leaves_it_free(text, reserved):
    signals = found(script(text))
    assert [(one.rule, one.signal) for one in signals] == [("rsl_script", Signal.RSL_PAGE)] * (
        reserved
    )
    assert (verdict(signals, Rights()) is not None) == reserved
    assert verdict(signals, Rights(honour=("tdm",))) is None
    assert verdict(signals, Rights(regime="research_60d")) is None


def test_only_scripts_of_that_type_are_licences_and_one_that_reserves_is_enough():
    assert not found(script(rsl(), "text/xml"))
    assert not found(f"<div>{rsl()}</div>")
    assert found(script(rsl(), "Application/RSL+XML; charset=utf-8"))
    assert found(script(rsl(FREE)) + f"<section>{script(rsl())}</section>")


def test_a_page_without_an_address_has_licences_too():
    assert found(script(rsl()), url="")
    assert found(script(rsl(url="/")), url="")


def test_a_link_to_a_licence_is_evidence_wherever_it_leads_and_nothing_follows_from_it_alone():
    link = '<link rel="license" type="application/rsl+xml" href="https://b.example/terms.xml">'
    header = (("Link", '<https://c.example/t>; rel="license"; type="application/rsl+xml"'),)
    signals = found(link, header)
    assert [(one.rule, one.value) for one in signals] == [
        ("rsl_header", "https://c.example/t"),
        ("rsl_meta", "https://b.example/terms.xml"),
    ]
    assert verdict(signals, Rights()) is None
    assert bits(signals) == Signal.RSL


HOSTILE = {
    "entities": '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><rsl>&i;</rsl>",
    "depth": "<rsl>" * 30_000,
    "contents": "<rsl>" + "<content url='/*a*b*c*d'>" * 10_000,
    "licences": "<rsl><content url=''>" + "<license/>" * 20_000,
    "usages": "<rsl><content url=''><license><permits type='usage'>" + "ai-train " * 100_000,
    "attributes": "<rsl><content " + " ".join(f"a{n}='1'" for n in range(20_000)) + ">",
    "long name": "<" + "a" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_licence_takes_long(name):
    started = time.process_time()
    found(script(HOSTILE[name]) * 30)
    assert time.process_time() - started < 2


PIECES = st.sampled_from(
    ["<rsl>", "<content url='", "/'>", "https://b/'>", "<license>", "<prohibits type='usage'>",
     "ai-train", "</prohibits>", "</license>", "<![CDATA[", "&amp;", "]]>", "\ud800", "<?xml ?>"]
)  # fmt: skip


@given(st.lists(PIECES).map("".join) | st.text(), st.text())
def test_any_licence_is_read_without_error(text, url):
    assert len(list(in_page([text], url))) <= 1
