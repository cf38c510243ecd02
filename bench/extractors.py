"""The extractors that are compared, each with the processor time it takes for a page."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trafilatura
from blocks_data import GoldPage
from resiliparse.extract.html2text import extract_plain_text

from florilegium.pipelines.blocks.extract import main_text

ROOT = Path(__file__).parent.parent
READABILITY = ROOT / "build" / "quality" / "bin" / "python"
"""Interpreter of the environment of readability-lxml; `make bench-quality` makes it."""
_WARM_UP = 5  # pages before time is taken: compiled code is loaded with the first


class Answer(NamedTuple):
    """The text of a page, "" if none was found, and the seconds of processor time it took."""

    text: str
    seconds: float


Ask = Callable[[str], Answer]


class Run(NamedTuple):
    """What each extractor made of the pages, in their order."""

    texts: dict[str, list[str]]
    seconds: dict[str, list[float]]


def _here(extract: Callable[[str], str]) -> Ask:
    def ask(html: str) -> Answer:
        begun = time.process_time()
        text = extract(html)
        return Answer(text, time.process_time() - begun)

    return ask


def _trafilatura(**options: bool) -> Ask:
    return _here(
        lambda html: trafilatura.extract(html, include_comments=False, **options) or "",
    )


BLOCKS = _here(lambda html: main_text(html).text)
TRAFILATURA = _trafilatura(include_tables=True)
EXTRACTORS: dict[str, Ask] = {
    "blocks": BLOCKS,
    "trafilatura": TRAFILATURA,
    "favor_precision": _trafilatura(include_tables=True, favor_precision=True),
    "fast": _trafilatura(include_tables=True, fast=True),
    "resiliparse": _here(
        lambda html: str(
            extract_plain_text(html, main_content=True, alt_texts=False, list_bullets=False)
        )
    ),
}


@contextmanager
def readability() -> Iterator[Ask]:
    """Let readability-lxml answer pages, in a process of its environment.

    A page it fails on has no text, as with the others. EOFError if the process ends.
    """
    script = str(Path(__file__).with_name("readability_pages.py"))
    with subprocess.Popen(
        [str(READABILITY), script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(html: str) -> Answer:
            assert process.stdin is not None
            assert process.stdout is not None
            print(json.dumps(html), file=process.stdin, flush=True)
            line = process.stdout.readline()
            if not line:
                raise EOFError(f"readability ended on a page of {len(html)} characters")
            found = json.loads(line)
            return Answer(found["text"], found["seconds"])

        yield ask
        process.stdin.close()


def run(pages: Sequence[GoldPage], asked: Mapping[str, Ask]) -> Run:
    """Send every page through every extractor in turn."""
    found = Run({name: [] for name in asked}, {name: [] for name in asked})
    for page in pages[:_WARM_UP]:
        for ask in asked.values():
            ask(page.html)
    for page in pages:
        for name, ask in asked.items():
            text, seconds = ask(page.html)
            found.texts[name].append(text)
            found.seconds[name].append(seconds)
    return found


def times_as_fast(one: Ask, other: Ask, pages: Sequence[GoldPage], rounds: int) -> float:
    """Return how many times the pages a second of processor time `one` reads as `other`.

    Of each page counts the least time of all rounds, for either: a busy machine only ever adds
    to it, and the two take turns, so that both meet the same neighbours.
    """
    took = [run(pages, {"one": one, "other": other}).seconds for _ in range(rounds)]
    least = [sum(map(min, zip(*(each[name] for each in took), strict=True))) for name in took[0]]
    return least[1] / least[0]
