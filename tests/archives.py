"""A snapshot in Common Crawl's layout, made of the demonstration's pages."""

from pathlib import Path

from crawl_archive import SNAPSHOT, pack_archive

from florilegium.pipelines.demo_web import captures, pack

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


def recipe(folder, base, *lines, name="chosen.toml", text=RECIPE):
    """Write a recipe that reads an archive; return its path."""
    path = Path(folder, name)
    if any(line.startswith("requests_per_second") for line in lines):
        text = text.replace("requests_per_second = 1000\n", "")
    path.write_text("\n".join([text, f'base = "{base}"', *lines]))
    return path
