"""Scores the packaged language model on gold-labelled text it was not trained on.

    python bench/language_quality.py --gold DIR [--write]

DIR holds ``sentence.jsonl`` and ``document.jsonl``, lines ``{"lang": ..., "text": ...}``. A
label must agree in language and script. Prints a table and the figures as JSON; ``--write`` puts
the figures into the model's card. Their floors are held by `quality_floors.py`.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from florilegium.filters.language import Identifier
from florilegium.filters.language_table import LANGUAGES

TIERS = ("sentence", "document")
MIN_ITEMS = 30  # labels with fewer gold items are too few to average over
CONFUSIONS = 15
CARD = Path(__file__).parent.parent / "filters" / "language.json"

_UNION = (
    "bul_Cyrl ces_Latn dan_Latn deu_Latn ell_Grek eng_Latn est_Latn fin_Latn fra_Latn gle_Latn "
    "hrv_Latn hun_Latn ita_Latn lav_Latn lit_Latn mlt_Latn nld_Latn pol_Latn por_Latn ron_Latn "
    "slk_Latn slv_Latn spa_Latn swe_Latn"
)
UNION = tuple(_UNION.split())
"""The 24 official languages of the European Union."""

_BEYOND = (
    "aze_Latn bel_Cyrl bos_Latn cat_Latn eus_Latn glg_Latn hye_Armn isl_Latn kat_Geor ltz_Latn "
    "mkd_Cyrl nno_Latn nob_Latn rus_Cyrl sqi_Latn srp_Cyrl srp_Latn tur_Latn ukr_Cyrl"
)
NATIONAL = frozenset(UNION) | frozenset(_BEYOND.split())
"""Languages so well provided for that text of smaller ones must not flow into them."""

PREFIXES = (20, 40, 80)
"""Characters of the short texts: starts of the sentences that come from newspapers."""

NEWS = "ntrex-128"


class Item(NamedTuple):
    """A gold-labelled text."""

    lang: str
    text: str
    source: str


def f1_by_label(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Return the F1 of every gold label from (gold, predicted) pairs."""
    gold: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for truth, label in pairs:
        gold[truth] += 1
        predicted[label] += 1
        right[truth] += truth == label
    return {label: 2 * right[label] / (gold[label] + predicted[label]) for label in sorted(gold)}


def merged(code: str) -> str:
    """Return the code, Bosnian, Croatian, Montenegrin and Serbian in any script being one."""
    language = LANGUAGES.get(code)
    return "hbs" if language and language.group == "serbo-croatian" else code


def scores(pairs: list[tuple[str, str]]) -> dict[str, float | int]:
    """Return items, accuracy, macro-F1, F1 of the EU's languages, and leak, shares 0 to 1.

    In `eu24_f1`, `leak` and `merged_accuracy` Croatian is one with its sisters.
    """
    gold = Counter(truth for truth, _ in pairs)
    f1 = f1_by_label(pairs)
    together = [(merged(truth), merged(label)) for truth, label in pairs]
    f1_together = f1_by_label(together)
    many = [label for label in gold if gold[label] >= MIN_ITEMS]
    national = {merged(label) for label in NATIONAL}
    small = [label for truth, label in together if truth not in national]
    union = [merged(label) for label in UNION if merged(label) in f1_together]
    return {
        "items": len(pairs),
        "labels": len(gold),
        "accuracy": _mean([truth == label for truth, label in pairs]),
        "merged_accuracy": _mean([truth == label for truth, label in together]),
        "macro_f1_labels": len(many),
        "macro_f1": _mean([f1[label] for label in many]),
        "eu24_f1": _mean([f1_together[label] for label in union]),
        "leak_items": len(small),
        "leak": _mean([label in national for label in small]),
    }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def judged(identifier: Identifier, folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Return (gold, predicted) pairs of sentences, documents and starts of sentences."""
    tiers = {tier: read(folder / f"{tier}.jsonl") for tier in TIERS}
    news = [item for item in tiers["sentence"] if item.source == NEWS]
    for size in PREFIXES:
        tiers[f"prefix_{size}"] = [item._replace(text=item.text[:size]) for item in news]
    return {
        tier: [(item.lang, identifier.identify(item.text).lang) for item in items]
        for tier, items in tiers.items()
    }


def figures_of(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the figures that have floors, by name.

    In starts of sentences Croatian is one with its sisters: no one can tell them by a few words.
    """
    held = ("accuracy", "macro_f1", "eu24_f1", "leak")
    return {f"{tier} {name}": found[tier][name] for tier in TIERS for name in held} | {
        f"prefix_{size} accuracy": found[f"prefix_{size}"]["merged_accuracy"] for size in PREFIXES
    }


def read(path: Path) -> list[Item]:
    """Return the text of each line."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Item(row["lang"], row["text"], row.get("source", "")) for row in rows]


def show(tier: str, pairs: list[tuple[str, str]], figures: dict[str, float | int]) -> None:
    """Print the figures of a tier, its weakest labels and its commonest mistakes."""
    print(f"{tier}: " + "  ".join(f"{key} {value}" for key, value in figures.items()))
    weak = sorted((score, label) for label, score in f1_by_label(pairs).items())[:CONFUSIONS]
    print("  weakest F1:", ", ".join(f"{label} {score:.2f}" for score, label in weak))
    gold = Counter(truth for truth, _ in pairs)
    wrong = Counter((truth, label) for truth, label in pairs if truth != label)
    worst = [f"{t} as {p} {n}/{gold[t]}" for (t, p), n in wrong.most_common(CONFUSIONS)]
    print("  mistakes:", ", ".join(worst))


def main() -> None:
    """Print the scores, and write them into the card when asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gold", type=Path, required=True, help="folder of the gold files")
    parser.add_argument("--write", action="store_true", help="put the figures into the card")
    parser.add_argument("--models", type=Path, help="folder of other models than the packaged")
    options = parser.parse_args()
    identifier = Identifier.of(options.models) if options.models else Identifier.packaged()
    unnamed = sorted(set(identifier.labels) - set(LANGUAGES))
    if unnamed:
        raise SystemExit(f"labels missing from languages.tsv: {', '.join(unnamed)}")
    figures = {}
    for tier, pairs in judged(identifier, options.gold).items():
        figures[tier] = scores(pairs)
        show(tier, pairs, figures[tier])
    print(json.dumps(figures, indent=1))
    if options.write and not options.models:
        card = json.loads(CARD.read_text(encoding="utf-8"))
        card["scores"] = figures
        CARD.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
