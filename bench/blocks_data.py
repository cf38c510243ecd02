"""The pages with known main text that the block classifier is trained and judged on."""

import base64
import hashlib
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tldextract
from fastwarc.warc import ArchiveIterator, WarcRecordType

from florilegium.pipelines.pages.decode import decode
from florilegium.pipelines.pages.sniffing import Undecodable, content_type

FULL_TEXTS = "gold/extraction_dev.jsonl.xz"
SEGMENTS = "gold/trafilatura_segments.jsonl"
WARCS = "warc/sample-eval-*.warc.gz"
FOLDS = 5
GOLD = Path(__file__).parent.parent.parent / "shared" / "data"
"""Where the pages are by default: beside the checkout."""

_domain = tldextract.TLDExtract(suffix_list_urls=())


class GoldPage(NamedTuple):
    """A page and what its main text is: all of it, or segments in it and segments not in it."""

    name: str
    kind: str
    """news-el, news-pl, news-ru, news-en, article, forum, ..., or segments."""
    domain: str
    html: str
    text: str | None = None
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @property
    def fold(self) -> int:
        """Return the part of the cross-validation the page is in: that of its domain."""
        return hashlib.sha256(self.domain.encode()).digest()[0] % FOLDS


def read_gold(data: Path) -> list[GoldPage]:
    """Return all pages, those with full texts first."""
    return [*_full_texts(data / FULL_TEXTS), *_segments(data)]


def is_there(data: Path) -> bool:
    """Return whether the folder has the gold files and pages for the segments."""
    gold = (data / FULL_TEXTS, data / SEGMENTS)
    return all(path.is_file() for path in gold) and any(data.glob(WARCS))


def files_digest(data: Path) -> str:
    """Return a SHA-256 over all files the pages are read from, whatever is made of them."""
    digest = hashlib.sha256()
    for path in (data / FULL_TEXTS, data / SEGMENTS, *sorted(data.glob(WARCS))):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def gold_digest(data: Path, pages: list[GoldPage]) -> str:
    """Return a SHA-256 over the gold files and the pages as decoded."""
    digest = hashlib.sha256()
    for name in (FULL_TEXTS, SEGMENTS):
        digest.update(hashlib.sha256((data / name).read_bytes()).digest())
    for page in pages:
        digest.update(hashlib.sha256(page.html.encode("utf-8", "replace")).digest())
    return digest.hexdigest()


def _full_texts(path: Path) -> Iterator[GoldPage]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            html = _decoded(base64.b64decode(record["html_base64"]), None)
            if html is None:
                continue
            kind = record["kind"].removeprefix("wcxb_")
            if kind == "news_2011":
                kind = f"news-{record['lang']}"
            domain = _domain_of(record.get("url") or "") or record["id"]
            yield GoldPage(record["id"], kind, domain, html, text=record["gold"])


def _segments(data: Path) -> Iterator[GoldPage]:
    lines = (data / SEGMENTS).read_text(encoding="utf-8").splitlines()
    gold = {record["url"]: record for record in map(json.loads, lines)}
    for path in sorted(data.glob(WARCS)):
        with path.open("rb") as stream:
            for response in ArchiveIterator(
                stream, record_types=WarcRecordType.response, parse_http=True
            ):
                url = response.headers.get("WARC-Target-URI")
                if url not in gold or not (body := response.reader.read()):
                    continue
                header = response.http_headers.get("Content-Type")
                html = _decoded(body, content_type(header).charset)
                if html is not None:
                    record = gold.pop(url)
                    yield GoldPage(
                        record["file"],
                        "segments",
                        _domain_of(url),
                        html,
                        wanted=tuple(record["with"]),
                        unwanted=tuple(record["without"]),
                    )


def _decoded(payload: bytes, charset: str | None) -> str | None:
    found = decode(payload, charset)
    return None if isinstance(found, Undecodable) else found.text


def _domain_of(url: str) -> str:
    return _domain(url).top_domain_under_public_suffix or _domain(url).fqdn or url
