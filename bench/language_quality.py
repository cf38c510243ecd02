"""Scores the packaged language model on gold-labelled text it was not trained on.

    python bench/language_quality.py --gold DIR [--write]

DIR holds ``sentence.jsonl`` and ``document.jsonl``, lines ``{"lang": ..., "text": ...}``. A
label must agree in language and script. Prints a table and the figures as JSON; ``--write``
puts them into the model's card.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from florilegium.filters.language import Identifier
from florilegium.filters.languages import LANGUAGES

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


def scores(pairs: list[tuple[str, str]]) -> dict[str, float | int]:
    """Return items, accuracy, macro-F1, F1 of the EU's languages, and leak, shares 0 to 1."""
    gold = Counter(truth for truth, _ in pairs)
    f1 = f1_by_label(pairs)
    many = [label for label in gold if gold[label] >= MIN_ITEMS]
    small = [(truth, label) for truth, label in pairs if truth not in NATIONAL]
    union = [label for label in UNION if label in gold]
    return {
        "items": len(pairs),
        "labels": len(gold),
        "accuracy": round(sum(truth == label for truth, label in pairs) / len(pairs), 4),
        "macro_f1_labels": len(many),
        "macro_f1": round(sum(f1[label] for label in many) / len(many), 4),
        "eu24_labels": len(union),
        "eu24_f1": round(sum(f1[label] for label in union) / len(union), 4),
        "leak_items": len(small),
        "leak": round(sum(label in NATIONAL for _, label in small) / len(small), 4),
    }


def read(path: Path) -> list[tuple[str, str]]:
    """Return (gold label, text) of each line."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [(row["lang"], row["text"]) for row in rows]


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
    parser.add_argument("--model", type=Path, help="another model than the packaged one")
    options = parser.parse_args()
    identifier = Identifier(options.model) if options.model else Identifier.packaged()
    unnamed = sorted(set(identifier.labels) - set(LANGUAGES))
    if unnamed:
        raise SystemExit(f"labels missing from languages.tsv: {', '.join(unnamed)}")
    figures = {}
    for tier in TIERS:
        items = read(options.gold / f"{tier}.jsonl")
        start = time.process_time()
        pairs = [(gold, identifier.identify(text).lang) for gold, text in items]
        seconds = time.process_time() - start
        figures[tier] = scores(pairs)
        show(tier, pairs, figures[tier])
        print(f"  {len(items) / seconds:.0f} texts a CPU second")
    print(json.dumps(figures, indent=1))
    if options.write and not options.model:
        card = json.loads(CARD.read_text(encoding="utf-8"))
        card["scores"] = figures
        CARD.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
