"""A whole crawl of a loopback web: what it finds, how it behaves, what it writes."""

import ipaddress
from collections import Counter

import pytest
from crawls import crawled, frontier, impolite, paths, serving, settings
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from florilegium.pipelines.crawl.places import Places
from florilegium.pipelines.harvest.host_records import read_host_record
from florilegium.pipelines.harvest.warc import read

HOSTS, PAGES = 16, 320


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """A finished crawl: where it is, its summary, the web, and what the server saw."""
    folder = tmp_path_factory.mktemp("crawl")
    with serving(folder, HOSTS, PAGES) as web:
        summary = crawled(folder / "out", settings(web, folder), web.seeds())
    return folder / "out", summary, web.world, web.requests()


def number_of(world, kind):
    return next(number for number in range(world.hosts) if world.kind(number) == kind)


def records(folder):
    for path in sorted((folder / "warc").glob("*.warc.gz")):
        yield from read(path)


def test_every_page_that_can_be_reached_is_fetched(crawl):
    folder, summary, world, _ = crawl
    assert summary.end == "done"
    rows = frontier(folder)
    for number in range(world.hosts):
        missing = world.expected(number) - paths(rows, number, world)
        assert not missing, (number, world.kind(number))


def test_the_server_saw_nothing_impolite(crawl):
    _, _, world, requests = crawl
    assert len(requests) > PAGES
    assert impolite(requests, world) == []


def test_nothing_is_asked_for_twice_but_what_failed(crawl):
    _, _, world, requests = crawl
    asked = Counter((entry[1], entry[2]) for entry in requests)
    failing = {"/hang", "/short", "/chunks", "/garbage", "/busy"}
    twice = {
        (number, path)
        for (number, path), times in asked.items()
        if times > 1 and path not in failing and world.kind(number) != "robots_down"
    }
    assert twice == set()


def test_every_address_has_a_state_and_one_that_is_not_fetched_a_reason(crawl):
    folder, summary, _, _ = crawl
    rows = frontier(folder)
    assert sum(summary.stats.states.values()) == len(rows)
    for row in rows.values():
        assert row["state"] in ("fetched", "redirected", "gone", "failed", "refused", "left")
        assert row["reason"] or row["state"] == "fetched", row["url"]


def test_what_robots_txt_forbids_is_refused_with_the_line_that_says_so(crawl):
    folder, _, world, _ = crawl
    number = number_of(world, "plain")
    refused = [row for row in frontier(folder).values() if row["state"] == "refused"]
    mine = [row for row in refused if row["host"] == world.name(number)]
    assert {row["reason"] for row in mine} == {"robots: line 2 (*): Disallow: /private/"}


def test_a_host_whose_robots_txt_cannot_be_had_is_left_alone(crawl):
    folder, _, world, _ = crawl
    number = number_of(world, "robots_down")
    rows = [row for row in frontier(folder).values() if row["host"] == world.name(number)]
    assert [(row["state"], row["reason"]) for row in rows] == [("failed", "robots: status 503")]


def test_redirects_into_private_networks_are_not_followed(crawl):
    folder, _, world, _ = crawl
    number = number_of(world, "leaks")
    hosts = {row["host"] for row in frontier(folder).values()}
    assert hosts == {world.name(n) for n in range(world.hosts)}
    assert paths(frontier(folder), number, world, "redirected") == {"/metadata"}


def test_traps_end(crawl):
    folder, _, world, requests = crawl
    number = number_of(world, "traps")
    asked = [entry[2] for entry in requests if entry[1] == number]
    assert sum(path.startswith("/trap/") for path in asked) < 30
    assert sum(path.startswith("/calendar/") for path in asked) < 30
    reasons = Counter(row["reason"] for row in frontier(folder).values())
    assert reasons["trap: copies"] > 30


def test_responses_that_break_off_are_kept_and_said_to_be_cut(crawl):
    folder, _, _, _ = crawl
    cut = {
        (item.headers["warc-target-uri"].rpartition("/")[2], item.headers["warc-truncated"])
        for item in records(folder)
        if "warc-truncated" in item.headers
    }
    assert {("short", "disconnect"), ("large", "length")} <= cut


def test_files_hold_what_was_on_the_wire(crawl):
    folder, _, world, _ = crawl
    number = number_of(world, "plain")
    wanted = f"http://{world.name(number)}:"
    responses = {
        item.headers["warc-target-uri"]: item for item in records(folder) if item.kind == "response"
    }
    whole = next(
        item for url, item in responses.items() if url.startswith(wanted) and "/p/1" in url
    )
    assert b"\r\nX-MiXeD-Case: Yes\r\n" in whole.block
    assert whole.block.endswith(world.page(number, 1, packed=True))
    pieces = next(
        item for url, item in responses.items() if url.startswith(wanted) and "/p/3" in url
    )
    assert b"\r\nTransfer-Encoding: chunked\r\n" in pieces.block
    assert pieces.block.endswith(b"\r\n0\r\n\r\n")


def test_independent_readers_find_every_digest_right(crawl):
    folder, summary, _, _ = crawl
    kinds = Counter()
    for name in summary.files:
        with (folder / "warc" / name).open("rb") as stream:
            for record in WarcioIterator(stream, check_digests=True):
                record.content_stream().read()
                assert record.digest_checker.passed is not False, record.rec_headers
                kinds[record.rec_type] += 1
        with (folder / "warc" / name).open("rb") as stream:
            for record in ArchiveIterator(stream, parse_http=False):
                assert record.verify_block_digest()
    assert kinds["warcinfo"] == len(summary.files)
    assert kinds["response"] == kinds["request"] > PAGES


def test_a_file_says_what_wrote_it_and_by_what_policy(crawl):
    folder, _, _, _ = crawl
    first = next(records(folder))
    assert first.kind == "warcinfo"
    told = first.block.decode()
    assert "robots: RFC 9309\r\n" in told
    assert "http-header-user-agent: Florilegium/" in told
    assert '"delay":0.02' in told
    asking = next(item for item in records(folder) if item.kind == "request")
    assert b"(+https://crawl.example/about)\r\n" in asking.block


def test_what_hosts_say_of_their_pages_is_there_for_the_rights(crawl):
    folder, _, world, _ = crawl
    said = [found[0] for item in records(folder) if (found := read_host_record(item, "w"))]
    states = {(one.resource, one.state) for one in said}
    assert {
        ("/robots.txt", "present"),
        ("/robots.txt", "none"),
        ("/robots.txt", "unreachable"),
        ("/robots.txt", "redirect"),
        ("/.well-known/tdmrep.json", "present"),
        ("/.well-known/tdmrep.json", "none"),
        ("/ai.txt", "none"),
    } <= states
    number = number_of(world, "opt_out")
    rows = [row for row in frontier(folder).values() if row["host"] == world.name(number)]
    assert all(row["rights"] == 1 for row in rows if row["state"] == "fetched")


def test_the_addresses_of_the_web_are_all_on_loopback(crawl):
    _, _, world, _ = crawl
    assert all(ipaddress.ip_address(world.address(n)).is_loopback for n in range(world.hosts))


def test_state_of_past_rounds_is_tidied_away(crawl):
    folder, summary, _, _ = crawl
    assert len(list(Places(folder).rounds.glob("[0-9]*"))) == 1
    assert not list((folder / "warc").glob("*.open"))
    assert summary.rounds > 2
