"""Spoil real pages by chance and harvest them: each must end as a document or a named loss.

usage: python bench/fuzz_extraction.py WARC... [--pages 20000] [--seed 1] [--format markdown]

Every page goes through the stages of harvest with the real child. A violation is an exception, a
crash of the child, a text that is empty or not normalised, a page that takes this process
longer than it should, a good page that gives no document after a failure, or a page that gives
something else when a fresh child reads it again. Each is written to the folder OUT, as it was
sent, beside what was wrong; the exit code is then 1. The same seed gives the same pages, each by
itself: --first N goes on at page N.
"""

import argparse
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
from msgspec.structs import replace
from mutations import mutated
from rich.console import Console
from rich.table import Table

from florilegium.filters.normalise import normalise
from florilegium.manifests.document import Document
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.harvest.warc import read
from florilegium.pipelines.pages.page import Page, read_page
from florilegium.pipelines.pages.sniffing import sniff_html
from florilegium.pipelines.recipe import Recipe, load

PARENT_SECONDS = 10.0
"""Processor time that a page may take outside of the child."""
AGAIN = 0.01
"""Share of the pages that are read twice."""
LABELS = ("utf-8", "windows-1252", "iso-8859-2", "shift_jis", "utf-16", "koi8-r", "nonsense")
STEP = 500

Found = Document | Loss


class Fuzz:
    """A run over spoilt pages."""

    def __init__(self, pages: list[Page], recipe: Recipe, out: Path, seed: int) -> None:
        self.tools = Tools(recipe)
        self.endings: Counter[tuple[str, str]] = Counter()
        self.slowest = 0.0
        self.repeated = self.violations = 0
        self._pages, self._out, self._seed = pages, out, seed
        self._probe = self._working_page()

    def _working_page(self) -> Page:
        """Return a page that gives a document, to see whether one does after a failure."""
        return next(page for page in self._pages if isinstance(self._harvest(page), Document))

    def page(self, number: int) -> tuple[Page, list[str], Random]:
        """Return a spoilt page, how it was spoilt, and the chance to go on with."""
        chance = Random(f"{self._seed} {number}")
        page, other = chance.choice(self._pages), chance.choice(self._pages)
        payload, names = mutated(page.payload, other.payload, chance)
        if chance.random() < 0.1:
            page = replace(page, content_type=f"text/html; charset={chance.choice(LABELS)}")
        return replace(page, payload=payload), names, chance

    def run(self, number: int) -> None:
        """Harvest one page and look at what comes of it."""
        page, names, chance = self.page(number)
        begun = time.process_time()
        try:
            found = self._harvest(page)
            problem = self._wrong(page, found, chance)
        except Exception:
            problem = traceback.format_exc()
            self.tools.close()
            self.tools = Tools(self.tools.recipe)
            found = page.loss("fuzz", "exception")
        taken = time.process_time() - begun
        self.slowest = max(self.slowest, taken)
        if not problem and taken > PARENT_SECONDS:
            problem = f"{taken:.1f} s of processor time outside of the child"
        self.endings[_ending(found)] += 1
        if problem:
            self.violations += 1
            self._write(number, page, names, problem)

    def _harvest(self, page: Page) -> Found:
        return harvest_page(page, self.tools)

    def _wrong(self, page: Page, found: Found, chance: Random) -> str:
        """Return what is wrong with what became of a page, or nothing."""
        if isinstance(found, Document):
            if not found.text:
                return "a document without a text"
            if normalise(found.text, found.lang) != found.text:
                return "the text is not normalised"
        elif not (found.stage and found.rule):
            return "a loss without a name"
        elif found.rule == "crash":
            return f"the child crashed: {found.detail}"
        elif found.rule in ("timeout", "memory"):
            self._forget(keep_child=True)
            if not isinstance(self._harvest(self._probe), Document):
                return f"after a loss by {found.rule}, a good page gives no document"
        if chance.random() < AGAIN:
            self.repeated += 1
            self._forget()
            again = self._harvest(page)
            # Near its limit a page may be in time once: processors differ, and so does one.
            on_time = "timeout" not in (getattr(found, "rule", ""), getattr(again, "rule", ""))
            if on_time and msgspec.json.encode(again) != msgspec.json.encode(found):
                return "a fresh child gives something else"
        return ""

    def _forget(self, keep_child: bool = False) -> None:
        self.tools._remembered.clear()
        if not keep_child:
            self.tools.extractor.close()

    def _write(self, number: int, page: Page, names: list[str], problem: str) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        (self._out / f"{number}.html").write_bytes(page.payload)
        about = f"{page.url}\n{page.content_type}\n{', '.join(names)}\n{problem}\n"
        (self._out / f"{number}.txt").write_text(about, "utf-8")
        print(f"page {number}: {problem.strip().splitlines()[-1]}", flush=True)


def _ending(found: Found) -> tuple[str, str]:
    return ("document", "") if isinstance(found, Document) else (found.stage, found.rule)


def html_pages(warcs: list[Path]) -> Iterator[Page]:
    """Yield the HTML pages of WARC files."""
    for warc in warcs:
        for item in read(warc):
            page = read_page(item, warc.name)
            if isinstance(page, Page) and sniff_html(page.payload, page.content_type):
                yield page


def report(fuzz: Fuzz) -> None:
    """Print how many pages ended where."""
    table = Table("stage", "rule", "pages")
    for (stage, rule), count in sorted(fuzz.endings.items()):
        table.add_row(stage, rule, str(count))
    Console(width=80).print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"{sum(fuzz.endings.values())} pages, {fuzz.repeated} read twice, "
        f"{fuzz.violations} violations; outside of the child at most {fuzz.slowest:.2f} s a page; "
        f"peak memory {peak} MB"
    )


def main() -> int:
    """Spoil, harvest, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warcs", nargs="+", type=Path, metavar="WARC")
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    options = parser.parse_args()
    recipe = load("european")
    recipe = replace(recipe, extraction=replace(recipe.extraction, format=options.format))
    fuzz = Fuzz(list(html_pages(options.warcs)), recipe, options.out, options.seed)
    begun = time.monotonic()
    for number in range(options.first, options.first + options.pages):
        fuzz.run(number)
        if (done := number + 1 - options.first) % STEP == 0:
            speed = done / (time.monotonic() - begun)
            print(f"{done} pages, {speed:.0f}/s, {fuzz.violations} violations", flush=True)
    report(fuzz)
    fuzz.tools.close()
    return 1 if fuzz.violations else 0


if __name__ == "__main__":
    sys.exit(main())
