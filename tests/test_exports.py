"""Exports of a release written by hand are those in tests/golden/exports, byte by byte.

After a change that is meant: `python tests/test_exports.py`, and read what became of them.
"""

import json
import re
import tempfile
import tomllib
from pathlib import Path

import pytest
from by_hand_release import LOSSES, STATED, by_hand
from msgspec.structs import replace

from florilegium.manifests import publication
from florilegium.manifests.derived import NAMES
from florilegium.manifests.domains import Domain
from florilegium.manifests.exports import FILES, MAKERS, ai_act, top_domains
from florilegium.manifests.exports.words import cell
from florilegium.manifests.funnel import funnel
from florilegium.manifests.publication import FORMATS, NOT_STATED
from florilegium.pipelines.publishing import derived

GOLDEN = Path(__file__).parent / "golden" / "exports"
SILENT = {"exports": []}
HEADINGS = (
    "1. General information", "1.1 Provider", "1.2 Model", "1.3 Modalities", "2. List of data",
    "2.1 Publicly", "2.2 Private", "2.2.1 Datasets commercially licensed", "2.2.2 Private",
    "2.3 Data crawled", "Summary of the most relevant domain names", "2.4 User data",
    "2.5 Synthetic", "2.6 Other", "3. Data processing", "3.1 Respect of reservation",
    "3.2 Removal of illegal content", "3.3 Other information",
)  # fmt: skip


def golden_of(name, stated=True):
    path = GOLDEN / ("stated" if stated else "silent") / name
    return path.read_bytes()


@pytest.mark.parametrize("stated", [True, False], ids=["stated", "silent"])
@pytest.mark.parametrize("name", MAKERS)
def test_an_export_is_the_golden_one(tmp_path, name, stated):
    source = by_hand(tmp_path, STATED if stated else SILENT)
    assert MAKERS[name](source).decode() == golden_of(name, stated).decode()


def test_the_lists_of_files_agree():
    assert set(derived.MAKERS) == set(NAMES)
    assert {name for names in FILES.values() for name in names} == set(MAKERS)
    assert tuple(FILES) == FORMATS


@pytest.mark.parametrize("stated", [STATED, SILENT], ids=["stated", "silent"])
def test_the_summary_has_every_section_of_the_form_and_no_empty_answer(tmp_path, stated):
    text = MAKERS["export/ai-act-summary.md"](by_hand(tmp_path, stated)).decode()
    found = re.findall(r"^#+ (.*)$", text, re.M)
    places = [next(n for n, h in enumerate(found) if h.startswith(one)) for one in HEADINGS]
    assert places == sorted(places)
    assert re.findall(r":\*\* *$", text, re.M) == []
    sections = re.split(r"^#+ .*$", text, flags=re.M)[1:]
    empty = [h for h, body in zip(found, sections, strict=True) if not body.strip()]
    assert empty == ["1. General information", "2. List of data sources",
                     "3. Data processing aspects"]  # fmt: skip
    assert (NOT_STATED in text) == (stated is SILENT)


def test_a_crawl_of_others_is_a_public_dataset_and_no_crawler(tmp_path):
    stated = {"datasets": [{"name": "Crawl 7", "url": "https://crawl.example/7"}]}
    text = MAKERS["export/ai-act-summary.md"](by_hand(tmp_path, stated)).decode()
    public, crawled = (text.partition(f"### {n}")[2].partition("###")[0] for n in ("2.1", "2.3"))
    assert "used:** yes" in public
    assert "Crawl 7" in public
    assert "on its behalf:** no: see 2.1" in crawled
    assert "Crawler names or identifiers:** not applicable" in crawled


def test_how_a_recipe_gets_its_pages_need_not_be_said_twice(tmp_path):
    crawl = {"agent": "Florilegium", "contact": "https://a.example/bot", "obey": ["GPTBot"]}
    own = publication.of({"name": "small", "crawl": crawl})
    (crawler,) = own.crawlers
    assert crawler.agent == "Florilegium (+https://a.example/bot)"
    assert "to it and to GPTBot" in crawler.behaviour
    assert not any("crawlers" in key for key in publication.missing(own, "ai-act"))
    stated = publication.of({"crawl": crawl, "release": {"crawlers": [{"name": "Heritrix"}]}})
    assert [one.name for one in stated.crawlers] == ["Heritrix"]
    taken = publication.of({"commoncrawl": {"snapshot": "CC-MAIN-2026-43", "base": "s3://x"}})
    assert [(one.name, one.url) for one in taken.datasets] == [
        ("Common Crawl CC-MAIN-2026-43", "s3://x")
    ]
    with pytest.raises(ValueError, match="crawl"):
        publication.of({"crawl": ["GPTBot"]})


