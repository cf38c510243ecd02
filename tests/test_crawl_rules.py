"""What responses mean, what pages lead to, and what robots.txt lets the crawler do."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.optouts.signal import Signal
from florilegium.pipelines.crawl import urls
from florilegium.pipelines.crawl.found import contents
from florilegium.pipelines.crawl.frontier import Task
from florilegium.pipelines.crawl.outcomes import conditions, fate, pause, retry_after
from florilegium.pipelines.crawl.robots import Origin, Rules, state_of
from florilegium.pipelines.crawl.settings import Crawl, Limits
from florilegium.pipelines.crawl.wire import Response

PAGE = "https://a.example/x/"


def task(**changes):
    fields = dict.fromkeys(("lang", "digest", "etag", "last_modified", "record"), "")
    fields |= {"url": PAGE, "depth": 0, "hops": 0, "asked": 0, "captured": 0.0}
    return Task(**{**fields, **changes})


def response(status, truncated="", **headers):
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    first = {name.lower(): value for name, value in fields}
    return Response(b"", 0, status, fields, truncated, False, first)


@pytest.mark.parametrize(
    ("given", "asked", "state"),
    [
        (response(200), 0, "fetched"),
        (response(200, truncated="length"), 0, "fetched"),
        (response(200, truncated="disconnect"), 0, "waiting"),
        (response(200, truncated="disconnect"), 2, "failed"),
        (response(301, location="/b"), 0, "redirected"),
        (response(301), 0, "failed"),
        (response(304), 0, "failed"),
        (response(401), 0, "failed"),
        (response(404), 0, "gone"),
        (response(410), 0, "gone"),
        (response(429), 0, "waiting"),
        (response(500), 1, "waiting"),
        (response(500), 2, "failed"),
        (response(451), 0, "failed"),
    ],
)
def test_the_fate_of_an_address(given, asked, state):
    found = fate(given, task(asked=asked), Limits(), 100.0)
    assert found.state == state
    if state == "waiting" and given.status != 429:
        assert found.not_before == 100.0 + 300.0 * 4**asked


def test_a_page_that_did_not_change_is_fetched():
    known = task(digest="A", etag='"1"', last_modified="Sat, 01 Nov 2026 00:00:00 GMT")
    assert fate(response(304), known, Limits(), 0.0).reason == "unchanged"
    assert dict(conditions(known)) == {
        "If-None-Match": '"1"',
        "If-Modified-Since": "Sat, 01 Nov 2026 00:00:00 GMT",
    }
    assert conditions(task(etag='"1"')) == []


def test_a_busy_host_is_left_alone_for_as_long_as_it_says_and_longer_each_time():
    settings = Crawl(delay=1.0)
    assert [pause(response(503), settings, 1.0, times, 0.0) for times in range(3)] == [1, 4, 16]
    assert pause(response(429, Retry_After="90"), settings, 1.0, 0, 0.0) == 90
    assert pause(response(429, Retry_After="9" * 90), settings, 1.0, 0, 0.0) == 7 * 24 * 3600


@given(st.text(max_size=40))
def test_any_retry_after_is_a_number_of_seconds(value):
    assert retry_after(value, 0.0) >= 0


def rules(text, **settings):
    body = text.encode()
    return Rules(
        Origin("https://a.example", "a.example", 0.0, "present", "", body), Crawl(**settings)
    )


@pytest.mark.parametrize(
    ("text", "settings", "allowed"),
    [
        ("User-agent: *\nDisallow: /x", {}, False),
        ("User-agent: *\nDisallow: /x\nUser-agent: florilegium\nAllow: /", {}, True),
        ("User-agent: florilegium\nDisallow: /", {"agent": "Wordbot"}, False),
        ("User-agent: wordbot\nDisallow: /x", {"agent": "Wordbot"}, False),
        ("User-agent: wordbot\nDisallow: /x", {}, True),
        ("User-agent: GPTBot\nDisallow: /", {}, True),
        ("User-agent: GPTBot\nDisallow: /", {"obey": ("training",)}, False),
        ("", {}, True),
    ],
)
def test_robots_txt(text, settings, allowed):
    assert (rules(text, **settings).refusal(urls.read(PAGE)) is None) == allowed


def test_delay_and_sitemaps_of_robots_txt():
    found = rules(
        "Crawl-delay: 90\nSitemap: https://a.example/s.xml\nUser-agent: *\nCrawl-delay: 2.5\n"
        "Disallow:\nUser-agent: other\nCrawl-delay: 7\n\nsitemap: /t.xml\nCrawl-delay: nan\n"
    )
    assert found.delay == 2.5
    assert list(found.sitemaps) == ["https://a.example/s.xml", "/t.xml"]
    assert rules("User-agent: *\nCrawl-delay: -1").delay == 0
    assert rules("User-agent: *\nCrawl-delay: 1e300").delay == 24 * 3600


def test_what_the_status_of_a_robots_txt_means():
    states = {status: state_of(status) for status in (200, 404, 401, 403, 429, 500, 503)}
    assert states == {
        200: "present", 404: "none", 401: "none", 403: "none", 429: "unreachable",
        500: "unreachable", 503: "unreachable",
    }  # fmt: skip


def test_what_could_not_be_had_is_asked_for_again_sooner():
    def origin(state):
        return Origin("https://a.example", "a.example", 0.0, state, "", b"")

    assert origin("present").is_fresh(23 * 3600, 300)
    assert not origin("present").is_fresh(25 * 3600, 300)
    assert not origin("unreachable").is_fresh(301, 300)


def links(body, *headers):
    return [(one.target, one.source, one.lang) for one in contents(PAGE, headers, body).links]


def test_links_of_a_page():
    body = b"""<html lang="mt-MT"><head><base href="/b/">
    <link rel="alternate" hreflang="ga" href="/ga"><link rel="canonical" href="/c">
    <link rel="alternate" type="application/rss+xml" href="/feed"><link rel="stylesheet" href="/s">
    </head><body><!-- <a href="/comment"> --><script>'<a href="/script">'</script>
    <a href="/one" hreflang="de-AT">1</a><a href="/two" rel="nofollow">2</a><a name="x">3</a>"""
    assert links(body) == [
        ("/ga", "alternate", "ga"), ("/c", "link", ""), ("/feed", "feed", ""),
        ("/one", "link", "de"),
    ]  # fmt: skip
    there = contents(PAGE, (), body)
    assert (there.base, there.lang) == ("/b/", "mt")


def test_a_page_that_says_nofollow_leads_nowhere_and_one_that_reserves_its_rights_is_noted():
    assert links(b'<meta name="robots" content="index, nofollow"><a href="/x">x</a>') == []
    body = b'<meta name="tdm-reservation" content="1"><a href="/x">x</a>'
    assert contents(PAGE, (), body).rights == Signal.TDM
    headers = (("X-Robots-Tag", "noai"), ("Content-Type", "text/html"))
    assert contents(PAGE, headers, b"<p>x").rights == Signal.NOAI


def test_sitemaps_and_feeds():
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    index = f'<?xml version="1.0"?>\n<sitemapindex {space}><sitemap><loc>/s2.xml</loc></sitemap>'
    assert links(index.encode()) == [("/s2.xml", "sitemap", "")]
    listed = (
        f'<urlset {space} xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:n="news">'
        "<url><loc> https://a.example/1?a=1&amp;b=2 </loc><n:news><n:loc>x</n:loc></n:news>"
        '<xhtml:link rel="alternate" hreflang="mt" href="/mt/1"/></url>'
        "<url><loc>/2</loc></url><url>"
    )
    expected = [("https://a.example/1?a=1&b=2", "sitemap", ""), ("x", "sitemap", ""),
                ("/mt/1", "sitemap", "mt"), ("/2", "sitemap", "")]  # fmt: skip
    assert links(listed.encode()) == expected
    assert links(gzip.compress(listed.encode())) == expected
    rss = b"<?xml version='1.0'?><rss><channel><link>/</link><item><link>/r</link></item></channel>"
    assert links(rss) == [("/r", "feed", "")]
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="self" href="/n"/>'
    assert links(atom + b'<link href="/e"/></entry></feed>') == [("/e", "feed", "")]


def test_entities_of_a_sitemap_are_not_resolved():
    bomb = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
    <!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>/&b;&f;</loc></url></urlset>"""
    assert all("a" * 20 not in one[0] and "root" not in one[0] for one in links(bomb))


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"<urlset>", b"<rss>", b"<html>", b"\x1f\x8b"])
)
def test_any_body_leads_somewhere_or_nowhere(body, start):
    assert isinstance(contents(PAGE, (), start + body).links, list)
