"""Texts that somebody else took out of pages: WET files of Common Crawl."""

import pytest
from archives import SNAPSHOT, add_wet, conversion, recipe
from msgspec.structs import replace

from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.commoncrawl.index import SnapshotError
from florilegium.pipelines.commoncrawl.plan import listed
from florilegium.pipelines.commoncrawl.selection import select
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.stages import Tools, harvest_page, page_of
from florilegium.pipelines.harvest.units import opened
from florilegium.pipelines.pages.page import Page
from florilegium.pipelines.recipe import load, parse

TEXT = (
    "Im Moor wird seit Jahrhunderten Torf gestochen, und wer dort arbeitet, kennt die Stille.\n"
    "Die Bauern trockneten die Soden an der Luft und heizten damit durch den langen Winter.\n"
    "Heute wachsen auf den alten Flächen wieder Wollgras und Sonnentau, und der Kranich brütet.\n"
)
URL = "https://moor.example/torf"
READS = replace(load("demo"), conversions="read")


def page(record, wanted=READS):
    return page_of(record, "a.warc.wet.gz", wanted)


@pytest.fixture(scope="module")
def tools():
    with Tools(READS) as loaded:
        yield loaded


def test_a_text_becomes_a_document_as_it_is(tools):
    found = harvest_page(page(conversion(URL, TEXT)), tools)
    assert isinstance(found, Document)
    assert found.text == TEXT.strip()
    assert (found.lang, found.url, found.host) == ("deu_Latn", URL, "moor.example")
    assert (found.extractor, found.extraction_confidence) == ("wet", None)
    assert found.crawl_time == 1_792_285_323


def test_of_its_page_nothing_is_known(tools):
    found = harvest_page(page(conversion(URL, TEXT)), tools)
    assert (found.title, found.published, found.license, found.canonical) == (None,) * 4
    assert found.rights == 0


def test_unless_the_recipe_says_so_it_is_lost():
    found = page(conversion(URL, TEXT), load("demo"))
    assert (found.stage, found.rule, found.detail) == ("read", "record_type", "conversion")


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        (conversion(URL, TEXT, kind="image/png"), "record_type"),
        (conversion("ftp://moor.example/", TEXT), "not_http"),
        (conversion(URL, " \n "), "empty"),
        (replace(conversion(URL, TEXT), declared=10_000), "cut_short"),
    ],
)
def test_what_is_no_whole_text_is_lost_by_the_rules_for_pages(record, rule):
    found = page(record)
    assert isinstance(found, Loss)
    assert found.rule == rule


@pytest.mark.parametrize(
    ("text", "stage", "rule"),
    [
        ("Zu kurz.", "extract", "too_short"),
        ("天气很好，我们去公园散步，看见许多花。" * 20, "identify", "language"),
        ("\0" * 5_000, "decode", "binary"),
    ],
)
def test_a_text_is_judged_like_one_that_we_found_ourselves(text, stage, rule, tools):
    found = harvest_page(page(conversion(URL, text)), tools)
    assert isinstance(found, Loss)
    assert (found.stage, found.rule) == (stage, rule)


def test_markup_in_a_text_is_no_markup(tools):
    last = "Das Element <p> steht für einen Absatz."
    found = harvest_page(page(conversion(URL, TEXT + last)), tools)
    assert found.text.endswith(last)


def test_wet_files_are_input_by_name_by_folder_and_by_plan(tmp_path):
    records = [conversion(f"{URL}/{n}", TEXT) for n in range(3)]
    file = add_wet(tmp_path / "archive", records)
    assert [one.place for one in find_files([str(file.parent)])] == [file]
    path = recipe(tmp_path, tmp_path / "archive", 'read = "wet"')
    with pytest.raises(SnapshotError, match='set `conversions = "read"`'):
        select(load(str(path)), tmp_path / "plan.parquet")
    wanted = parse(b'conversions = "read"\n' + path.read_bytes(), "wet.toml")
    found = select(wanted, tmp_path / "plan.parquet")
    assert found.head.totals.modes == {"all": 1}
    (row,) = listed(tmp_path / "plan.parquet")
    assert row.file.startswith(f"crawl-data/{SNAPSHOT}/")
    assert row.file.endswith(".wet.gz")
    unit = Unit(name=row.file, path=str(tmp_path / "plan.parquet"), bytes=1, fingerprint="", row=0)
    with opened(unit) as source:
        pages = [page(item) for item in source.items()]
    assert [isinstance(one, Page) for one in pages] == [True] * 3
