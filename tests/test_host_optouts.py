"""What a host says of the use of its pages, protocol by protocol, and when it counts."""

import time

import pytest
from hosts import CRAWLED, DAY, said
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.optouts.agents import LISTS, expanded
from florilegium.filters.optouts.judge import Judge, unheard
from florilegium.filters.optouts.origin import origin, site, twin
from florilegium.filters.optouts.policy import Rights
from florilegium.filters.optouts.rsl import Rsl
from florilegium.filters.optouts.signal import Signal
from florilegium.filters.optouts.tdmrep import TdmRep

TDM, AI, RSL = "/.well-known/tdmrep.json", "/ai.txt", "/license.xml"
PAGE = "https://a.example/news/1"


def judged(*records, url=PAGE, at=CRAWLED, rights=0, **policy):
    return Judge(records, Rights(**policy)).judge(url, at, rights)


def rule(*records, **changes):
    return judged(*records, **changes).rule


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("User-agent: *\nDisallow: /news", "robots_txt"),
        ("User-agent: GPTBot\nDisallow: /", "robots_txt"),
        ("User-agent: florilegium\nDisallow: /n", "robots_txt"),
        ("User-agent: Googlebot\nDisallow: /", None),
        ("User-agent: *\nDisallow: /old", None),
        ("User-agent: florilegium\nAllow: /\n\nUser-agent: *\nDisallow: /", None),
        ("User-agent: florilegium\nAllow: /\n\nUser-agent: ccbot\nDisallow: /", "robots_txt"),
        ("User-agent: *\nContent-Usage: train-ai=n", "content_usage_robots"),
        ("Content-Usage: train-ai=n", "content_usage_robots"),
        ("User-agent: GPTBot\nContent-Usage: train-ai=n", "content_usage_robots"),
        ("User-agent: Bingbot\nContent-Usage: train-ai=n", None),
        ("User-agent: *\nContent-Usage: /news train-ai=n\nAllow: /", "content_usage_robots"),
        ("User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /news train-ai=y", None),
        ("User-agent: *\nContent-Usage: /news train-ai=y\nContent-Usage: /news train-ai=n",
         "content_usage_robots"),
        ("User-agent: *\nContent-Usage: /old train-ai=n", None),
        ("User-agent: *\nContent-Usage: search=n", None),
        ("User-agent: *\nContent-Signal: search=yes, ai-train=no", "content_signal"),
        ("User-agent: *\nContent-Signal: AI-Train = NO", "content_signal"),
        ("User-agent: *\nContent-Signal: ai-train=yes, ai-input=no", None),
        ("License: /license.xml", None),
        ("<html><body>Disallow: / is not for browsers</body></html>", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_line_of_robots_txt_reserves_what_it_is_about(text, found):
    assert rule(said(text)) == found


@pytest.mark.parametrize(
    ("json", "found"),
    [
        ('[{"location": "/", "tdm-reservation": 1}]', "tdm_file"),
        ('[{"location": "/", "tdm-reservation": "1"}]', "tdm_file"),
        ('{"location": "/news", "tdm-reservation": 1}', "tdm_file"),
        ('[{"location": "/*/1$", "tdm-reservation": 1}]', "tdm_file"),
        ('[{"location": "/news", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]',
         None),
        ('[{"location": "/old", "tdm-reservation": 1}]', None),
        ('[{"location": "/", "tdm-reservation": true}]', None),
        ('[{"location": "/", "tdm-reservation": 2}]', None),
        ('[{"location": 1, "tdm-reservation": 1}, 7, null]', None),
        ('[{"tdm-reservation": 1}]', None), ("[[[[", None), ("[" * 100_000, None), ("", None),
        ("\ufeff[{\"location\": \"/\", \"tdm-reservation\": 1}]", "tdm_file"),
    ],
)  # fmt: skip
def test_the_first_entry_of_tdmrep_that_matches_counts(json, found):
    assert rule(said(json, resource=TDM)) == found


def test_what_a_page_says_of_tdm_supersedes_what_its_host_says():
    host = said('[{"location": "/", "tdm-reservation": 1}]', resource=TDM)
    assert rule(host, rights=int(Signal.TDM_OPEN)) is None
    assert rule(host, rights=int(Signal.NOINDEX), honour=("tdm",)) == "tdm_file"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("User-Agent: *\nDisallow: /", "ai_txt"), ("User-Agent: *\nDisallow: *.txt", "ai_txt"),
        ("User-Agent: *\nDisallow: *.html", "ai_txt"), ("User-Agent: *\nDisallow: *.jpg", None),
        ("User-Agent: *\nAllow: *.html\nAllow: *.txt\nDisallow: *.png", None), ("Hello", None),
    ],
)  # fmt: skip
def test_ai_txt_is_about_kinds_of_files(text, found):
    assert rule(said(text, resource=AI)) == found


