"""Opt-outs are found where their specifications put them, and only there."""

import csv
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.optouts.page import bits, signals, verdict
from florilegium.filters.optouts.policy import PROTOCOLS, Protocol, Rights
from florilegium.filters.optouts.signal import Found, Signal
from florilegium.filters.optouts.words import of_page
from florilegium.pipelines.pages.decode import decode
from florilegium.pipelines.pages.metadata import opt_outs, read
from florilegium.pipelines.pages.sniffing import content_type, sniff_html

WARC = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "warc"


def rules(*headers: tuple[str, str], **page: object) -> list[tuple[str, str]]:
    return [(found.rule, found.value) for found in signals(headers, **page)]


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ("noindex", ["noindex"]), ("NoIndex, nofollow", ["noindex"]), ("none", ["none"]),
        ("noai, noimageai", ["noai", "noimageai"]), ("index, follow", []), ("noarchive", []),
        ("*: noai", ["noai"]), ("CCBot: noindex", ["noindex"]), ("ccbot/2.0: noindex", ["noindex"]),
        ("otherbot: noindex", []), ("otherbot: nofollow, noindex", []),
        ("noai, otherbot: noindex", ["noai"]), ("otherbot: noindex, gptbot: noai", ["noai"]),
        ("max-snippet: 20, noindex", ["noindex"]), ("googlebot: noindex", []),
        ("unavailable_after: 25 Jun 2010 15:00:00 PST, noindex", ["noindex"]),
        ("unavailable_after: Friday, 25-Jun-10 15:00:00 PST, noindex", ["noindex"]),
        ("max-image-preview:large,noai", ["noai"]), ("", []), (":,:noindex:,", []),
        ("noindexing", []), ("robots: noindex", ["noindex"]),
    ],
)  # fmt: skip
def test_a_robots_header_binds_whom_it_addresses(value, tokens):
    names = {"none": "noindex"}
    expected = [(f"{names.get(token, token)}_header", token) for token in tokens]
    assert rules(("x-robots-TAG", value)) == expected


def test_each_robots_header_starts_anew_with_everyone():
    headers = (("X-Robots-Tag", "otherbot: nofollow"), ("X-Robots-Tag", "noindex"))
    assert rules(*headers) == [("noindex_header", "noindex")]


def test_a_robots_tag_binds_everyone_or_the_crawler_it_names():
    tags = (("robots", ("noai",)), ("googlebot", ("noindex",)), ("Bytespider", ("NONE",)))
    assert rules(robots=tags) == [("noai_meta", "noai"), ("noindex_meta", "none")]


@pytest.mark.parametrize(
    ("headers", "meta", "rule"),
    [
        (["1"], None, "tdm_header"), ([" 1 "], None, "tdm_header"), (["0"], None, None),
        (["yes"], None, None), ([], "1", "tdm_meta"), ([], "0", None), ([], "yes", None),
        (["1"], "0", None), (["0"], "1", "tdm_meta"), (["1"], "yes", "tdm_header"),
        (["0", "1"], None, "tdm_header"), (["0, 1"], None, "tdm_header"), (["11"], None, None),
    ],
)  # fmt: skip
def test_the_tag_supersedes_the_header_of_a_reservation_and_other_values_count_as_none(
    headers, meta, rule
):
    stated = signals([("TDM-Reservation", value) for value in headers], tdm_reservation=meta)
    reserved = [(one.rule, one.value) for one in stated if one.signal is Signal.TDM]
    assert reserved == ([(rule, "1")] if rule else [])
    opened = not rule and "0" in (meta, *headers)
    assert [one.value for one in stated if one.signal is Signal.TDM_OPEN] == ["0"] * opened


@pytest.mark.parametrize(
    ("values", "reserved"),
    [
        (["train-ai=n"], True), (["train-ai=y"], False), (["search=n"], False), ([""], False),
        (["search=y, train-ai=n"], True), (["train-ai=n;scope=\"a, b\", search=y"], True),
        (["search=\"x, train-ai=n\""], False), (["search=y;q=\"\\\", train-ai=n\""], False),
        (["train-ai=y", "train-ai=n"], True), (["train-ai=n, train-ai=y"], True),
        (["train-ai=\"n\""], False), (["train-ai=no"], False), (["x-train-ai=n"], False),
        (["%%%, train-ai=n"], True), (["Train-AI = N"], True), (["(train-ai=n)"], False),
        (["train-ai"], False),
    ],
)  # fmt: skip
def test_content_usage_is_read_as_a_dictionary_and_the_most_restrictive_counts(values, reserved):
    found = rules(*[("Content-Usage", value) for value in values])
    assert found == ([("content_usage", "train-ai=n")] if reserved else [])


def test_terms_for_sale_are_noted_but_cost_no_page_its_place():
    headers = (("Link", '</a>; rel=next, </rsl.xml>; type="application/rsl+xml"; rel="license"'),)
    found = signals(headers, rsl_link="/terms.xml")
    assert [(item.rule, item.value) for item in found] == [
        ("rsl_header", "/rsl.xml"),
        ("rsl_meta", "/terms.xml"),
    ]
    assert verdict(found, Rights()) is None
    assert bits(found) == Signal.RSL


