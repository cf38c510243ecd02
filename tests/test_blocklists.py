"""Blocklists: the formats they come in, what they match, and what they cost a build."""

import gzip
import hashlib
import io
import tarfile

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florilegium.filters.blocklist import Blocklist as Entries
from florilegium.filters.blocklist import entry_of
from florilegium.manifests.verify import verify
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import console_for
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.demo.web import pack
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.named.blocklists import Blocklist, Blocklists, check_all
from florilegium.pipelines.named.files import NamedFileError, place_of, there
from florilegium.pipelines.provenance import harvest_fingerprint
from florilegium.pipelines.recipe import load

PLAIN = "# games\nspiel.example\nhttps://Zeitung.example/Anzeigen/\n*.wette.example\n\n"
HOSTS = "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 Tracker.Example # bad\n"


def named(path, **changes):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Blocklist(**{"name": "mine", "path": str(path), "sha256": digest, **changes})


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("spiel.example", "spiel.example"),
        ("  Spiel.Example.  ", "spiel.example"),
        ("0.0.0.0 a.b.example", "a.b.example"),
        ("::1 a.b.example # why", "a.b.example"),
        ("https://a.example:443/x%41/y/", "a.example/xA/y"),
        ("a.example/x?y=1", "a.example/x?y=1"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("# remark", None),
        ("", None),
        ("127.0.0.1 localhost", None),
    ],
)
def test_a_line_names_what_it_says(line, entry):
    assert entry_of(line) == entry


@pytest.mark.parametrize("line", ["com", "two words", "<html>", "||a.example^", "http://"])
def test_a_line_of_something_else_is_refused(line):
    with pytest.raises(ValueError, match=r"host|domain"):
        entry_of(line)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://spiel.example/", True),
        ("http://www.forum.SPIEL.example:8080/a?b", True),
        ("https://meinspiel.example/", False),
        ("https://example/", False),
        ("https://zeitung.example/Anzeigen", True),
        ("https://www.zeitung.example/Anzeigen/1?x=2", True),
        ("https://zeitung.example/Anzeigenteil", False),
        ("https://zeitung.example/", False),
        ("https://blog.zeitung.example/Anzeigen/", False),
        ("https://zeitung.example/%41nzeigen/../Anzeigen/x", True),
        ("urn:spiel.example", False),
        ("https://[::1]/spiel.example", False),
    ],
)
def test_a_domain_and_a_path_stand_for_all_below_them(url, found):
    entries = Entries((entry, 3) for line in PLAIN.splitlines() if (entry := entry_of(line)))
    assert entries.find(url) == (3 if found else None)


@given(st.text() | st.text("a.:/?#%@[]", max_size=30).map("http://{}".format))
def test_any_text_is_an_address_that_is_found_or_not(text):
    assert Entries([("a.a", 0), ("a.a/a", 1)]).find(text) in (None, 0, 1)


def test_a_plain_list_and_a_hosts_file_are_read_packed_or_not(tmp_path):
    (tmp_path / "plain.txt").write_text(PLAIN)
    (tmp_path / "hosts.gz").write_bytes(gzip.compress(HOSTS.encode()))
    lists = Blocklists([named(tmp_path / "plain.txt"), named(tmp_path / "hosts.gz", name="ads")])
    assert len(lists) == 4
    assert str(lists.find("https://x.spiel.example/")) == "mine"
    assert str(lists.find("https://tracker.example/")) == "ads"
    assert lists.find("https://localhost/") is None


def categories(folder):
    (folder / "gambling").mkdir(parents=True)
    (folder / "press").mkdir()
    (folder / "gambling" / "domains").write_text("wette.example\nlos.example\n")
    (folder / "gambling" / "urls").write_text("portal.example/wetten\n")
    (folder / "press" / "domains.gz").write_bytes(gzip.compress(b"zeitung.example\n"))
    (folder / "press" / "usage").write_text("black and white and not a domain\n")


