"""What a page says of itself is read once, and no page can make the reader fail."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.licence import evidence
from florilegium.filters.licence_names import Name
from florilegium.pipelines.blocks.extract import main_text
from florilegium.pipelines.pages.metadata import Metadata, parse, read

CC = "https://creativecommons.org/licenses/by-sa/4.0/"


def ld(json: str) -> str:
    return f'<script type="application/ld+json">{json.replace("LICENCE", CC)}</script>'


def test_a_page_that_says_everything_is_read_in_full():
    found = read(
        f"""<!DOCTYPE html><html lang="sl"><head>
        <title> Čebelji
          panji </title><meta property="og:title" content="not this">
        <link rel="canonical" href="https://example.si/panji">
        <meta http-equiv="Content-Language" content="sl-SI">
        <meta property="article:published_time" content="2019-03-05T10:00:00+01:00">
        <meta property="article:modified_time" content="2020-07-01T08:00:00Z">
        <meta property="og:locale" content="sl_SI">
        <link rel="alternate" hreflang="x-default" href="https://example.si/en/hives">
        <link rel=alternate type="application/rss+xml" href="/feed">
        <link rel="alternate" hreflang="de-AT" href="https://example.si/de/bienen">
        <META NAME="Robots" CONTENT="NOINDEX, nofollow;noai"><meta name=GPTBot content=noindex>
        <meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="/tdm.json">
        <link rel="license" type="application/rsl+xml" href="/rsl.xml">
        <link rel="license" href="{CC}"></head><body></body></html>"""
    )
    assert found == Metadata(
        title="Čebelji panji",
        published="2019-03-05",
        modified="2020-07-01",
        canonical="https://example.si/panji",
        html_lang="sl",
        content_language="sl-SI",
        locale="sl_SI",
        alternates=(
            ("x-default", "https://example.si/en/hives"),
            ("de-AT", "https://example.si/de/bienen"),
        ),
        robots=(("robots", ("noindex", "nofollow", "noai")), ("gptbot", ("noindex",))),
        tdm_reservation="1",
        tdm_policy="/tdm.json",
        rsl="/rsl.xml",
        licences=(evidence(Name("CC-BY-SA-4.0"), "link", CC),),
    )


def test_a_page_that_says_nothing_is_empty():
    assert read("") == read("<p>Words only.") == Metadata()


def test_the_title_is_the_pages_own_and_not_a_drawings():
    assert read("<body><svg><title>Arrow</title></svg>").title is None
    assert read('<meta property="og:title" content="Ježek">').title == "Ježek"


@pytest.mark.parametrize(
    ("html", "date"),
    [
        (ld('{"@type":"NewsArticle","datePublished":"2020-02-29T01:00Z"}'), "2020-02-29"),
        (ld('[{"@graph":[{"@type":["x","BlogPosting"],"datePublished":"2001-12-31"}]}]'),
         "2001-12-31"),
        (ld('{"@type":"VideoObject","datePublished":"2020-02-28"}'), None),
        (ld('{"@type":"Article","comment":{"@type":"CreativeWork","datePublished":"2020-01-01"}}'),
         None),
        ('<meta name="DC.Date.issued" content="1999/07/01">', "1999-07-01"),
        ('<meta name=date content="20110203T00:00">', "2011-02-03"),
        ('<meta itemprop=datePublished content="2013-01-02">', "2013-01-02"),
        ('<time itemprop="datePublished" datetime="2014-05-06 10:00">', "2014-05-06"),
        ('<article><time datetime="2015-05-06">', "2015-05-06"),
        ('<div class=next-event><time datetime="2030-05-06">', None),
        ('<meta name=date content="2021-02-30">', None), ('<meta name=date content="1">', None),
        ('<meta name=date content="1989-12-31">', None), ('<meta name=date content="">', None),
        ('<meta name=date content="2101-01-01">', None),
        ('<meta name=date content="05.03.2019">', None),
        ('<meta name=date content="٢٠٢٠-٠١-٠١">', None),
        ('<meta name=date content="soon"><article><time datetime="2016-01-01">', "2016-01-01"),
    ],
)  # fmt: skip
def test_only_a_real_date_of_the_page_itself_counts(html, date):
    assert read(html).published == date


def test_the_most_deliberate_date_wins():
    weaker = '<meta name=date content="2011-01-01"><article><time datetime="2012-01-01"></article>'
    json = ld('{"@type":"Article","datePublished":"2010-01-01"}')
    strongest = '<meta property="article:published_time" content="2009-01-01">'
    assert read(weaker).published == "2011-01-01"
    assert read(weaker + json).published == "2010-01-01"
    assert read(weaker + json + strongest).published == "2009-01-01"


@pytest.mark.parametrize(
    ("html", "date"),
    [
        (ld('{"@type":"WebPage","dateModified":"2021-02-03T00:00:00Z"}'), "2021-02-03"),
        (ld('{"@type":"Comment","dateModified":"2021-02-03"}'), None),
        ('<meta name="DCTERMS.modified" content="2018/05/06">', "2018-05-06"),
        ('<meta property="og:updated_time" content="2018-05-07T01:02">', "2018-05-07"),
        ('<time itemprop="dateModified" datetime="2014-05-06 10:00">', "2014-05-06"),
        ('<article><time datetime="2015-05-06">', None),
        ('<meta http-equiv="last-modified" content="2021-02-30">', None),
        ('<meta property="article:modified_time" content="yesterday">', None),
    ],
)
def test_a_change_has_a_date_of_its_own(html, date):
    assert read(html).modified == date


def test_other_languages_of_a_page_are_listed_once_each_and_not_without_end():
    link = '<link rel=alternate hreflang="{}" href="/{}">'
    twice = link.format("fr", 1) + link.format("FR", 2) + link.format("", 3) + link.format("it", "")
    assert read(twice).alternates == (("fr", "/1"), ("it", "/"))
    assert read("<link rel=author hreflang=fr href=/1>").alternates == ()
    many = "".join(link.format(f"x-{number}", number) for number in range(400))
    assert len(read(many).alternates) == 50


def test_any_reservation_of_several_counts():
    tags = '<meta name="tdm-reservation" content="0"><meta name="TDM-Reservation" content="1">'
    assert read(tags).tdm_reservation == "1"
    assert read(tags[:43]).tdm_reservation == "0"


def places(html):
    return [(one.name.spdx, one.place) for one in read(html).licences]


@pytest.mark.parametrize(
    ("html", "place"),
    [
        (f'<link rel="license" href="{CC}">', "link"),
        (f'<meta name="dcterms.license" content="{CC}">', "meta"),
        (ld('{"@type":"WebPage","license":"LICENCE"}').replace("/lic", "\\/lic"), "json-ld"),
        (ld('{"@graph":[{"@type":"Article","license":{"@id":"LICENCE"}}]}'), "json-ld"),
        (ld('{"@type":"Article","license":[{"url":"LICENCE"}]}'), "json-ld"),
        (f'<footer><p><a rel="license noopener" href="{CC}">BY-SA</a></footer>', "a-rel-footer"),
        (f'<div id="Page-Footer"><a rel=license href="{CC}">BY-SA</a></div>', "a-rel-footer"),
        (f'<main><a rel=license href="{CC}">BY-SA</a></main>', "a-rel"),
        (f'<div class="site-footer"><a href="{CC}">BY-SA</a></div>', "a-footer"),
        (f'<p>Uses <a href="{CC}">BY-SA</a></p>', "a"),
        (f'<footer><figure><a rel=license href="{CC}">photo</a></figure></footer>', "other"),
        (f'<div class="wp-caption"><a rel=license href="{CC}">photo</a></div>', "other"),
    ],
)
def test_a_licence_is_found_with_the_place_where_it_stands(html, place):
    text = "<p>Long enough that the end of the page is far away.</p>" * 40
    page = f"<body class='has-footer'>{html}{text}</body>"
    assert places(page) == [("CC-BY-SA-4.0", place)]


def test_a_link_in_the_last_tenth_of_a_page_counts_as_in_its_footer():
    text = "<p>Long enough that the end of the page is far away.</p>" * 40
    assert places(f'<body>{text}<p><a href="{CC}">BY-SA</a>') == [("CC-BY-SA-4.0", "a-footer")]


def test_the_licence_of_a_picture_in_json_is_not_the_pages():
    picture = '{"@type":"ImageObject","license":"LICENCE"}'
    assert places(ld(picture)) == [("CC-BY-SA-4.0", "other")]
    assert places(ld(f'{{"@type":"Article","image":{picture}}}')) == [("CC-BY-SA-4.0", "other")]


def test_long_values_are_cut():
    found = read(f"<title>{'x' * 9999}</title><link rel=canonical href='{'y' * 9999}'>")
    assert (len(found.title), len(found.canonical)) == (500, 2000)
    long = f"<link rel=alternate hreflang='{'x' * 99}' href='{'y' * 9999}'>"
    assert read(long).alternates == (("x" * 40, "y" * 2000),)


HOSTILE = {
    "nested": "<div>" * 300_000,
    "attributes": "<div " + " ".join(f"a{number}=1" for number in range(200_000)) + ">",
    "unclosed": "<div " + "a " * 1_000_000,
    "formatting": "<b><p>" * 100_000,
    "nested json": ld("[" * 40_000 + "]" * 40_000),
    "wide json": ld("[" + '{"@type":"Article"},' * 4_000 + "{}]"),
    "great number": ld("1" * 90_000),
    "licences": f'<a href="{CC}">x</a>' * 5_000,
    "surrogates": "\ud800<b>\0" * 100,
    "nearly licences": "<p>licensed " + "Creative Commons " * 200_000,
    "licences in words": "<p>CC BY 4.0 " * 19_000,
    "one long clause": f'<p><a href="{CC}">x</a>' + "Creative Commons " * 40_000,
    "same keys": ld("{" + ",".join(f'"license":"{CC}"' for _ in range(1_500)) + "}"),
    "cyclic": ld(
        '{"@graph":[{"@id":"#a","@type":"Article","mainEntity":{"@id":"#b"}},'
        '{"@id":"#b","@type":"Article","isPartOf":{"@id":"#a"}}]}'
    ),
    "deep licences": ld('{"license":' * 9_000 + "1" + "}" * 9_000),
    "deep objects": ld('{"a":' * 900 + "1" + "}" * 900),
    "siblings": f'<footer><a href="{CC}">x</a>' + "<b>y</b>" * 6_000,
    "typeless": ld('{"@type":{"a":[1]},"@graph":{"@graph":null},"license":[[]]}'),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_page_is_read_as_far_as_it_goes_and_in_bounded_time(kind):
    started = time.process_time()
    assert read("<title>Still read</title>" + HOSTILE[kind]).title == "Still read"
    assert time.process_time() - started < 5


@pytest.mark.parametrize("kind", ["nested", "attributes", "formatting"])
def test_no_tree_is_made_of_a_page_that_only_the_beginning_is_read_of(kind):
    started = time.process_time()
    assert parse(HOSTILE[kind]) is None
    assert time.process_time() - started < 1


PIECES = st.sampled_from(
    ["<", ">", '"', "<meta ", "name=robots ", "content=", "<link ", "rel=license ", "href=", "//",
     "creativecommons.org/", "<a ", "</", '<script type="application/ld+json">', "</script>", "[",
     "{", '"@type":', '"Article"', "}", "date", "<time ", "datetime=", "<html lang=", "&#", "\0"]
)  # fmt: skip


@given(st.text() | st.lists(PIECES).map("".join))
def test_any_text_is_read_without_error(html):
    found = read(html)
    for value in (found.title, found.html_lang, found.tdm_policy):
        assert value is None or 0 < len(value) <= 500
    assert read(html, parse(html)) == found


@given(st.lists(PIECES | st.sampled_from(["<p>words of a text", "<title>Name"])).map("".join))
def test_a_tree_that_was_read_before_gives_the_same_main_text(html):
    tree = parse(html)
    read(html, tree)
    assert main_text(html, tree=tree) == main_text(html)
