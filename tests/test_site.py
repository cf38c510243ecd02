"""The site of documents: every page is reached, every link leads on, nothing comes from outside."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from shown import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SPHINX = ROOT / "build" / "sphinx" / "bin" / "sphinx-build"
LOADED = {
    "audio": "src", "embed": "src", "iframe": "src", "img": "src", "input": "src", "link": "href",
    "object": "data", "script": "src", "source": "src", "track": "src", "video": "src",
}  # fmt: skip
"""Elements that a browser loads something for, and where they name it."""

pytestmark = pytest.mark.skipif(not SPHINX.exists(), reason="`make tools` was not run")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, made as `make site` does; a warning of Sphinx's ends it with an error."""
    folder = tmp_path_factory.mktemp("site") / "site"
    made = subprocess.run(
        ["make", "site", f"SITE={folder}"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert made.returncode == 0, made.stderr
    return folder


@cache
def tree(page):
    return HTMLParser(page.read_text("utf-8"))


@cache
def anchors(page):
    return {node.attributes["id"] for node in tree(page).css("[id]")} | {""}


def pages(site):
    found = sorted(site.rglob("*.html"))
    assert len(found) > 40
    return found


def links(page):
    """Files of the site to which a page links, and the places in them."""
    for node in tree(page).css("a[href], area[href]"):
        target = node.attributes["href"]
        if urlsplit(target).scheme in ("", "file"):
            path, place = urldefrag(target)
            yield target, (page.parent / unquote(path) if path else page), unquote(place)


def test_every_internal_link_leads_to_a_file_and_every_anchor_to_a_place(site):
    broken = []
    for page in pages(site):
        for target, file, place in links(page):
            known = anchors(file) if file.suffix == ".html" and file.is_file() else {""}
            if not file.is_file() or place not in known:
                broken.append(f"{page.relative_to(site)}: {target}")
    assert broken == []


def test_every_page_is_reached_from_the_index(site):
    first = (site / "index.html").resolve()
    assert 'url=docs/index.html"' in first.read_text()
    waiting, seen = [first], set()
    while waiting:
        page = waiting.pop().resolve()
        if page not in seen and page.suffix == ".html":
            seen.add(page)
            waiting += [file for _, file, _ in links(page)]
    seen.add(site.resolve() / "search.html")  # the form at the top of every page leads there
    own = {page for page in pages(site) if page.parent.name != "_static"}
    assert {page.relative_to(site.resolve()) for page in seen} == {p.relative_to(site) for p in own}


def test_every_document_has_a_page(site):
    documents = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
    ]
    assert len(documents) > 40
    for path in documents:
        assert (site / path.relative_to(ROOT)).with_suffix(".html").is_file(), path


def test_nothing_is_loaded_from_elsewhere(site):
    outside = re.compile(r"^([a-z+.-]+:)?//", re.IGNORECASE)
    found = []
    for page in pages(site):
        for node in tree(page).css(", ".join(LOADED)):
            target = node.attributes.get(LOADED[node.tag]) or ""
            if outside.match(target):
                found.append(f"{page.relative_to(site)}: {target}")
            elif target and not target.startswith(("#", "data:")) and node.tag != "link":
                assert (page.parent / urlsplit(target).path).is_file(), target
    for sheet in site.rglob("*.css"):
        for target in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]*)", sheet.read_text("utf-8")):
            if outside.match(target):
                found.append(f"{sheet.relative_to(site)}: {target}")
    assert found == []


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("word", ["robots.txt", "duplicate_line_share", "florilegium whatif"])
def test_the_site_is_searched_from_a_disk_in_a_browser(site, word, tmp_path):
    address = f"{(site / 'search.html').as_uri()}?q={word.replace(' ', '+')}"
    shown = subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000",
         "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path}", "--dump-dom",
         address],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = HTMLParser(shown).css("#search-results ul.search li a")
    assert any(
        Path(link.attributes["href"]).name.split(".html")[0]
        in ("README", "rules", "commands", "recipe", "measures")
        for link in found
    ), shown[-2000:]
