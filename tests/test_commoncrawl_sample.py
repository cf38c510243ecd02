"""Real pages, packed as Common Crawl packs them, on a server that speaks S3: all that is wanted."""

import csv
from pathlib import Path

import pytest
from archives import recipe
from crawl_archive import pack_archive

from florilegium.filters.language_table import LANGUAGES
from florilegium.manifests.location import files
from florilegium.pipelines import recipe as recipes
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.commoncrawl.plan import listed
from florilegium.pipelines.commoncrawl.selection import select
from florilegium.pipelines.harvest.warc import Record

pytest_plugins = ["servers"]

WARC = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "warc"
SAMPLE = "sample-open-00.warc.gz"


def declared():
    """The language that each page of the sample is declared to be in, by its address."""
    by_tag = {one.bcp47: code[:3] for code, one in reversed(LANGUAGES.items())}
    with (WARC / "INDEX.tsv").open(encoding="utf-8") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["url"]: by_tag.get(row["lang"].rstrip("?")) for row in rows}


@pytest.mark.skipif(not WARC.is_dir(), reason="no real pages in ../shared beside the checkout")
def test_of_real_pages_the_wanted_come_and_little_else(
    tmp_path, any_s3_address, new_bucket, capsys
):
    languages = declared()
    archive = pack_archive(tmp_path / "archive", [WARC / SAMPLE], languages.get)
    bucket = new_bucket(any_s3_address)
    for path, _ in files(archive):
        (bucket / str(path.relative_to(archive))).write_bytes(path.read_bytes())
    lines = f'endpoint = "{any_s3_address}"', 'languages = ["ces", "pol"]'
    lines += "megabytes_per_second = 0.2", "robots = false"
    chosen = recipes.load(str(recipe(tmp_path, str(bucket), *lines)))
    found = select(chosen, tmp_path / "plan.parquet")
    urls = []
    for row, _ in enumerate(listed(tmp_path / "plan.parquet")):
        with fetched_row(tmp_path / "plan.parquet", row, 1) as at_hand:
            for item in at_hand.items():
                assert isinstance(item, Record)
                urls.append(item.headers["warc-target-uri"])
    totals = found.head.totals
    assert len(urls) == totals.pages > 20
    assert {languages[url] for url in urls} == {"ces", "pol"}
    assert totals.read_bytes + totals.index_bytes < totals.snapshot_bytes / 3
    with capsys.disabled():
        share, read = totals.pages / totals.snapshot_pages, totals.read_bytes
        print(f"\n{share:.1%} of the pages: {read:,} of {totals.snapshot_bytes:,} bytes read")