@pytest.mark.parametrize(
    ("tokens", "size"),
    [
        (10**9 - 1, "less than 1 billion tokens"),
        (10**9, "1 billion to 10 trillion tokens"),
        (10**13, "1 billion to 10 trillion tokens"),
        (10**13 + 1, "more than 10 trillion tokens"),
    ],
)
def test_sizes_are_in_the_ranges_of_the_form(tokens, size):
    assert ai_act._size(tokens) == size


def test_the_largest_domains_are_listed_by_bytes_and_domains_with_losses_only_are_not(tmp_path):
    source = by_hand(tmp_path)
    assert top_domains.number_of(source) == 22
    found = top_domains.largest(source, 3)
    assert [name for name, _ in found] == [f"seite-{n}.example" for n in (21, 20, 19)]
    assert found[0][1] == Domain(1, 31, 247, 1)
    lines = MAKERS["export/ai-act-domains.csv"](source).decode().splitlines()
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["yes", "yes", "no"]


def test_what_comes_from_the_web_or_the_publisher_stays_text_in_markdown(tmp_path):
    release = STATED | {"description": "<script>a</script>\n# b | [c](d)"}
    for name in ("README.md", "export/ai-act-summary.md"):
        text = MAKERS[name](by_hand(tmp_path / name.replace("/", "-"), release)).decode()
        assert "<script>" not in text
        assert "\n# b" not in text
    assert cell("\x1b[1m\u202e|") == "\ufffd\\[1m\ufffd\\|"


def test_every_event_of_the_lineage_bears_the_same_run_and_the_right_sums(tmp_path):
    source = by_hand(tmp_path)
    start, done = map(json.loads, MAKERS["export/openlineage.jsonl"](source).splitlines())
    assert [start["eventType"], done["eventType"]] == ["START", "COMPLETE"]
    assert start["run"] == done["run"]
    (output,) = done["outputs"]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == source.manifest.documents
    assert done["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"] == 57


def test_what_is_missing_is_named_for_each_format():
    silent = publication.of({})
    assert list(publication.missing(silent, "openlineage")) == ["release.published"]
    stated = publication.of({"release": STATED})
    assert [list(publication.missing(stated, form)) for form in FORMATS] == [[]] * len(FORMATS)
    half = publication.of({"release": STATED | {"crawlers": [{"name": "x", "agent": "x/1"}]}})
    assert list(publication.missing(half, "ai-act")) == [
        "release.crawlers[0].purpose", "release.crawlers[0].behaviour",
    ]  # fmt: skip


def test_the_recipe_of_the_how_to_answers_the_whole_form():
    page = (Path(__file__).parent.parent / "docs" / "exports.md").read_text("utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    stated = publication.of(tomllib.loads(shown))
    assert list(publication.missing(stated, "ai-act")) == []
    assert list(publication.missing(stated, "card")) == []


def test_a_release_of_nothing_is_described_too(tmp_path):
    source = by_hand(tmp_path, SILENT)
    nothing = replace(
        source.manifest, documents=0, records=14, funnel=funnel(LOSSES, {}), languages=(),
        captured={}, licences=(), shards=(), inputs=but_records(source.manifest.inputs, 14),
        tables=(),
    )  # fmt: skip
    made = {name: make(replace(source, manifest=nothing)) for name, make in MAKERS.items()}
    assert made["export/ai-act-domains.csv"].count(b"\n") == 1
    assert b"Period of data collection:** not applicable" in made["export/ai-act-summary.md"]
    assert json.loads(made["croissant.json"])["recordSet"] == []


def but_records(inputs, records):
    return (replace(inputs[0], records=records), *inputs[1:])


@pytest.mark.parametrize("day", ["2026-02-30", "26-02-03", "2026-2-3", "yesterday"])
def test_a_day_that_is_none_is_refused(day):
    with pytest.raises(ValueError, match="day"):
        publication.of({"release": {"published": day}})


def rewrite():
    """Write what exports are now."""
    for stated in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            source = by_hand(Path(folder), STATED if stated else SILENT)
            for name, make in MAKERS.items():
                path = GOLDEN / ("stated" if stated else "silent") / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(make(source))


if __name__ == "__main__":
    rewrite()
