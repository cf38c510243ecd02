"""Processor seconds of datatrove's four quality filters, on texts read from standard input.

    build/peer/bin/python bench/datatrove_speed.py < TEXTS > SECONDS

Runs in the peer's environment. A line of JSON is `text` and `language` (ISO 639-3). Each filter
sees each text as it came, so that all do all their work and share words as in a pipeline. For each
line of input that is `go`, one line of two numbers comes out: as datatrove comes, and with
`str.split` for words and a line for a sentence.
"""

import json
import sys
import time
from typing import Any

import datatrove.pipeline.filters.c4_filters as c4
import datatrove.pipeline.filters.fineweb_quality_filter as fineweb
import datatrove.pipeline.filters.gopher_quality_filter as quality
import datatrove.pipeline.filters.gopher_repetition_filter as repetition
import datatrove.utils.text as words
from datatrove.data import Document

CLASSES = (
    repetition.GopherRepetitionFilter,
    quality.GopherQualityFilter,
    c4.C4QualityFilter,
    fineweb.FineWebQualityFilter,
)


def judge(texts: list[tuple[str, str]], filters: dict[str, list[Any]]) -> float:
    """Return the processor seconds of all filters on all texts."""
    words.split_into_parts.cache_clear()
    start = time.process_time()
    for language, text in texts:
        for each in filters[language]:
            each.filter(Document(text=text, id="0"))
    return time.process_time() - start


def split(texts: list[tuple[str, str]], filters: dict[str, list[Any]]) -> float:
    """Return the same with `str.split`."""
    for module in (repetition, quality, fineweb):
        module.split_into_words = lambda text, _: text.split()
    c4.split_into_sentences = lambda line, _: [line]
    seconds = judge(texts, filters)
    for module in (repetition, quality, fineweb):
        module.split_into_words = words.split_into_words
    c4.split_into_sentences = words.split_into_sentences
    return seconds


def main() -> None:
    """Read texts, then time them as often as asked."""
    texts: list[tuple[str, str]] = []
    filters: dict[str, list[Any]] = {}
    for line in iter(sys.stdin.readline, ""):
        if line.strip() != "go":
            one = json.loads(line)
            texts.append((one["language"], one["text"]))
            continue
        if not filters:
            filters = {lang: [make(language=lang) for make in CLASSES] for lang, _ in texts}
            for each in (one for group in filters.values() for one in group):
                each.stat_update = lambda *_, **__: None
            judge(texts, filters)  # loads what each language needs
        print(judge(texts, filters), split(texts, filters), flush=True)


if __name__ == "__main__":
    main()