def licence(terms, url="/"):
    return (
        f'<?xml version="1.0"?><rsl xmlns="https://rslstandard.org/rsl"><content url="{url}">'
        f"{terms}</content></rsl>"
    )


ONE = "<license>{}</license>"
PROHIBITED = ONE.format('<prohibits type="usage">ai-train</prohibits>')
PAID = ONE.format('<payment type="subscription"/>')
FREE = ONE.format('<permits type="usage">ai-train search</permits><payment type="free"/>')


@pytest.mark.parametrize(
    ("xml", "found"),
    [
        (licence(PROHIBITED), "rsl_file"), (licence(PAID), "rsl_file"), (licence(FREE), None),
        (licence(ONE.format('<prohibits type="usage">train-ai,search</prohibits>')), "rsl_file"),
        (licence(ONE.format('<permits type="usage">search</permits>')), "rsl_file"),
        (licence(ONE.format('<permits type="user">education</permits>')), None),
        (licence(ONE.format('<permits type="usage">all</permits>')), None),
        (licence(ONE.format('<payment type="attribution"/>')), None),
        (licence(PAID + FREE), None), (licence(""), None),
        (licence(PROHIBITED, "/old"), None), (licence(PROHIBITED, "/news/*"), "rsl_file"),
        (licence(PROHIBITED, "https://a.example/news"), "rsl_file"),
        (licence(PROHIBITED, "https://other.example/news"), None),
        (licence(PROHIBITED)[:-5], "rsl_file"), ("<rsl", None), ("", None),
        (licence(PROHIBITED).replace("content", "rsl:content"), None),
    ],
)  # fmt: skip
def test_a_licence_that_robots_txt_names_reserves_what_none_of_its_terms_leaves_free(xml, found):
    robots = said("User-agent: *\nDisallow:\nLicense: https://a.example/license.xml")
    assert rule(robots, said(xml, resource=RSL)) == found


def test_a_licence_counts_where_it_is_named_or_linked_and_its_terms_are_known():
    terms = said(licence(PROHIBITED), resource=RSL)
    named = said("License: /license.xml")
    assert rule(terms) is None
    assert rule(terms, rights=int(Signal.RSL)) == "rsl_file"
    assert rule(named) is None
    assert judged(named).rights == Signal.RSL_HOST
    assert rule(said("License: https://b.example/license.xml"), terms) is None
    assert rule(named, terms, honour=("tdm",)) is None


