"""The report: what it says, and that nothing in it runs, whatever pages have in them."""

import html
import itertools
import re
import shutil
import subprocess
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import Workshop

from florilegium.manifests import erasures, loss_example
from florilegium.manifests import manifest as manifests
from florilegium.manifests.loss_example import LossExample
from florilegium.manifests.predecessor import Predecessor
from florilegium.manifests.schema import LOSS_EXAMPLE_SCHEMA, to_table
from florilegium.pipelines.cli.main import main
from florilegium.pipelines.report.contents import contents
from florilegium.pipelines.report.render import render, report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Page(HTMLParser):
    """The elements of a page, and the texts of its cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.ids, self.links = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]


@pytest.fixture
def release(sealed, tmp_path):
    """A release that may be changed."""
    return sealed.copy(tmp_path)


@pytest.fixture
def page(release):
    return report(release).decode()


def test_it_says_what_the_manifest_says(release, page):
    manifest = manifests.read(release)
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    for figure in (manifest.documents, manifest.tokens, manifest.records):
        assert f"{figure:,}" in text
    assert manifest.root in text
    for step in manifest.funnel:
        for rule in step.lost:
            assert rule in text, rule


def test_it_is_the_same_each_time(release, page):
    assert report(release).decode() == page


def test_it_loads_nothing(page):
    parsed = Page(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(parsed.tags)
    assert all(link.startswith("#") for link in parsed.links)
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert not [one for one in parsed.attributes if one[1] in ("src", "style", "srcset")]
    assert not [one for one in parsed.attributes if one[1].startswith("on")]
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert html.unescape(policy).startswith("default-src 'none'; style-src 'sha256-")


def luminance(colour):
    """The relative luminance of a colour, as WCAG 2.2 defines it."""
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_and_so_do_bars(page):
    schemes = re.findall(r":root \{([^}]+)\}", page)
    assert len(schemes) == 3, "light, dark and print"
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): #(\w+)", scheme))
        for text in ("text", "quiet", "link"):
            for ground in ("page", "soft"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["ink"], colours["page"]) >= 3


def test_headings_follow_one_another_and_headers_have_a_scope(page):
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1 == levels.count(1)
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))
    assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", page))
    assert '<th scope="col"></th>' not in page


def test_ids_are_distinct_and_regions_have_names(page):
    parsed = Page(page)
    assert len(parsed.ids) == len(set(parsed.ids))
    regions = parsed.attributes.count(("div", "role", "region"))
    labels = [a for a in parsed.attributes if a[:2] == ("div", "aria-label")]
    assert regions == len(labels) > 3


@pytest.fixture
def two(tmp_path, document, loss):
    """A release, and one of the same input without two of its documents, one of which is erased."""
    documents = [document(number, "deu_Latn") for number in range(12)]
    losses = [
        loss(0, "quality", "mean_line_chars", id=documents[0].id, lang="deu_Latn"),
        loss(0, "erase", "gdpr_17", id=b"\1" * 16, lang="deu_Latn"),
    ]
    made = []
    for name, held, lost in (("a", documents, ()), ("b", documents[2:], losses)):
        workshop = Workshop(tmp_path / name)
        workshop.add(held, lost)
        workshop.publish()
        workshop.seal()
        made.append(workshop.release)
    return made


def test_the_difference_to_the_parent_is_told(two):
    before, after = two
    made = contents(after, manifests.read(after), (before, manifests.read(before)))
    (change,) = made.difference.languages
    assert (change.name, change.ways["went"].documents, change.documents) == ("deu_Latn", 2, 2)
    assert sum(one.ways["went"].documents for one in made.difference.domains) == 2
    assert {(one.stage, one.rule) for one in made.difference.reasons} == {
        ("quality", "mean_line_chars"),
        ("erase", "gdpr_17"),
    }
    text = html.unescape(re.sub(r"<[^>]+>", " ", render(made).decode()))
    assert manifests.read(before).root in text
    assert "\N{MINUS SIGN}2" in text
    itself = (after, manifests.read(after))
    same = contents(*itself, itself).difference
    assert (same.languages, same.domains, same.reasons, same.rules) == ([], [], [], [])


def test_a_release_made_by_erasure_names_what_it_was_made_of(two):
    made = contents(two[1], manifests.read(two[1]))
    assert "made of no other" in render(made).decode()
    parent = Predecessor(
        build_id="0" * 12, root="f" * 64, manifest_sha256="0" * 64, documents=12, erased=2,
        promoted=0, code={},
    )  # fmt: skip
    log = msgspec.structs.replace(made.manifest.tables[0], path=erasures.PATH)
    manifest = msgspec.structs.replace(
        made.manifest, tables=(*made.manifest.tables, log), parent=parent
    )
    text = render(msgspec.structs.replace(made, manifest=manifest)).decode()
    assert "made of no other" not in text
    assert "f" * 64 in text


HOSTILE = (
    "<script>document.documentElement.dataset.ran='script'</script>",
    "<img src=x onerror=\"document.documentElement.dataset.ran='img'\">",
    "</blockquote></details><svg onload=\"document.documentElement.dataset.ran='svg'\">",
    "<style>@import 'http://127.0.0.1:{port}/style';</style>",
    '"><iframe src="http://127.0.0.1:{port}/frame"></iframe>',
    "<link rel=stylesheet href=http://127.0.0.1:{port}/link>",
    "<img src=http://127.0.0.1:{port}/img>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)//\u202e\x00\x1b[31m",
)


def hostile_page(release, port):
    """Put hostile text where text of pages may stand, and return the report."""
    rows = [
        LossExample(
            id=bytes([n]) * 16,
            stage="duplicates",
            rule="near_duplicate",
            lang="deu_Latn",
            domain=text.format(port=port) if "{port}" in text else text,
            excerpt=text.format(port=port) if "{port}" in text else text,
        )
        for n, text in enumerate(HOSTILE)
    ]
    path = release / loss_example.PATH
    pq.write_table(to_table(rows, LOSS_EXAMPLE_SCHEMA), path)
    return report(release).decode()


def test_hostile_text_is_text(release):
    page = hostile_page(release, 1)
    parsed = Page(page)
    assert not {"script", "img", "iframe", "link"} & set(parsed.tags)
    assert parsed.tags.count("style") == 1
    assert "{{ 7 * 7 }}" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page)


class Listener(BaseHTTPRequestHandler):
    """Notes what is asked for."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def listener():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def dom_of(page, folder):
    """Return the elements of a page after a real browser showed it."""
    place = folder / "page.html"
    place.write_text(page, encoding="utf-8")
    shown = subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000",
         f"--user-data-dir={folder / 'profile'}", "--dump-dom", place.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return shown.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_in_a_browser_nothing_of_hostile_text_runs_or_loads(release, listener, tmp_path):
    port = listener.server_address[1]
    page = hostile_page(release, port)
    assert "data-ran" not in dom_of(page, tmp_path)
    assert listener.asked == []


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_policy_alone_stops_what_is_not_escaped(release, listener, tmp_path):
    port = listener.server_address[1]
    page = html.unescape(hostile_page(release, port))
    assert "data-ran" not in dom_of(page, tmp_path)
    assert listener.asked == []


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_without_escapes_and_policy_it_would_run(release, listener, tmp_path):
    port = listener.server_address[1]
    page = html.unescape(hostile_page(release, port)).replace("Content-Security-Policy", "x")
    assert "data-ran" in dom_of(page, tmp_path)
    assert "/img" in listener.asked


def test_the_command_writes_a_file_and_says_what_is_wrong(release, tmp_path):
    out = tmp_path / "report.html"
    run = CliRunner().invoke
    assert run(main, ["report", str(release), "--out", str(out)]).exit_code == 0
    assert out.read_bytes() == report(release)
    sample = str(tmp_path / "sample")
    assert run(main, ["sample", str(release), "--documents", "9", "--out", sample]).exit_code == 0
    wrong = run(main, ["report", str(release), "--parent", sample, "--out", str(out)])
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith(f"florilegium: {sample}: a sample, not a release")
    (release / "audit" / "distributions.parquet").write_bytes(b"")
    broken = run(main, ["report", str(release), "--out", str(tmp_path / "other.html")])
    assert broken.exit_code == 2
    assert "florilegium verify" in broken.stderr
    assert not (tmp_path / "other.html").exists()
