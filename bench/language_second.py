"""What a second opinion does for gold-labelled texts: how many are kept, how many of them rightly.

    python bench/language_second.py --gold DIR [--tier sentence] [--limits 0.3 0.5 0.65]

DIR is as for `language_quality.py`; heliport must be installed. A text is accepted if its language
is one of Europe's and the filter `certainty` keeps it. Croatian and its sisters count as one.
Prints shares, 0 to 1, without and with the second opinion for each limit:

- coverage: texts in European languages that are accepted
- precision: accepted texts, foreign ones among them, whose label is right
- national, small: texts in well-provided and in other European languages that are accepted rightly
- leak: texts in small languages that are accepted under a national label
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

from language_quality import NATIONAL, TIERS, Item, merged, read

from florilegium.filters.certainty import Certainty
from florilegium.filters.language import Identifier
from florilegium.filters.language_second import SecondIdentifier, agrees
from florilegium.filters.language_table import LANGUAGES, european

COLUMNS = ("coverage", "precision", "national", "small", "leak")


class Told(NamedTuple):
    """What a text is in, and what is known of it that `certainty` reads."""

    gold: str
    facts: SimpleNamespace

    @property
    def right(self) -> bool:
        """Whether the label is that of the text."""
        return merged(self.gold) == merged(self.facts.lang)


def tell(items: Iterable[Item]) -> list[Told]:
    """Return what both identifiers say of each text."""
    first, second = Identifier.packaged(), SecondIdentifier()
    found = []
    for item in items:
        identity = first.identify(item.text)
        evidence = second.evidence(item.text, identity.lang)
        facts = SimpleNamespace(lang=identity.lang, lang_score=identity.score)
        facts.chars, facts.lang_evidence = len(item.text), evidence
        found.append(Told(item.lang, facts))
    return found


def row(told: Sequence[Told], limit: float, second: bool) -> list[float]:
    """Return the figures of `COLUMNS`."""
    rule, national = Certainty(min_score=limit), {merged(code) for code in NATIONAL}

    def kept(one: Told) -> bool:
        facts = one.facts if second else SimpleNamespace(**{**vars(one.facts), "lang_evidence": ""})
        return facts.lang in european() and rule(facts) is None

    wanted = [one for one in told if one.gold in LANGUAGES and LANGUAGES[one.gold].european]
    large = [one for one in wanted if merged(one.gold) in national]
    small = [one for one in wanted if merged(one.gold) not in national]
    return [
        share(kept(one) for one in wanted),
        share(one.right for one in told if kept(one)),
        share(kept(one) and one.right for one in large),
        share(kept(one) and one.right for one in small),
        share(kept(one) and merged(one.facts.lang) in national for one in small),
    ]


def share(some: Iterable[bool]) -> float:
    """Return the share that is true, 0 of nothing."""
    found = list(some)
    return sum(found) / len(found) if found else 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder of the gold files")
    parser.add_argument("--tier", choices=TIERS, default="document")
    parser.add_argument("--limits", type=float, nargs="+", default=[0.3, 0.5, 0.65])
    options = parser.parse_args()
    told = tell(read(options.gold / f"{options.tier}.jsonl"))
    said = [agrees(one.facts.lang, one.facts.lang_evidence) for one in told]
    print(f"{len(told)} texts; heliport agrees with {said.count(True)}, not with "
          f"{said.count(False)}, is not heard on {said.count(None)}")  # fmt: skip
    print(f"{'limit':>5} {'second':8}", *(f"{name:>9}" for name in COLUMNS))
    for limit in options.limits:
        for second in ("", "heliport"):
            figures = row(told, limit, bool(second))
            print(f"{limit:5} {second:8}", *(f"{figure:9.4f}" for figure in figures))


if __name__ == "__main__":
    main()
