"""Planted personal data: sentences in 24 languages with values made up for each run.

    python bench/personal_planted.py [--held-out] [--draws 8] [--misses]

The sentences (personal_sentences.tsv) were written for this. In each language every other one is
held out: patterns and words are worked on with the others only. Values have the right check digits
and national forms; what must stay has the form of versions, dates, ISBNs, prices, coordinates,
DOIs, orders and accounts with wrong check digits. The sentences of a language are drawn several
times and joined, shuffled, to one text. An item is found if its kind and both ends are right.
Prints precision and recall by kind and by language.
"""

import argparse
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from personal_values import VALUES, value
from rich.console import Console
from rich.table import Table

from florilegium.filters.personal import Span, find
from florilegium.manifests.personal import KINDS

SENTENCES = Path(__file__).with_name("personal_sentences.tsv")
SLOT = re.compile(r"\{([a-z_]+)\}")
KIND_OF = {"card_plain": "card", "ip_high": "ip"}
"""Kinds of slots that are not named by their kind."""


class Planted(NamedTuple):
    """A text and the personal data that is in it."""

    lang: str
    text: str
    spans: frozenset[Span]


def sentences(held_out: bool) -> Iterator[tuple[str, str]]:
    """Yield language and sentence of one half."""
    seen: Counter[str] = Counter()
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        lang, sentence = line.split("\t")
        seen[lang] += 1
        if (seen[lang] % 2 == 0) == held_out:
            yield lang, sentence


def planted(held_out: bool, draws: int = 8, seed: int = 0) -> Iterator[Planted]:
    """Yield a text in each language with so many draws of each sentence of one half."""
    by_language: dict[str, list[str]] = {}
    for lang, sentence in sentences(held_out):
        by_language.setdefault(lang, []).extend([sentence] * draws)
    for lang, drawn in by_language.items():
        chance = random.Random(f"{seed} {lang} {held_out}")
        chance.shuffle(drawn)
        text, spans = "", set[Span]()
        for sentence in drawn:
            filled, inside = fill(sentence, lang, chance)
            spans |= {Span(kind, len(text) + a, len(text) + b) for kind, a, b in inside}
            text += filled + " "
        yield Planted(lang, text, frozenset(spans))


def fill(sentence: str, lang: str, chance: random.Random) -> tuple[str, list[Span]]:
    """Return a sentence with a value in each slot, and where personal data is in it."""
    text, at, spans = "", 0, []
    for slot in SLOT.finditer(sentence):
        text += sentence[at : slot.start()]
        made, kind = value(slot[1], lang, chance), KIND_OF.get(slot[1], slot[1])
        if kind in KINDS:
            spans.append(Span(kind, len(text), len(text) + len(made)))
        text, at = text + made, slot.end()
    return text + sentence[at:], spans


class Score(NamedTuple):
    """How many items there are, how many were found, and how many of these are right."""

    there: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 if nothing was."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 1 if nothing is."""
        return self.right / self.there if self.there else 1.0


def score(there: set[tuple[str, Span]], found: set[tuple[str, Span]]) -> Score:
    """Return the score of items, each with the language of its text."""
    return Score(len(there), len(found), len(there & found))


def measure(held_out: bool, draws: int = 8) -> tuple[set[tuple[str, Span]], set[tuple[str, Span]]]:
    """Return what is planted and what is found, each with its language."""
    there, found = set(), set()
    for one in planted(held_out, draws):
        there |= {(one.lang, span) for span in one.spans}
        found |= {(one.lang, span) for span in find(one.text)}
    return there, found


def show_misses(held_out: bool, draws: int) -> None:
    """Print what is missed and what is wrong, with the words around it."""
    for one in planted(held_out, draws):
        for mark, spans in (("missed", one.spans - set(find(one.text))),
                            ("wrong", set(find(one.text)) - one.spans)):  # fmt: skip
            for kind, start, end in sorted(spans, key=lambda span: span.start):
                around = one.text[max(0, start - 40) : start], one.text[end : end + 20]
                print(
                    f"{one.lang} {mark:6} {kind:16} {around[0]}[{one.text[start:end]}]{around[1]}"
                )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--misses", action="store_true", help="print each of them")
    given = parser.parse_args()
    if given.misses:
        show_misses(given.held_out, given.draws)
    there, found = measure(given.held_out, given.draws)
    shown = Table("", "items", "found", "right", "precision", "recall")
    groups = {lang: {lang} for lang in sorted({lang for lang, _ in there})}
    for name, some in [*((k, None) for k in sorted({s.kind for _, s in there | found})),
                       *groups.items(), ("all", set(groups))]:  # fmt: skip

        def among(items: set[tuple[str, Span]]) -> set[tuple[str, Span]]:
            return {i for i in items if (i[0] in some if some else i[1].kind == name)}  # noqa: B023

        it = score(among(there), among(found))
        shown.add_row(name, *map(str, it), f"{it.precision:.2%}", f"{it.recall:.2%}")
    Console(highlight=False).print(shown)
    print(f"{len(VALUES)} kinds of slots, {len(groups)} languages")


if __name__ == "__main__":
    main()
