"""Pages as clean and as dirty text, in JSON lines: what rules of quality are measured on.

    python bench/quality_pages.py --out FILE WARC...

Clean is the main text as a build harvests it, dirty the whole text of the page, menus and footers
included (resiliparse, `main_content=False`). A page that a build would lose has no line.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from resiliparse.extract.html2text import extract_plain_text

from florilegium.filters.normalise import normalise
from florilegium.manifests.document import Document
from florilegium.pipelines import recipe
from florilegium.pipelines.decode import Decoded, decode
from florilegium.pipelines.page import Page, read_page
from florilegium.pipelines.sniffing import content_type
from florilegium.pipelines.stages import Tools, harvest_page
from florilegium.pipelines.warc import read


def pages(warcs: Iterable[Path]) -> Iterator[dict[str, str]]:
    """Yield url, domain, language, clean and dirty text of each page."""
    with Tools(recipe.load("european")) as tools:
        for warc in warcs:
            for item in read(warc):
                page = read_page(item, warc.name)
                if isinstance(page, Page) and isinstance(
                    document := harvest_page(page, tools), Document
                ):
                    yield {
                        "warc": warc.name,
                        "url": page.url,
                        "domain": page.domain,
                        "lang": document.lang,
                        "clean": document.text,
                        "dirty": whole_text(page),
                    }


def whole_text(page: Page) -> str:
    """Return all text of a page."""
    decoded = decode(page.payload, content_type(page.content_type).charset)
    assert isinstance(decoded, Decoded)  # it was harvested
    return normalise(extract_plain_text(decoded.text, main_content=False, alt_texts=False))


def main() -> None:
    """Write the pages of WARC files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("warcs", nargs="+", type=Path)
    given = parser.parse_args()
    with given.out.open("w", encoding="utf-8") as file:
        for page in pages(given.warcs):
            file.write(json.dumps(page, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
