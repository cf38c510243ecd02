"""What a recipe chooses of a snapshot, and the plan that it comes to."""

import json
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archives import demo_archive, languages, recipe
from crawl_archive import SNAPSHOT, pack_archive

from florilegium.manifests.location import sha256
from florilegium.pipelines import recipe as recipes
from florilegium.pipelines.commoncrawl.index import SnapshotError
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.commoncrawl.plan import PlanError, listed, read_head, read_row
from florilegium.pipelines.commoncrawl.selection import select
from florilegium.pipelines.demo.web import captures, pack
from florilegium.pipelines.harvest.inputs import InputError, find_files, plan_units
from florilegium.pipelines.harvest.warc import Record, read


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return demo_archive(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture
def choose(archive, tmp_path):
    """Selects by a recipe with some lines more; gives the plan and what it came to."""

    def run(*lines, base=archive, name="plan.parquet"):
        chosen = recipes.load(str(recipe(tmp_path, base, *lines)))
        out = tmp_path / name
        return out, select(chosen, out)

    return run


def index_of(archive, subset="warc"):
    parts = (archive / "cc-index").rglob(f"subset={subset}/*.parquet")
    return pa.concat_tables([pq.read_table(part) for part in sorted(parts)]).to_pylist()


def urls(plan):
    """The addresses of the records that a plan brings, by subset."""
    found = {}
    for row, _ in enumerate(listed(plan)):
        subset = read_row(plan, row).subset
        with fetched_row(plan, row, 1) as chosen:
            for item in chosen.items():
                assert isinstance(item, Record)
                found.setdefault(subset, set()).add(item.headers["warc-target-uri"])
    return found


def wanted(archive, test):
    html = ("text/html", "application/xhtml+xml")
    rows = [r for r in index_of(archive) if r["content_mime_detected"] in html]
    return {r["url"] for r in rows if not r["content_truncated"] and test(r)}


def test_pages_in_a_language_of_the_recipe_are_chosen_and_no_others(archive, choose):
    plan, found = choose('languages = ["deu", "pol"]')
    expected = wanted(archive, lambda row: row["content_languages"] in ("deu", "pol"))
    assert urls(plan)["warc"] == expected
    totals = found.head.totals
    assert totals.pages == sum(totals.languages.values()) == len(expected) > 5
    assert totals.pages + sum(totals.lost.values()) == totals.snapshot_pages
    assert totals.snapshot_pages == len(index_of(archive))


def test_the_languages_of_the_recipe_count_if_no_others_are_named(choose):
    _, found = choose()
    assert {"deu", "mlt", "isl"} <= set(found.head.totals.languages)
    assert "zho" not in found.head.totals.languages
    assert "bar_Latn" in found.unnamed


def test_one_of_several_languages_is_enough_and_a_page_without_any_is_left(tmp_path):
    said = {url: code for url, code in languages().items() if code != "zho"}
    folder = pack_archive(
        tmp_path / "several",
        pack(tmp_path / "w"),
        lambda url: None if url not in said else f"zho,{said[url]}",
    )
    chosen = recipes.load(str(recipe(tmp_path, folder, 'languages = ["fra"]')))
    found = select(chosen, tmp_path / "plan.parquet")
    assert found.head.totals.pages == sum(code == "fra" for code in said.values())
    assert set(found.head.totals.languages) == {"zho"}


def test_domains_are_looked_up_in_few_row_groups(archive, tmp_path):
    small = pack_archive(
        tmp_path / "small",
        pack(tmp_path / "w"),
        languages().get,
        rows_in_a_group=4,
    )
    domain = next(r["url_host_registered_domain"] for r in index_of(small) if r["url"])
    lines = f'domains = ["{domain}"]', "robots = false"
    chosen = recipes.load(str(recipe(tmp_path, small, *lines)))
    found = select(chosen, tmp_path / "plan.parquet")
    known = set(languages().values()) - {"zho"}
    expected = wanted(small, lambda row: row["url_host_registered_domain"] == domain)
    expected = {url for url in expected if languages()[url] in known}
    assert urls(tmp_path / "plan.parquet")["warc"] == expected
    assert found.row_groups_read * 3 < found.row_groups
    assert found.head.totals.snapshot_pages == len(index_of(small))


def test_pages_under_some_top_level_domains_are_chosen_whatever_their_language(archive, choose):
    rows = index_of(archive)
    tld = rows[0]["url_host_tld"]
    plan, _ = choose('languages = ["fra"]', f'any_language_tlds = ["{tld}"]', "robots = false")
    expected = wanted(
        archive, lambda r: r["content_languages"] == "fra" or r["url_host_tld"] == tld
    )
    assert urls(plan)["warc"] == expected


def test_robots_txt_of_chosen_hosts_is_chosen_too(archive, choose):
    plan, found = choose('languages = ["deu", "swe"]')
    brought = urls(plan)
    hosts = {r["url_host_name"] for r in index_of(archive) if r["url"] in brought["warc"]}
    sites = {host.removeprefix("www.") for host in hosts}
    robots = index_of(archive, "robotstxt")
    expected = [r["url"] for r in robots if r["url_host_name"].removeprefix("www.") in sites]
    assert brought["robotstxt"] == set(expected)
    assert 0 < len(expected) < len(robots)
    assert found.head.totals.robots == len(expected)
    plan, found = choose("robots = false", name="without.parquet")
    assert set(urls(plan)) == {"warc"}


def test_records_are_where_the_plan_says_and_the_digest_is_of_them_alone(archive, choose):
    plan, _ = choose('languages = ["deu"]')
    for number, short in enumerate(listed(plan)):
        row = read_row(plan, number)
        file = (archive / short.file).read_bytes()
        pieces = [file[o : o + n] for o, n in zip(row.offsets, row.lengths, strict=True)]
        with fetched_row(plan, number, 1) as chosen:
            assert chosen.path.read_bytes() == b"".join(pieces)
            assert chosen.sha256 == sha256(chosen.path)
            assert chosen.passed_over == row.requests.bytes - sum(map(len, pieces))
            items = list(chosen.items())
            alike = list(read(chosen.path))
        assert [i.offset for i in items] == row.offsets.tolist()
        assert [i.length for i in items] == row.lengths.tolist()
        assert [i.block for i in items] == [i.block for i in alike]


def test_what_is_no_record_is_damage_of_that_length_and_harms_no_other(archive, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(archive, broken)
    chosen = recipes.load(str(recipe(tmp_path, broken, "robots = false")))
    plan = tmp_path / "plan.parquet"
    select(chosen, plan)
    row = read_row(plan, 0)
    file = broken / row.file
    data = bytearray(file.read_bytes())
    offset, length = int(row.offsets[1]), int(row.lengths[1])
    data[offset : offset + length] = b"\0" * length
    file.write_bytes(data)
    with fetched_row(plan, 0, 1) as found:
        items = list(found.items())
    assert [i.offset for i in items] == row.offsets.tolist()
    assert [isinstance(i, Record) for i in items] == [n != 1 for n in range(len(items))]
    assert items[1].length == length


def test_how_a_file_is_read_does_not_change_what_is_read(choose):
    cheap = "megabytes_per_second = 0.001"
    one, streamed = choose('languages = ["deu", "fra"]', name="one.parquet")
    two, ranged = choose('languages = ["deu", "fra"]', cheap, name="two.parquet")
    assert set(streamed.head.totals.modes) == {"stream"}
    assert "ranges" in ranged.head.totals.modes
    assert ranged.head.totals.read_bytes == ranged.head.totals.wanted_bytes
    assert streamed.head.totals.read_bytes > streamed.head.totals.wanted_bytes
    assert urls(one) == urls(two)
    units = [plan_units(find_files([str(plan)]), "recipe") for plan in (one, two)]
    assert [u.fingerprint for u in units[0]] == [u.fingerprint for u in units[1]]


def test_the_same_recipe_gives_the_same_plan_byte_by_byte(choose):
    one, _ = choose(name="one.parquet")
    two, _ = choose(name="two.parquet")
    assert one.read_bytes() == two.read_bytes()


def test_what_an_earlier_plan_has_read_is_not_chosen_again(archive, choose, tmp_path):
    earlier, _ = choose('languages = ["deu", "fra"]', name="earlier.parquet")
    chosen = recipes.load(str(recipe(tmp_path, archive, 'languages = ["fra", "pol"]')))
    later = tmp_path / "later.parquet"
    found = select(chosen, later, [earlier])
    digest = {row["url"]: row["content_digest"] for row in index_of(archive)}
    known = {digest[url] for url in urls(earlier)["warc"]}
    both = wanted(archive, lambda row: row["content_languages"] in ("fra", "pol"))
    expected = {url for url in both if digest[url] not in known}
    assert urls(later)["warc"] == expected
    assert found.head.totals.lost["digest"] == len(both) - len(expected) > 0


def test_the_first_files_by_name_are_enough_to_try_things_out(archive, choose):
    plan, found = choose("max_files = 2", "robots = false")
    names = sorted({row["warc_filename"] for row in index_of(archive)})
    assert sorted(one.file for one in listed(plan)) == names[:2]
    assert found.head.totals.lost["max_files"] > 0


def test_whole_files_are_read_from_end_to_end(archive, choose):
    plan, found = choose('read = "warc"', "max_files = 1")
    (short,) = listed(plan)
    with fetched_row(plan, 0, 1) as chosen:
        assert chosen.path.read_bytes() == (archive / short.file).read_bytes()
        assert chosen.passed_over is None
        assert len(list(chosen.items())) > 30
    assert found.head.totals.modes == {"all": 1}


def test_units_are_named_as_in_the_archive_and_robots_do_not_collide_with_pages(choose):
    plan, _ = choose()
    units = plan_units(find_files([str(plan)]), "recipe")
    assert len({unit.name.rpartition("/")[2] for unit in units}) < len(units)
    assert all(unit.name.startswith(f"crawl-data/{SNAPSHOT}/segments/") for unit in units)
    again = plan.with_name("again.parquet")
    again.write_bytes(plan.read_bytes())
    with pytest.raises(InputError, match="two inputs are named"):
        plan_units(find_files([str(plan), str(again)]), "recipe")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (('languages = ["haw"]',), "nothing of .* captures is wanted .*language"),
        (('mime = ["image/png"]',), "failed: .*mime"),
    ],
)
def test_a_selection_of_nothing_says_what_stood_in_the_way(lines, said, choose, tmp_path):
    with pytest.raises(SnapshotError, match=said):
        choose(*lines)
    assert not (tmp_path / "plan.parquet").exists()


