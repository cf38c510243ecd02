"""Pages as clean and as dirty text, in JSON lines: what rules of quality are measured on.

    python bench/quality_pages.py --out FILE WARC...
    python bench/quality_pages.py --out FILE --gold DATA

Clean is the main text: as a build harvests it or, of the gold pages of news and articles, as a
person marked it. Dirty is the whole text of the page, menus and footers included (resiliparse,
`main_content=False`). A page that a build would lose has no line.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from blocks_data import read_gold
from resiliparse.extract.html2text import extract_plain_text

from florilegium.filters.normalise import normalise
from florilegium.manifests.document import Document
from florilegium.pipelines import recipe
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.named import language_models
from florilegium.pipelines.named.texts import LanguageModel
from florilegium.pipelines.pages.decode import Decoded, decode
from florilegium.pipelines.pages.page import Page, read_page
from florilegium.pipelines.pages.sniffing import content_type

_BLANK_LINES = re.compile("\n\n+")


def pages(warcs: Iterable[Path]) -> Iterator[dict[str, str]]:
    """Yield url, domain, language, clean and dirty text of each page."""
    with Tools(recipe.load("european")) as tools:
        for warc in warcs:
            for item in read(warc):
                page = read_page(item, warc.name)
                if isinstance(page, Page) and isinstance(
                    document := harvest_page(page, tools), Document
                ):
                    decoded = decode(page.payload, content_type(page.content_type).charset)
                    assert isinstance(decoded, Decoded)  # it was harvested
                    yield {
                        "warc": warc.name,
                        "url": page.url,
                        "domain": page.domain,
                        "lang": document.lang,
                        "clean": document.text,
                        "dirty": whole_text(decoded.text),
                    }


def gold_pages(data: Path) -> Iterator[dict[str, str]]:
    """Yield the same of pages whose main text a person marked."""
    identifier = language_models.load(LanguageModel())
    for page in read_gold(data):
        if page.text and (page.kind == "article" or page.kind.startswith("news-")):
            text = _BLANK_LINES.sub("\n", normalise(page.text))
            yield {
                "warc": page.kind,
                "url": page.name,
                "domain": page.domain,
                "lang": identifier.identify(text).lang,
                "clean": text,
                "dirty": whole_text(page.html),
            }


def whole_text(html: str) -> str:
    """Return all text of a page, with one newline between blocks as in a document."""
    text = extract_plain_text(html, main_content=False, alt_texts=False)
    return _BLANK_LINES.sub("\n", normalise(text))


def main() -> None:
    """Write the pages of WARC files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("warcs", nargs="*", type=Path)
    given = parser.parse_args()
    with given.out.open("w", encoding="utf-8") as file:
        for page in gold_pages(given.gold) if given.gold else pages(given.warcs):
            file.write(json.dumps(page, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