def test_entities_of_a_licence_are_not_expanded():
    bomb = (
        '<!DOCTYPE rsl [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    )
    started = time.process_time()
    assert list(Rsl((bomb + licence(PROHIBITED)).encode()).about("a.example", b"/")) == []
    deep = b"<rsl>" * 100_000
    assert list(Rsl(deep).about("a.example", b"/")) == []
    assert time.process_time() - started < 1


@given(st.binary(max_size=300), st.binary(max_size=10))
def test_any_file_is_read_without_error(data, path):
    for kind in (TDM, AI, RSL, "/robots.txt"):
        judged(said(data, resource=kind), rights=int(Signal.RSL))
    list(TdmRep(data).about(path))
    list(Rsl(b"<rsl><content url='" + data).about("a.example", path))


XML = st.lists(
    st.sampled_from(["<rsl>", "<content url='/'>", "<license>", "</license>", "<permits type=",
                     "'usage'>", "ai-train", "</content>", "<payment type='x'/>", "&a;", "<!--"])
).map("".join)  # fmt: skip


@given(XML)
def test_any_licence_is_read_without_error(text):
    list(Rsl(text.encode()).about("a.example", b"/"))


def test_the_recipe_says_which_protocols_count_and_the_others_are_recorded():
    robots = said("User-agent: *\nDisallow: /\nContent-Signal: ai-train=no")
    assert rule(robots) == "robots_txt"
    assert rule(robots, honour=("content-signal",)) == "content_signal"
    found = judged(robots, honour=())
    assert (found.rule, found.crawl, found.build) == (None, "allowed", "allowed")
    assert found.rights == Signal.ROBOTS_TXT | Signal.CONTENT_SIGNAL


def test_research_heeds_no_reservation_and_records_all():
    found = judged(said("User-agent: *\nDisallow: /"), regime="research_60d", missing="drop")
    assert (found.rule, found.crawl, found.build) == (None, "reserved", "reserved")
    assert rule(regime="research_60d", missing="drop") is None


@pytest.mark.parametrize(
    ("agents", "found"),
    [
        (("*",), None), (("gptbot",), "robots_txt"), (("training",), "robots_txt"),
        (("apertus",), "robots_txt"), (("amazonbot",), None), ((), None),
    ],
)  # fmt: skip
def test_the_recipe_says_whom_a_host_must_not_have_refused(agents, found):
    assert rule(said("User-agent: GPTBot\nDisallow: /"), agents=agents) == found


def test_lists_of_agents_are_taken_apart_once():
    assert expanded(["apertus", "GPTBOT", "*"]) == (*LISTS["apertus"], "*")
    assert "gptbot" in LISTS["apertus"]
    assert set(LISTS["apertus"]) <= set(LISTS["training"])


def test_of_a_page_whose_host_is_not_heard_its_own_word_counts():
    assert unheard(int(Signal.NOAI), Rights()) == "reserved"
    assert unheard(int(Signal.NOAI), Rights(honour=("tdm",))) == "unknown"
    assert unheard(int(Signal.RSL), Rights()) == "unknown"
    assert judged(url="urn:x").crawl == "unknown"


def test_origins_have_one_form():
    assert origin("HTTP://WWW.Bücher.example:80/a") == "http://www.xn--bcher-kva.example"
    assert origin("https://[::1]:8443/") == "https://[::1]:8443"
    assert not any(origin(url) for url in ("ftp://a.example/", "https://", "https://a:b/", ""))
    assert site("https://[::1]:8443") == "[::1]"
    assert twin("https://[::1]") == "http://[::1]"


@pytest.mark.parametrize(
    ("bits", "policy", "found"),
    [
        (Signal.NOAI, {}, "noai_page"), (Signal.TDM, {}, "tdm_page"),
        (Signal.CONTENT_USAGE | Signal.TDM, {}, "tdm_page"), (Signal.RSL_PAGE, {}, "rsl_page"),
        (Signal.NOAI, {"honour": ("tdm",)}, None), (Signal.NOAI, {"regime": "research_60d"}, None),
        (Signal.ROBOTS_TXT | Signal.TDM_OPEN | Signal.RSL, {}, None),
    ],
)  # fmt: skip
def test_a_page_that_an_earlier_policy_kept_is_refused_by_its_own_word(bits, policy, found):
    assert judged(rights=int(bits), **policy).rule == found


def test_a_bit_that_stands_for_page_and_host_is_the_hosts_if_that_explains_it():
    later = said("Content-Usage: train-ai=n", at=CRAWLED + 9 * DAY)
    bit = int(Signal.CONTENT_USAGE)
    assert judged(later, rights=bit, retroactive="agents").rule is None
    assert judged(later, rights=bit).rule == "content_usage_robots"
    assert judged(rights=bit, retroactive="agents").rule == "content_usage_page"


SHUT, OPEN = "User-agent: *\nDisallow: /", "User-agent: *\nDisallow:"


def at(days, text="", **changes):
    return said(text, at=CRAWLED + round(days * DAY), **changes)


@pytest.mark.parametrize(
    ("records", "crawl", "build"),
    [
        ([at(-1, OPEN), at(9, SHUT)], "allowed", "reserved"),
        ([at(9, SHUT), at(-1, OPEN)], "allowed", "reserved"),
        ([at(-9, SHUT), at(-1, OPEN)], "allowed", "allowed"),
        ([at(-1, SHUT), at(9, OPEN)], "reserved", "allowed"),
        ([at(0, SHUT), at(0.1, OPEN)], "reserved", "allowed"),
        ([at(0.9, SHUT)], "reserved", "reserved"),
        ([at(1.1, SHUT)], "unknown", "reserved"),
        ([at(-1, state="none", status=404)], "allowed", "allowed"),
        ([at(-1, state="unreachable", status=503)], "unreachable", "unreachable"),
        ([at(-20, SHUT), at(-1, state="unreachable")], "reserved", "reserved"),
        ([at(-40, SHUT), at(-1, state="unreachable")], "unreachable", "unreachable"),
        ([at(-3, OPEN), at(9, state="unreachable"), at(45, state="unreachable")],
         "allowed", "unreachable"),
        ([at(-9, SHUT), at(-1, state="revisit", refers=CRAWLED - 9 * DAY)], "reserved", "reserved"),
        ([at(-9, SHUT), at(-5, OPEN), at(-1, state="revisit", refers=CRAWLED - 9 * DAY)],
         "reserved", "reserved"),
        ([at(-9, SHUT), at(-1, state="revisit", refers=CRAWLED - 8 * DAY)], "reserved", "reserved"),
        ([at(-9, SHUT), at(-1, state="revisit", status=304)], "reserved", "reserved"),
        ([at(-1, state="revisit", refers=CRAWLED - 8 * DAY)], "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)  # fmt: skip
def test_the_capture_in_effect_counts_then_and_the_newest_now(records, crawl, build):
    found = judged(*records)
    assert (found.crawl, found.build) == (crawl, build)
    assert (found.rule is not None) is bool({"reserved", "unreachable"} & {crawl, build})


@pytest.mark.parametrize(
    ("retroactive", "records", "found"),
    [
        ("all", [at(-1, OPEN), at(9, SHUT)], "robots_txt"),
        ("agents", [at(-1, OPEN), at(9, SHUT)], "robots_txt"),
        ("none", [at(-1, OPEN), at(9, SHUT)], None),
        ("none", [at(-1, SHUT), at(9, OPEN)], "robots_txt"),
        ("all", [at(9, "Content-Usage: train-ai=n")], "content_usage_robots"),
        ("agents", [at(9, "Content-Usage: train-ai=n")], None),
        ("agents", [at(-1, "Content-Usage: train-ai=n")], "content_usage_robots"),
    ],
)
def test_the_recipe_says_what_counts_that_was_said_later(retroactive, records, found):
    assert rule(*records, retroactive=retroactive) == found


@pytest.mark.parametrize("reaction", ["allow", "drop", "quarantine"])
def test_the_recipe_says_what_silence_means(reaction):
    gone = [at(-1, state="unreachable", status=503)]
    suffix = {"drop": "", "quarantine": "_held"}.get(reaction)
    expected = None if suffix is None else f"robots_unreachable{suffix}"
    assert rule(*gone, unreachable=reaction) == expected
    expected = None if suffix is None else f"robots_missing{suffix}"
    assert rule(missing=reaction) == expected
    assert rule(at(9, OPEN), missing=reaction) is None
    unknown_then = rule(at(9, OPEN), missing=reaction, retroactive="none")
    assert unknown_then == expected


def test_a_redirect_leads_to_what_is_said_there():
    def to(where, of="https://a.example", **changes):
        return at(-1, origin=of, state="redirect", status=301, location=where, **changes)

    www = at(-1, SHUT, origin="https://www.a.example")
    assert judged(to("https://www.a.example/robots.txt"), www).crawl == "reserved"
    chain = [to("https://a.example/robots.txt", "http://a.example"),
             to("//www.a.example/robots.txt"), www]  # fmt: skip
    assert judged(*chain, url="http://a.example/x").crawl == "reserved"
    assert judged(to("/robots.txt")).crawl == "unknown"
    assert judged(to("https://b.example/robots.txt")).crawl == "unknown"
    other = at(-1, SHUT, origin="http://b.example")
    assert judged(to("https://b.example/robots.txt"), other).crawl == "reserved"
    assert judged(other).crawl == "unknown"
    gone = at(-1, origin="https://b.example", state="none", status=404)
    assert judged(to("https://b.example/robots.txt"), gone).crawl == "allowed"
    assert judged(to("https://a:b/")).crawl == "unknown"
    assert judged(to("/")).rule is None


def test_a_host_speaks_for_both_schemes_unless_it_speaks_for_each():
    assert judged(at(-1, SHUT), url="http://a.example/").crawl == "reserved"
    both = [at(-1, SHUT), at(-1, OPEN, origin="http://a.example")]
    assert judged(*both, url="http://a.example/").crawl == "allowed"
    assert judged(at(-1, SHUT), url="https://a.example:8443/").crawl == "unknown"
    assert judged(at(-1, SHUT), url="https://www.a.example/").crawl == "unknown"