def test_a_snapshot_that_is_not_there_is_said_to_be(archive, tmp_path):
    path = recipe(tmp_path, archive)
    path.write_text(path.read_text().replace(SNAPSHOT, "CC-MAIN-2031-01"))
    with pytest.raises(SnapshotError, match=r"no snapshot 'CC-MAIN-2031-01'.*collinfo"):
        select(recipes.load(str(path)), tmp_path / "plan.parquet")
    with pytest.raises(SnapshotError, match="names no snapshot"):
        select(recipes.load("european"), tmp_path / "plan.parquet")


def rewritten(archive, folder, change):
    """A copy of the archive whose index was changed row by row."""
    shutil.copytree(archive, folder)
    for part in (folder / "cc-index").rglob("subset=warc/*.parquet"):
        table = pq.read_table(part)
        rows = [change(dict(row)) for row in table.to_pylist()]
        pq.write_table(pa.Table.from_pylist(rows), part)
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: {**row, "warc_filename": "../../secret"}, "cannot be: '../../secret'"),
        (lambda row: {**row, "warc_record_length": 10**8}, "contradicts itself"),
        (lambda row: {**row, "warc_record_offset": -5}, "contradicts itself"),
        (lambda row: {k: v for k, v in row.items() if k != "content_languages"}, "no column"),
    ],
)
def test_an_index_that_cannot_be_right_is_refused(change, said, archive, tmp_path):
    folder = rewritten(archive, tmp_path / "bad", change)
    with pytest.raises(ValueError, match=said):
        select(recipes.load(str(recipe(tmp_path, folder))), tmp_path / "plan.parquet")


