"""Pages in the encodings that the languages of Europe were written in before UTF-8."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from florilegium.pipelines.demo.web import captures
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.pages.charsets import codec
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.extract_child import main_text
from florilegium.pipelines.pages.metadata import read as read_metadata
from florilegium.pipelines.pages.page import Page, read_page

_CENTRAL = "windows-1250 iso-8859-2"
_WESTERN = "windows-1252 iso-8859-15"
_CELTIC = "windows-1252 iso-8859-14"
_CYRILLIC = "windows-1251 iso-8859-5"
_BALTIC = "windows-1257 iso-8859-13"

ENCODINGS: dict[str, str] = {
    "bel_Cyrl": _CYRILLIC, "bos_Latn": _CENTRAL, "bre_Latn": _WESTERN, "bul_Cyrl": _CYRILLIC,
    "cat_Latn": _WESTERN, "ces_Latn": _CENTRAL, "cym_Latn": "iso-8859-14",
    "dan_Latn": _WESTERN, "deu_Latn": _WESTERN, "ell_Grek": "windows-1253 iso-8859-7",
    "epo_Latn": "iso-8859-3", "est_Latn": f"{_BALTIC} iso-8859-15", "eus_Latn": _WESTERN,
    "fao_Latn": _WESTERN, "fin_Latn": _WESTERN, "fra_Latn": _WESTERN, "fry_Latn": _WESTERN,
    "gla_Latn": _CELTIC, "gle_Latn": _CELTIC, "glg_Latn": _WESTERN, "hrv_Latn": _CENTRAL,
    "hun_Latn": _CENTRAL, "isl_Latn": _WESTERN, "ita_Latn": _WESTERN, "lav_Latn": _BALTIC,
    "lit_Latn": _BALTIC, "ltz_Latn": _WESTERN, "mkd_Cyrl": _CYRILLIC, "mlt_Latn": "iso-8859-3",
    "nld_Latn": _WESTERN, "nno_Latn": _WESTERN, "nob_Latn": _WESTERN, "oci_Latn": _WESTERN,
    "pol_Latn": f"{_CENTRAL} iso-8859-16", "por_Latn": _WESTERN,
    "ron_Latn": f"{_CENTRAL} iso-8859-16", "rus_Cyrl": f"{_CYRILLIC} koi8-r",
    "slk_Latn": _CENTRAL, "slv_Latn": _CENTRAL, "spa_Latn": _WESTERN,
    "sqi_Latn": "windows-1252", "srp_Cyrl": _CYRILLIC, "srp_Latn": _CENTRAL,
    "swe_Latn": _WESTERN, "tur_Latn": "windows-1254", "ukr_Cyrl": f"{_CYRILLIC} koi8-u",
}  # fmt: skip
"""For each language, the 8-bit encodings that its pages are found in."""

LENGTHS = (600, 600, 600, 3_000, 3_000, 3_000)
"""Characters of text in the samples made from texts, for each language and encoding."""

_ASCII = re.compile(r"[\0-\x7f]+")
# The pipeline makes commas of cedillas once it knows that a text is Romanian.
_NEW_ROMANIAN = str.maketrans("ŞşŢţ", "ȘșȚț")
_OLD_ROMANIAN = str.maketrans("ȘșȚț", "ŞşŢţ")
_SPACE = re.compile(r"\s+")
_C1 = re.compile("[\x80-\x9f]")
_DECLARED = re.compile(r"""charset\s*=\s*["']?[\w.:-]+|<\?xml[^>]{0,200}>""", re.IGNORECASE)
_MENU = "".join(f'<li><a href="/page{n}.html">link{n}</a></li>' for n in range(40))


class Sample(NamedTuple):
    """A page as it should be read, which can be written in the encoding."""

    language: str
    encoding: str
    html: str

    def payload(self, head: str = "") -> bytes:
        """Return the bytes of the page, with a line added to its head."""
        return self.html.replace("<head>", f"<head>{head}", 1).encode(codec(self.encoding))


