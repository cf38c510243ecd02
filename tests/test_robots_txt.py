"""robots.txt is matched as RFC 9309 says, and no file takes long."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.filters.optouts.agents import LISTS
from florilegium.filters.optouts.pattern import canonical, path_of, pattern
from florilegium.filters.optouts.robots_txt import MAX_BYTES, RobotsTxt


def allowed(text, path, agent="*"):
    text = text if isinstance(text, bytes) else text.encode()
    rule = RobotsTxt(text).decisive(agent, canonical(path.encode()))
    return rule is None or rule.allows


@pytest.mark.parametrize(
    ("rule", "path", "matches"),
    [
        ("/fish", "/fish", True), ("/fish", "/fish.html", True), ("/fish", "/Fish", False),
        ("/fish", "/catfish", False), ("/fish*", "/fishheads/y?id=1", True),
        ("/fish/", "/fish", False), ("/fish/", "/fish/?id=1", True), ("/*.php", "/a/b.php?x", True),
        ("/*.php", "/windows.PHP", False), ("/*.php$", "/a.php", True),
        ("/*.php$", "/a.php?x", False), ("/*.php$", "/a.php5", False),
        ("/fish*.php", "/fishx.php", True),
        ("/", "/", True), ("/$", "/", True), ("/$", "/a", False), ("*", "/any", True),
        ("*/b", "/a/b", True), ("/a*b*c", "/a-b-b-c", True), ("/a*b*c$", "/abcb", False),
        ("/a**b", "/axb", True), ("/ab*b$", "/ab", False), ("/ab*$", "/abc", True),
        ("/a$b", "/a$b", True), ("/caf%C3%A9", "/café", True), ("/café", "/caf%c3%a9", True),
        ("/%7Ejoe", "/~joe", True), ("/a%3cd", "/a%3Cd", True), ("/a%2fb", "/a/b", False),
        ("/a b", "/a%20b", True), ("/%zz", "/%zz", True), ("/q?a=1", "/q?a=1&b=2", True),
    ],
)  # fmt: skip
def test_a_pattern_is_a_prefix_with_stars_and_an_end(rule, path, matches):
    assert pattern(rule.encode()).matches(canonical(path.encode())) is matches
    assert allowed(f"user-agent: *\ndisallow: {rule}", path) is not matches


@pytest.mark.parametrize(
    ("text", "path", "fine"),
    [
        ("User-agent: *\nDisallow: /p\nAllow: /p/open", "/p/open/x", True),
        ("User-agent: *\nAllow: /p/open\nDisallow: /p", "/p/shut", False),
        ("User-agent: *\nAllow: /page\nDisallow: /page", "/page", True),
        ("User-agent: *\nAllow: /$\nDisallow: /", "/", True),
        ("User-agent: *\nAllow: /p\nDisallow: /*.htm", "/page.htm", False),
        ("User-agent: *\nDisallow:", "/x", True),
        ("User-agent: *\nDisallow: /\nAllow:", "/x", False),
        ("Disallow: /", "/x", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("", "/x", True),
    ],
)
def test_the_longest_rule_decides_and_of_equals_the_one_that_allows(text, path, fine):
    assert allowed(text, path) is fine


GROUPS = """
User-agent: GPTBot
User-agent: CCBot/2.0
Crawl-delay: 3
Disallow: /a   # the archive

User-agent: *
Disallow: /c
Sitemap: https://a.example/map.xml
Disallow: /d