def test_what_is_no_plan_is_refused(tmp_path, choose):
    table = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": [1]}), table)
    text = tmp_path / "text.parquet"
    text.write_text("not Parquet")
    for path in (table, text):
        with pytest.raises(PlanError, match="no plan"):
            read_head(path)
        with pytest.raises(InputError, match="no plan"):
            find_files([str(path)])


@pytest.mark.parametrize("base", ["http://169.254.169.254", "ftp://x.example"])
def test_a_plan_that_leads_to_where_no_recipe_may_is_refused(base, choose, tmp_path):
    plan, _ = choose("robots = false")
    head = json.loads(pq.read_metadata(plan).metadata[b"florilegium.plan"])
    head["place"]["base"] = base
    forged = tmp_path / "forged.parquet"
    table = pq.read_table(plan).replace_schema_metadata()
    with pq.ParquetWriter(forged, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({b"florilegium.plan": json.dumps(head).encode()})
    with pytest.raises(PlanError, match="no plan that can be used"):
        read_head(forged)


def test_every_page_of_the_demonstration_is_in_the_archive_once(archive):
    rows = [
        r["url"] for s in ("warc", "robotstxt", "crawldiagnostics") for r in index_of(archive, s)
    ]
    assert len(rows) == len([c for c in captures() if c.url.startswith("http")])


def test_whoever_watches_is_told_how_much_of_the_index_is_read(archive, tmp_path):
    told = []
    chosen = recipes.load(str(recipe(tmp_path, archive, "robots = false")))
    select(chosen, tmp_path / "plan.parquet", watch=lambda done, whole: told.append((done, whole)))
    assert told == [(1, 2), (2, 2)]


def run(*words):
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "select", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_command_says_what_it_chose_and_what_that_saves(archive, tmp_path):
    path, plan = recipe(tmp_path, archive), tmp_path / "plan.parquet"
    said = run(path, "--out", plan)
    assert said.returncode == 0, said.stderr
    totals = read_head(plan).totals
    for line in (
        f"pages       {totals.pages}, {totals.pages / totals.snapshot_pages:.2%} of all",
        f"robots.txt  {totals.robots} captures",
        "less than the about",
        "The index has no name for",
        f"florilegium build {path} --input {plan}",
    ):
        assert line in said.stdout
    answer = json.loads(run(path, "--out", plan, "--output", "json").stdout)
    assert answer["head"]["totals"]["pages"] == totals.pages


@pytest.mark.parametrize(
    ("out", "name", "code", "said"),
    [
        ("plan.json", "CC-MAIN-2026-43", 2, "a plan is a Parquet file"),
        ("plan.parquet", "CC-MAIN-2031-01", 2, "there is no snapshot"),
        ("plan.parquet", "latest", 2, "snapshot"),
        ("nowhere/plan.parquet", "CC-MAIN-2026-43", 1, "nowhere"),
    ],
)
def test_a_command_that_cannot_work_says_why_in_a_line(out, name, code, said, archive, tmp_path):
    path = recipe(tmp_path, archive)
    path.write_text(path.read_text().replace(SNAPSHOT, name))
    done = run(path, "--out", tmp_path / out)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert said in done.stderr
