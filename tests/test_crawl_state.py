"""The frontier and what is written: plans, updates, journals, records."""

from io import BytesIO

import pyarrow as pa
import pytest
from fastwarc.warc import ArchiveIterator
from msgspec.structs import replace

from florilegium.pipelines.crawl import frontier, update, urls
from florilegium.pipelines.crawl.client import Exchange
from florilegium.pipelines.crawl.frontier import FRONTIER, HOSTS, LEFT, WAITING
from florilegium.pipelines.crawl.journal import Done, Found, Journal, Outcome, Rested, notes
from florilegium.pipelines.crawl.settings import Budget, Crawl
from florilegium.pipelines.crawl.warc_records import Earlier, capture
from florilegium.pipelines.crawl.wire import replayed
from florilegium.pipelines.crawl.writer import WarcWriter

EMPTY = FRONTIER.empty_table()


def found(path, depth=1, host="a.example", **changes):
    one = Found(f"http://{host}{path}", host, depth, 0, "link", "", "", 1)
    return replace(one, **changes)


def grown(*some, budget=None, rows=EMPTY):
    return update.grown(rows, some, budget or Budget())


def outcome(path, state="fetched", host="a.example", **changes):
    fields = {
        "url": f"http://{host}{path}",
        "host": host,
        "state": state,
        "reason": "",
        "time": 5.0,
    }
    return Outcome(**{**fields, **changes})


def test_the_shortest_way_to_an_address_counts_whatever_the_order():
    some = [found("/x", 3), found("/x", 1, via="b"), found("/x", 1, via="a"), found("/y", 2)]
    for order in (some, some[::-1]):
        rows = grown(*order).to_pylist()
        assert [(row["url"][-2:], row["depth"], row["via"]) for row in rows] == [
            ("/x", 1, "a"), ("/y", 2, ""),
        ]  # fmt: skip
    assert grown(found("/x", 0), rows=grown(*some)).num_rows == 2


def test_what_is_too_deep_is_kept_with_the_reason():
    row = grown(found("/x", 4), budget=Budget(depth=3)).to_pylist()[0]
    assert (row["state"], row["reason"]) == (LEFT, "budget: depth")


def test_an_outcome_changes_what_it_says_and_nothing_else():
    rows = update.updated(
        grown(found("/x"), found("/y")),
        [
            outcome(
                "/x", digest="D", etag='"1"', record="r", asked=True, warc="w", offset=7, length=9
            )
        ],
        visit=1,
    )
    x, y = rows.to_pylist()
    assert (x["state"], x["digest"], x["captured"], x["asked"], x["offset"]) == (
        "fetched", "D", 5.0, 1, 7,
    )  # fmt: skip
    assert (y["state"], y["asked"], y["visit"]) == (WAITING, 0, 0)
    later = [outcome("/x", state="gone", reason="status 404", asked=True, time=6.0)]
    gone = update.updated(rows, later, visit=2).to_pylist()[0]
    assert (gone["state"], gone["reason"], gone["digest"], gone["captured"], gone["asked"]) == (
        "gone", "status 404", "D", 5.0, 2,
    )  # fmt: skip


def test_budgets_of_a_host_leave_the_rest_with_a_reason():
    rows = grown(*(found(f"/{n}") for n in range(6)), found("/", host="b.example"))
    rows = update.updated(rows, [outcome(f"/{n}", asked=True, digest=f"{n}") for n in range(3)], 1)
    bounded = update.bounded(rows, HOSTS.empty_table(), Budget(pages_per_host=3)).to_pylist()
    left = [row["url"] for row in bounded if row["reason"] == "budget: pages of the host"]
    assert left == [f"http://a.example/{n}" for n in range(3, 6)]
    hosts = update.with_hosts(
        HOSTS.empty_table(), [Rested("a.example", 0.0, "done")], [outcome("/0", bytes=99)]
    )
    heavy = update.bounded(rows, hosts, Budget(bytes_per_host=50)).to_pylist()
    assert sum(row["reason"] == "budget: bytes of the host" for row in heavy) == 3


def test_many_values_of_the_same_parameters_are_a_trap():
    rows = grown(*(found(f"/s?q={n}&p=1") for n in range(9)), found("/s?q=1"), found("/s"))
    bounded = update.bounded(rows, HOSTS.empty_table(), Budget(queries=4)).to_pylist()
    assert sum(row["reason"] == "trap: queries" for row in bounded) == 5


def test_a_folder_of_copies_is_a_trap_and_others_are_not():
    rows = grown(*(found(f"/c/{n}") for n in range(9)), *(found(f"/d/{n}") for n in range(9)))
    same = [outcome(f"/c/{n}", asked=True, digest="S") for n in range(5)]
    others = [outcome(f"/d/{n}", asked=True, digest=f"{n}") for n in range(5)]
    rows = update.updated(rows, [*same, *others], 1)
    bounded = update.bounded(rows, HOSTS.empty_table(), Budget(copies=5)).to_pylist()
    left = {row["url"] for row in bounded if row["reason"] == "trap: copies"}
    assert left == {f"http://a.example/c/{n}" for n in range(5, 9)}