def test_the_recipe_decides_which_signals_are_honoured():
    found = signals((("X-Robots-Tag", "noindex"), ("tdm-reservation", "1")))
    assert verdict(found, Rights()) == Found(Signal.NOINDEX, "header", "noindex")
    assert verdict(found, Rights(honour=("tdm",))) == Found(Signal.TDM, "header", "1")
    assert verdict(found, Rights(honour=("content-usage",))) is None
    assert verdict(found, Rights(honour=())) is None
    assert bits(found) == 4 + 8


def test_the_strict_policy_is_the_default_and_a_misspelt_one_is_refused():
    assert set(Rights().honour) == set(get_args(Protocol)) == set(PROTOCOLS)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.honour\[0\]"):
        msgspec.convert({"honour": ["no-ai"]}, Rights)
    with pytest.raises(msgspec.ValidationError, match="honor"):
        msgspec.convert({"honor": []}, Rights)


def test_the_bits_of_a_release_never_change_meaning():
    assert {signal.name: signal.value for signal in Signal} == {
        "NOAI": 1, "NOIMAGEAI": 2, "NOINDEX": 4, "TDM": 8, "CONTENT_USAGE": 16, "RSL": 32,
        "ROBOTS_TXT": 64, "AI_TXT": 128, "CONTENT_SIGNAL": 256, "TDM_OPEN": 512, "RSL_HOST": 1024,
        "RSL_PAGE": 2048,
    }  # fmt: skip


NAMES = st.sampled_from(["X-Robots-Tag", "tdm-reservation", "Content-Usage", "Link"])
VALUES = st.text() | st.lists(
    st.sampled_from(["noai", ":", ",", ";", '"', "\\", "<", ">", "=", "train-ai", "n", "1", " "])
).map("".join)


@given(st.lists(st.tuples(NAMES, VALUES)), VALUES)
def test_any_header_is_read_without_error(headers, meta):
    found = signals(headers, (("robots", (meta,)),), meta, meta, (meta,), meta)
    assert len(found) == len(set(found))
    assert (verdict(found, Rights()) is None) == (not bits(found) & ~(Signal.RSL | Signal.TDM_OPEN))


@pytest.mark.parametrize(
    ("headers", "page", "said"),
    [
        ([("tdm-reservation", "0")], {}, "tdm: the header tdm-reservation says 0, rights are not "
         "reserved"),
        ([("Content-Usage", "train-ai=n")], {}, "content-usage: the header Content-Usage says "
         "train-ai=n"),
        ([], {"rsl_link": "/x"}, "rsl: a link leads to terms, which count if captured: /x"),
        ([("Link", '</x>; rel=license; type="application/rsl+xml"')], {},
         "rsl: the header Link leads to terms, which count if captured: /x"),
        ([], {"rsl_licences": ["<rsl><content url=''><license><payment type='subscription'/>"]},
         "rsl: in a script of the page, no licence to train for nothing"),
    ],
)  # fmt: skip
def test_every_signal_has_plain_words(headers, page, said):
    found = signals(headers, **page)
    assert list(of_page(found, Rights())) == [said]
    recorded = f"{said}; only recorded" if bits(found) != Signal.TDM_OPEN else said
    for policy in (Rights(honour=("noai",)), Rights(regime="research_60d")):
        assert list(of_page(found, policy)) == [recorded]


PLANTED = {
    "X-Robots-Tag noai": "noai_header",
    "X-Robots-Tag noindex": "noindex_header",
    "meta robots noai": "noai_meta",
    "meta robots noindex": "noindex_meta",
    "tdm-reservation header": "tdm_header",
    "meta tdm-reservation": "tdm_meta",
}
THIN = 20


@pytest.mark.skipif(not WARC.exists(), reason="no real pages in ../shared beside the checkout")
def test_every_opt_out_planted_in_real_pages_is_found_and_none_where_the_page_has_none():
    with (WARC / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE)
        notes = {(row["warc"], row["url"]): row["notes"] for row in rows}
    found_planted, plain = 0, 0
    for name in sorted({warc for warc, _ in notes}):
        with (WARC / name).open("rb") as stream:
            records = ArchiveIterator(stream, WarcRecordType.response, auto_decode="all")
            for number, record in enumerate(records):
                note = notes.get((name, record.headers["WARC-Target-URI"]), "")
                planted = {PLANTED[kind] for kind in PLANTED if f"INJECTED {kind}" in note}
                if not planted and number % THIN:
                    continue
                headers = record.http_headers.astuples()
                payload = record.reader.read()
                found = {item.rule for item in _opt_outs(payload, headers)}
                if planted:
                    assert planted <= found, (record.headers["WARC-Target-URI"], found)
                    found_planted += 1
                elif found:
                    _assert_page_says_so(payload, headers)
                else:
                    plain += 1
    assert found_planted == 155
    assert plain > 250


def _opt_outs(payload: bytes, headers: list[tuple[str, str]]) -> tuple[Found, ...]:
    header = dict(headers).get("Content-Type")
    decoded = decode(payload, content_type(header).charset)
    if not sniff_html(payload, header):
        return signals(headers)
    page = read(decoded.text)
    return opt_outs(page, headers, "")


def _assert_page_says_so(payload: bytes, headers: list[tuple[str, str]]) -> None:
    head = payload.lower()
    in_page = b"noindex" in head or b"noai" in head or b"tdm-reservation" in head
    assert in_page or {"x-robots-tag", "tdm-reservation"} & {name.lower() for name, _ in headers}