def letters(text: str) -> str:
    """Return the characters beyond ASCII: what must be read right. Romanian may have cedillas."""
    return _ASCII.sub("", text).translate(_NEW_ROMANIAN)


def from_texts(
    texts: dict[str, str],
    encodings: Mapping[str, str] = ENCODINGS,
    lengths: tuple[int, ...] = LENGTHS,
) -> Iterator[Sample]:
    """Yield a page in ASCII markup around each of several pieces of each text."""
    for language, text in sorted(texts.items()):
        for encoding in encodings[language].split():
            writable = _writable(_SPACE.sub(" ", text), language, encoding)
            for number, length in enumerate(lengths):
                start = max(0, len(writable) - length) * number // (len(lengths) - 1)
                piece = writable[start : start + length]
                if not piece.isascii():
                    yield Sample(language, encoding, _page(piece))


def from_pages(pages: Iterable[tuple[str, str]], most: int) -> Iterator[Sample]:
    """Yield whole pages, their declarations removed: at most so many a language and encoding."""
    taken: defaultdict[str, int] = defaultdict(int)
    for language, html in pages:
        taken[language] += 1
        if taken[language] > most:
            continue
        html = _DECLARED.sub("", html)
        for encoding in ENCODINGS[language].split():
            writable = _writable(html, language, encoding)
            if len(writable) - len(writable.encode("ascii", "ignore")) >= 20:
                yield Sample(language, encoding, writable)


def _writable(text: str, language: str, encoding: str) -> str:
    """Leave out what the encoding cannot write, controls too; Romanian had its cedillas then."""
    if language == "ron_Latn" and encoding != "iso-8859-16":
        text = text.translate(_OLD_ROMANIAN)
    return _C1.sub("", text.encode(codec(encoding), "ignore").decode(codec(encoding)))


def _page(text: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>{text[:40]}</title>"
        "<script>var a=1;function f(x){return x+1}</script></head>"
        f'<body><div class="menu"><ul>{_MENU}</ul></div><div id="content"><p>{text[40:]}</p></div>'
        '<div class="footer">Copyright 2009 webmaster@example.com</div></body></html>'
    )


def own_texts() -> dict[str, str]:
    """Return the texts of the demonstration's pages by language."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    folder = resources.files("florilegium.pipelines") / "demo"
    for capture in captures():
        if capture.fate == "kept" and capture.reason in ENCODINGS:
            html = (folder / capture.page).read_text("utf-8")
            found[capture.reason].append(main_text(html, fast=True))
    return {language: "\n".join(dict.fromkeys(texts)) for language, texts in found.items()}


def texts_in(file: Path) -> dict[str, str]:
    """Return the texts of a file of JSON lines, `{"lang": "deu_Latn", "text": …}`, by language."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            item = json.loads(line)
            if item["lang"] in ENCODINGS:
                found[item["lang"]].append(item["text"])
    return {language: "\n".join(texts) for language, texts in found.items()}


def captured(file: Path) -> Iterator[Page]:
    """Yield the pages of a WARC file."""
    for item in read(file):
        page = read_page(item, file.name)
        if isinstance(page, Page):
            yield page


def pages_in(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield language and text of the pages in UTF-8 that declare a language we know."""
    for file in files:
        for page in captured(file):
            found = decode(page.payload, None)
            if not isinstance(found, Decoded) or found.method != "utf-8":
                continue
            declared = (read_metadata(found.text).html_lang or "").partition("-")[0].lower()
            label = _LABELS.get(declared)
            if label in ENCODINGS and "\ufffd" not in found.text:
                yield label, found.text


def _labels() -> dict[str, str]:
    table = resources.files("florilegium.filters") / "languages.tsv"
    rows = csv.DictReader(table.read_text("utf-8").splitlines(), delimiter="\t")
    return {row["bcp47"]: row["code"] for row in rows if row["code"] in ENCODINGS}


_LABELS = _labels()
