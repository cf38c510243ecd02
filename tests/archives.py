"""A snapshot in Common Crawl's layout, made of the demonstration's pages."""

import gzip
from pathlib import Path

from crawl_archive import SNAPSHOT, member, pack_archive

from florilegium.pipelines.demo.web import captures, pack
from florilegium.pipelines.harvest.warc import Record

RECIPE = f"""
name = "chosen"
languages = ["european"]

[commoncrawl]
snapshot = "{SNAPSHOT}"
requests_per_second = 1000
"""


def languages():
    """What the index says of each page: its language if it was kept or opted out, else Chinese."""
    found = {one.url: _language(one) for one in captures()}
    return {url: {"nob": "nor", "hbs": "hrv"}.get(lang, lang) for url, lang in found.items()}


def _language(capture):
    if capture.fate == "kept":
        return capture.reason[:3]
    opted_out = capture.reason.startswith("rights:") and capture.page[3] == "-"
    return capture.page[:3] if opted_out else "zho"


def demo_archive(folder):
    """Write the snapshot into a folder; return the folder."""
    return pack_archive(folder / "archive", pack(folder / "warcs"), languages().get)


def conversion(url, text, kind="text/plain"):
    """A text that was taken out of a page, as WET files have it."""
    block = text.encode()
    headers = {
        "warc-type": "conversion",
        "warc-target-uri": url,
        "warc-date": "2026-10-18T01:02:03Z",
        "warc-record-id": f"<urn:uuid:{url}>",
        "warc-refers-to": "<urn:uuid:00000000-0000-4000-8000-000000000000>",
        "warc-identified-content-language": "deu",
        "content-type": kind,
        "content-length": str(len(block)),
    }
    return Record(
        offset=0, length=0, kind="conversion", headers=headers, block=block, declared=len(block)
    )


def add_wet(archive, records):
    """Add a WET file to a snapshot; return its path."""
    name = "CC-MAIN-20261018000000-20261018030000-00000.warc.wet.gz"
    key = f"crawl-data/{SNAPSHOT}/segments/1760700000000.0/wet/{name}"
    (archive / key).parent.mkdir(parents=True)
    (archive / key).write_bytes(b"".join(map(member, records)))
    listed = archive / "crawl-data" / SNAPSHOT / "wet.paths.gz"
    listed.write_bytes(gzip.compress(f"{key}\n".encode(), mtime=0))
    return archive / key


def recipe(folder, base, *lines, name="chosen.toml", text=RECIPE):
    """Write a recipe that reads an archive; return its path."""
    path = Path(folder, name)
    if any(line.startswith("requests_per_second") for line in lines):
        text = text.replace("requests_per_second = 1000\n", "")
    path.write_text("\n".join([text, f'base = "{base}"', *lines]))
    return path