def archived(folder, path):
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "blacklists")
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_or_archive_of_categories_is_read_and_the_category_named(packed, tmp_path):
    categories(tmp_path / "ut1")
    place = archived(tmp_path / "ut1", tmp_path / "ut1.tar.gz") if packed else tmp_path / "ut1"
    with pytest.raises(NamedFileError, match='needs its digest in the recipe: sha256 = "') as told:
        Blocklists([Blocklist(name="ut1", path=str(place))])
    digest = str(told.value).split('"')[1]
    lists = Blocklists([Blocklist(name="ut1", path=str(place), sha256=digest)])
    assert str(lists.find("http://m.wette.example/")) == "ut1/gambling"
    assert str(lists.find("http://portal.example/wetten/heute")) == "ut1/gambling"
    assert str(lists.find("http://zeitung.example/")) == "ut1/press"
    only = Blocklist(name="ut1", path=str(place), sha256=digest, categories=("press",))
    assert Blocklists([only]).find("http://wette.example/") is None
    with pytest.raises(NamedFileError, match=r"no category 'pres'.*there are: gambling, press"):
        Blocklists([replace(only, categories=("pres",))])


def test_another_list_and_what_is_no_list_are_refused(tmp_path):
    (tmp_path / "list").write_text(PLAIN)
    chosen = named(tmp_path / "list")
    check_all([chosen])
    (tmp_path / "list").write_text(PLAIN + "neu.example\n")
    with pytest.raises(NamedFileError, match="is not the blocklist of the recipe"):
        check_all([chosen])
    with pytest.raises(NamedFileError, match=r"names a blocklist, and there is no file .*nothing"):
        check_all([replace(chosen, path=str(tmp_path / "nothing"))])
    (tmp_path / "page.html").write_text("<html>\n<p>Not a list\n<p>at all</p>\n")
    with pytest.raises(NamedFileError, match="is no list: 3 of 3 lines name nothing, first line 1"):
        Blocklists([named(tmp_path / "page.html")])
    (tmp_path / "cut.gz").write_bytes(gzip.compress(PLAIN.encode() * 50)[:60])
    with pytest.raises(NamedFileError, match=r"cut\.gz"):
        Blocklists([named(tmp_path / "cut.gz")])
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    with pytest.raises(NamedFileError, match="no archive"):
        Blocklists([named(tmp_path / "x.tar.gz")])


def test_parts_are_made_anew_for_another_list_but_not_for_the_same_elsewhere(tmp_path):
    (tmp_path / "list").write_text(PLAIN)
    (tmp_path / "copy").write_text(PLAIN)
    (tmp_path / "other").write_text(HOSTS)
    prints = [
        harvest_fingerprint(replace(load("demo"), blocklists=(named(tmp_path / name),)))
        for name in ("list", "copy", "other")
    ]
    assert prints[0] == prints[1] != prints[2]


def test_listed_pages_of_a_build_are_in_the_ledger_with_list_and_category(tmp_path):
    warcs = pack(tmp_path / "warcs")
    (tmp_path / "list").write_text("stenbutik.example\nkommun.example/miljo\n")
    recipe = replace(load("demo"), blocklists=(named(tmp_path / "list", name="stones"),))
    plan = builds.plan(recipe, find_files(map(str, warcs)), tmp_path / "out")
    manifest = builds.build(plan, Embedded(), Display(console_for("json")))
    assert list(verify(plan.release)) == []
    ledger = pq.read_table(plan.release / "audit" / "losses").to_pylist()
    lost = [x for x in ledger if x["stage"] == "lists"]
    assert {(x["rule"], x["detail"], x["host"]) for x in lost} == {
        ("blocklist", "stones", "stenbutik.example"),
        ("blocklist", "stones", "kommun.example"),
    }
    listed = [r for r in manifest.resources if r.name == "blocklist stones"]
    assert [r.sha256 for r in listed] == [recipe.blocklists[0].sha256]
    hosts = pq.read_table(plan.release / "data", columns=["host"]).column("host").to_pylist()
    assert "stenbutik.example" not in hosts


def test_a_gzip_of_nothing_but_one_long_line_takes_no_memory(tmp_path):
    packed = io.BytesIO()
    with gzip.open(packed, "wb") as stream:
        stream.write(b"a" * (8 << 20))
    (tmp_path / "long.gz").write_bytes(packed.getvalue())
    with pytest.raises(NamedFileError, match="is no list"):
        Blocklists([named(tmp_path / "long.gz")])


def test_a_list_of_the_package_is_found_wherever_that_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = Blocklists(load("demo").blocklists).find("https://a.vyherni-automaty.example/x")
    assert str(found) == "unwanted"
    for path in ("florilegium:../pyproject.toml", "florilegium:", "florilegium:demo//x"):
        with pytest.raises(ValueError, match="is no file of florilegium"):
            place_of(path)
    with pytest.raises(NamedFileError, match="there is no file florilegium:demo/none"):
        there("florilegium:demo/none", "blocklist")
