"""Addresses of a crawl: their form, which of them belong to it, and which may be dialled."""

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.pipelines.crawl import urls
from florilegium.pipelines.crawl.dial import Dialler, ForbiddenError, UnreachableError, is_public
from florilegium.pipelines.crawl.languages import Languages, by_address
from florilegium.pipelines.crawl.scope import Scope
from florilegium.pipelines.crawl.settings import Crawl, Network
from florilegium.pipelines.crawl.settings import Scope as Wanted

NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTP://Example.ORG:80/a/../b#c", "http://example.org/b"),
        ("https://example.org:443", "https://example.org/"),
        ("https://bücher.example./ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://a.example/%7ex%2f?%7e", "https://a.example/~x%2F?~"),
        ("https://a.example/?utm_source=x&id=1&fbclid=y", "https://a.example/?id=1"),
        ("https://a.example/b;jsessionid=0A1B?x", "https://a.example/b?x"),
        ("https://a.example/?PHPSESSID=0123456789abcdef&p=2", "https://a.example/?p=2"),
        ("https://a.example/?sid=17", "https://a.example/?sid=17"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
    ],
)
def test_addresses_of_the_same_page_are_one(written, normal):
    found = urls.read(written)
    assert found is not None
    assert found.href == normal


@pytest.mark.parametrize(
    "written",
    ["mailto:a@b.example", "javascript:alert(1)", "ftp://a.example/", "http://u:p@a.example/",
     "http://exa mple/", "http://", "//a.example", "data:text/html,x", "http://a..b/"],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_none(written):
    assert urls.read(written) is None


@given(st.text(max_size=80), st.sampled_from(["http://a.example/b/c", "https://x.example/"]))
def test_whatever_stands_in_a_link_comes_out_in_normal_form_or_not_at_all(link, base):
    found = urls.read(link, base)
    if found is not None:
        assert urls.read(found.href) == found
        assert found.href.isascii()
        assert not any(character in found.target for character in " \r\n#")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
     "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1",
     "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
     "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1", "2001:0:1:2::80ff:fffe", "fec0::1"],
)  # fmt: skip
def test_addresses_that_are_not_public_are_known(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "193.0.6.139", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def addresses(url, **network):
    found = urls.read(url)
    assert found is not None
    return asyncio.run(Dialler(Network(**network)).addresses(found))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0x7f.1", "[::ffff:a00:1]", "localhost"])
def test_loopback_is_not_dialled_unless_it_is_opened(host):
    with pytest.raises(ForbiddenError, match="is not public"):
        addresses(f"http://{host}/")
    if host != "[::ffff:a00:1]":
        assert addresses(f"http://{host}/", open=("127.0.0.0/8", "::1/128"))


def test_one_forbidden_address_among_those_of_a_name_is_enough(tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("1.1.1.1 a.example\n10.0.0.1 a.example  # inside\n")
    with pytest.raises(ForbiddenError, match=r"10\.0\.0\.1"):
        addresses("http://a.example/", hosts=str(hosts))
    with pytest.raises(UnreachableError, match="not known"):
        addresses("http://b.example/", hosts=str(hosts))


def test_ports_are_those_of_the_web():
    with pytest.raises(ForbiddenError, match="port 22"):
        addresses("http://1.1.1.1:22/")
    assert addresses("http://1.1.1.1/") == ["1.1.1.1"]


def refusal(url, seeds=("https://www.example.org/en/start",), **scope):
    chosen = Crawl(scope=Wanted(**scope))
    starts = [found for seed in seeds if (found := urls.read(seed))]
    wanted = urls.read(url)
    assert wanted is not None
    return Scope(chosen, starts, NOW).refusal(wanted)


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ({}, "https://www.example.org/x", "https://b.www.example.org/x"),
        ({"within": "domain"}, "https://b.example.org/x", "https://example.net/"),
        ({"within": "prefix"}, "https://www.example.org/en/x", "https://www.example.org/de/x"),
        ({"suffixes": ("mt",)}, "https://b.com.mt/", "https://mt.example/"),
        ({"also": ("b.example",)}, "https://c.b.example/", "https://xb.example/"),
        ({"within": "anywhere"}, "https://c.example/", "https://c.example/a.jpg"),
        (
            {"within": "domain", "excluded": ("shop.example.org",)},
            "https://www.example.org/",
            "https://x.shop.example.org/",
        ),
    ],
)
def test_scope(scope, inside, outside):
    assert refusal(inside, **scope) is None
    assert refusal(outside, **scope) is not None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/a/a/a/b", "trap: repeats"),
        ("/" + "x/" * 3 + "y", "trap: repeats"),
        ("/" + "/".join(map(str, range(20))) + "/", "trap: deep"),
        ("/?" + "&".join(f"a{n}=1" for n in range(10)), "trap: parameters"),
        ("/cal/2099/05/01", "trap: calendar"),
        ("/cal?month=1850-03", "trap: calendar"),
        ("/" + "a" * 3_000, "trap: long"),
        ("/b.PDF", "no page"),
        ("/news/2026/11/story", None),
        ("/a/b/a/b/c", None),
        ("/sitemap.xml.gz", None),
        ("/archive/1850-1900/", None),
    ],
)
def test_traps(path, why):
    assert refusal(f"https://www.example.org{path}") == why


def test_hints_of_languages_order_the_frontier():
    languages = Languages(Crawl(scope=Wanted(languages=("mlt_Latn", "deu_Latn"))))
    assert [languages.wants(tag) for tag in ("mt", "de", "", "fr")] == [True, True, True, False]
    ranks = [languages.rank(tag) for tag in ("mt", "", "de")]
    assert ranks == sorted(set(ranks))
    assert by_address("a.example.fo", "/x") == "fo"
    assert by_address("www.example.org", "/gd/x") == "gd"
    assert by_address("www.example.org", "/x") == ""