def test_the_same_frontier_gives_the_same_plan_and_small_languages_come_first(tmp_path):
    some = [found(f"/{n}", n % 3, host=f"{h}.example") for n in range(7) for h in "cab"]
    some += [found("/mt", 9, host="b.example", priority=0, lang="mt")]
    plans = []
    for number, order in enumerate((some, some[::-1])):
        folder = tmp_path / str(number)
        frontier.write(folder, "frontier", 0, grown(*order))
        plans.append(list(frontier.plan(folder, 0, Crawl(budget=Budget(pages_per_round=4)), 1.0)))
    assert plans[0] == plans[1]
    assert [plan.host for plan in plans[0]] == ["b.example", "a.example", "c.example"]
    first = [task.url.rpartition("/")[2] for task in plans[0][0].tasks]
    assert first == ["mt", "0", "3", "6"]


def test_a_host_that_rests_is_not_planned_until_it_may_be(tmp_path):
    frontier.write(tmp_path, "frontier", 0, grown(found("/x")))
    row = {"host": "a.example", "not_before": 1_000.0, "bytes": 0, "why": "rests"}
    frontier.write(tmp_path, "hosts", 0, pa.Table.from_pylist([row], schema=HOSTS))
    settings = Crawl(max_delay=60.0)
    assert not list(frontier.plan(tmp_path, 0, settings, 900.0))
    assert [plan.not_before for plan in frontier.plan(tmp_path, 0, settings, 950.0)] == [1_000.0]


@pytest.mark.parametrize("lost", range(1, 40, 3))
def test_a_note_that_was_not_written_to_its_end_counts_for_nothing(tmp_path, lost):
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.begin()
    journal.write(outcome("/x", found=[found("/y")]))
    journal.write(outcome("/z"))
    journal.close()
    path.write_bytes(path.read_bytes()[:-lost])
    again = Journal(path)
    assert [note.url for note in again.resume()] == ["http://a.example/x"]
    again.write(Done())
    again.close()
    assert [type(note) for note in notes(path)] == [Outcome, Done]


def exchange(raw, truncated=""):
    url = urls.read("http://a.example/x")
    return Exchange(url, b"GET /x HTTP/1.1\r\n\r\n", replayed(raw, truncated), "1.1.1.1", 1e9)


def records(members):
    found = []
    for record in ArchiveIterator(BytesIO(members), parse_http=False):
        assert record.verify_block_digest()
        found.append((dict(record.headers.items()), record.reader.read()))
    return found


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-encoding: chunked\r\nA: b\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def test_chunks_are_kept_or_put_together():
    kept = capture(exchange(CHUNKED), None, removes_chunks=False)
    headers, block = records(kept.members)[0]
    assert block == CHUNKED
    assert "WARC-Payload-Digest" not in headers
    removed = capture(exchange(CHUNKED), None, removes_chunks=True)
    headers, block = records(removed.members)[0]
    head, _, body = block.partition(b"\r\n\r\n")
    assert head == (
        b"HTTP/1.1 200 OK\r\nX-Crawl-Transfer-Encoding: chunked\r\nA: b\r\nContent-Length: 3"
    )
    assert body == b"abc"
    assert headers["WARC-Payload-Digest"] == f"sha1:{removed.digest}"
    assert kept.digest == removed.digest


def test_a_revisit_refers_to_what_was_captured():
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
    first = capture(exchange(raw), None, removes_chunks=False)
    earlier = Earlier(first.digest, 1e8, first.record)
    same = capture(exchange(raw), earlier, removes_chunks=False)
    headers, block = records(same.members)[0]
    assert (headers["WARC-Type"], block) == ("revisit", raw[:-3])
    assert headers["WARC-Profile"].endswith("/identical-payload-digest")
    assert headers["WARC-Refers-To"] == first.record
    assert headers["WARC-Refers-To-Date"] == "1973-03-03T09:46:40Z"
    unmodified = capture(exchange(b"HTTP/1.1 304 Not Modified\r\n\r\n"), earlier, False)
    assert records(unmodified.members)[0][0]["WARC-Profile"].endswith("/server-not-modified")
    other = capture(exchange(raw.replace(b"abc", b"abd")), earlier, removes_chunks=False)
    assert records(other.members)[0][0]["WARC-Type"] == "response"
    cut = capture(exchange(raw, truncated="length"), earlier, removes_chunks=False)
    assert records(cut.members)[0][0]["WARC-Truncated"] == "length"
    assert cut.digest == ""


def test_a_file_is_closed_when_it_is_large_enough(tmp_path):
    with WarcWriter(tmp_path, "p", 2_000, [("software", "x")]) as writer:
        members = capture(exchange(CHUNKED), None, removes_chunks=False).members
        places = [writer.write(members) for _ in range(6)]
        writer.finish()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) > 1
    assert names == [f"p-{n:05d}.warc.gz" for n in range(len(names))]
    for place in places:
        data = (tmp_path / place.warc).read_bytes()
        assert data[place.offset : place.offset + place.length] == members
    for name in names:
        assert records((tmp_path / name).read_bytes())[0][0]["WARC-Type"] == "warcinfo"