user-agent: gptbot
Disallow: /b
"""


@pytest.mark.parametrize(
    ("agent", "shut"),
    [
        ("gptbot", "ab"),
        ("GPTBot", "ab"),
        ("ccbot", "a"),
        ("*", "cd"),
        ("bot", ""),
        ("gptbot-x", ""),
    ],
)
def test_groups_of_one_agent_are_put_together_and_names_are_whole_words(agent, shut):
    assert [p for p in "abcd" if not allowed(GROUPS, f"/{p}", agent)] == list(shut)
    assert RobotsTxt(GROUPS.encode()).names(agent) is bool(shut)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_may_end_in_three_ways_and_a_byte_order_mark_is_none_of_their_business(end, mark):
    text = mark + end.join(["User-agent: *", "", "Disallow: /x"]).encode()
    assert not allowed(text, "/x")
    assert RobotsTxt(text).decisive("*", b"/x").line == 3


@pytest.mark.parametrize(
    "text",
    ["useragent: *\ndisalow: /", "USER-AGENT : *\nDISALLOW : /", "User-agent *\nDisallow /",
     "User-agent: * # all\nDisallow: /", "User-agent: *\nDisallow: /\0"],
)  # fmt: skip
def test_slips_that_others_forgive_are_forgiven(text):
    assert not allowed(text, "/x")


@pytest.mark.parametrize("agent", LISTS["training"])
def test_every_crawler_on_the_list_can_be_named(agent):
    text = f"User-agent: {agent.upper()}/1.0 (+https://a.example)\nDisallow: /x"
    assert not allowed(text, "/x", agent)


def test_what_others_hang_on_a_group_does_not_close_it():
    text = "User-agent: A\nContent-Usage: train-ai=n\nUser-agent: B\nDisallow: /x\nLicense: /l.xml"
    for agent in ("a", "b"):
        assert not allowed(text, "/x", agent)
        assert [u.line for u in RobotsTxt(text.encode()).uses(agent, "content-usage", b"/")] == [2]
    assert RobotsTxt(text.encode()).licences == [(5, "/l.xml")]


def test_what_stands_in_the_first_512000_bytes_counts_and_nothing_after():
    head = b"User-agent: *\nDisallow: /x\n"
    filled = head + b"#" * (MAX_BYTES - len(head) - len(b"\nDisallow: /y\n")) + b"\nDisallow: /y\n"
    assert len(filled) == MAX_BYTES == 512_000
    assert not allowed(filled, "/y")
    assert allowed(filled + b"Disallow: /z\n", "/z")


def naive(rule, path):
    """A pattern by the book, with backtracking."""
    if not rule:
        return True
    if rule == "$":
        return not path
    if rule[0] == "*":
        return any(naive(rule[1:], path[n:]) for n in range(len(path) + 1))
    return bool(path) and path[0] == rule[0] and naive(rule[1:], path[1:])


@given(st.text("ab*", max_size=8), st.booleans(), st.text("ab", max_size=8))
def test_patterns_match_what_they_match_by_the_book(rule, end, path):
    rule += "$" * end
    assert pattern(rule.encode()).matches(path.encode()) is naive(rule, path)


RULES = st.lists(st.tuples(st.booleans(), st.text("/ab*", min_size=1, max_size=6)), max_size=8)


@given(RULES, st.text("ab/", max_size=8), st.integers(0, 3))
def test_many_rules_decide_like_a_list_of_them(rules, rest, ends):
    path = f"/{rest}"
    rules = [(ok, f"/{text}{'$' if n < ends else ''}") for n, (ok, text) in enumerate(rules)]
    lines = [f"{'Allow' if ok else 'Disallow'}: {text}" for ok, text in rules]
    found = [(len(text), ok) for ok, text in rules if naive(text, path)]
    assert allowed("\n".join(["User-agent: *", *lines]), path) is max(found, default=(0, True))[1]


LINES = st.sampled_from(
    [b"User-agent: *", b"user-agent:gptbot", b"Disallow: /", b"Allow: /*a*$", b"Disallow: %", b"\r",
     b"\xff\xfe", b"Content-Usage: /x train-ai=n", b"License:", b":", b"#", b"\0", b"Disallow"]
) | st.binary(max_size=12)  # fmt: skip


@given(st.lists(LINES), st.binary(max_size=20))
def test_any_file_is_read_and_any_path_is_judged(lines, path):
    file = RobotsTxt(b"\n".join(lines))
    for agent in ("*", "gptbot"):
        assert file.decisive(agent, path) is None or file.names(agent)
        file.uses(agent, "content-usage", path)


@given(st.text())
def test_any_address_has_a_path(url):
    assert path_of(url).isascii()


HOSTILE = {
    "rules": b"User-agent: *\n" + b"\n".join(b"Disallow: /%d" % n for n in range(40_000)),
    "stars": b"User-agent: *\n" + b"\n".join(b"Allow: /*%d*a" % n for n in range(40_000)),
    "one rule of stars": b"User-agent: *\nDisallow: /" + b"*a" * 8_000 + b"b",
    "groups": b"\n".join(b"User-agent: *\nDisallow: /%d*x" % n for n in range(18_000)),
    "agents": b"\n".join(b"User-agent: a\nUser-agent: *" for n in range(18_000)) + b"\nDisallow: /",
    "lengths": b"User-agent: *\n" + b"\n".join(b"Disallow: /" + b"a" * n for n in range(990)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_takes_long(name):
    data = HOSTILE[name][:MAX_BYTES]
    started = time.process_time()
    file = RobotsTxt(data)
    assert time.process_time() - started < 3
    paths = [b"/" + b"a" * 8_000, b"/" + b"1a" * 4_000, b"/zz"]
    started = time.process_time()
    for path in paths * 10:
        file.decisive("*", path)
    assert (time.process_time() - started) / 30 < 0.2


def test_of_very_many_rules_those_that_forbid_still_do():
    """Beyond two thousand patterns with stars, those that forbid forbid more, not less."""
    order = random.Random(1).sample(range(5_000), 5_000)
    text = "User-agent: *\n" + "\n".join(f"Disallow: /p{n}/*x" for n in order)
    file = RobotsTxt(text.encode())
    for n in order[::500]:
        assert not file.decisive("*", f"/p{n}/ax".encode()).allows
