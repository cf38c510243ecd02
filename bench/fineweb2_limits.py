"""Writes filters/fineweb2.tsv: FineWeb2's limits of each language we identify.

    python bench/fineweb2_limits.py --tables fineweb2_european.json

The figures are those of FineWeb2's configurations (arXiv:2506.20920, Apache-2.0), under the names
of our filters. datatrove takes a share above 1 or a negative one for no limit; here it is the end
of the range.
"""

import argparse
import csv
import json
from pathlib import Path
from typing import Any

from language_limits import ALIASES

from florilegium.filters.language_table import european

OUT = Path(__file__).parents[1] / "filters" / "fineweb2.tsv"


def limits(entry: dict[str, Any]) -> dict[str, float]:
    """Return the limits of a language by the keys of our filters."""
    tops = {f"max_top_{n}_gram": value for n, value in entry["top_n_grams"].items()}
    repeated = {f"max_duplicated_{n}_n_grams": v for n, v in entry["dup_n_grams"].items()}
    shares = {
        "max_dup_line_frac": entry["dup_line_frac"],
        **tops,
        **repeated,
        "min_line_punct_ratio": entry["line_punct_thr"],
        "min_alpha_words": entry["max_non_alpha_words_ratio"],
    }
    return {name: min(1, max(0, value)) for name, value in shares.items()} | {
        "max_list_ratio": entry["new_line_ratio"],
        "min_avg_word_length": entry["min_avg_word_length"],
        "max_avg_word_length": entry["max_avg_word_length"],
        "min_stop_words": entry["min_stop_words"],
    }


def main() -> None:
    """Write the table, sorted by language."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=Path, required=True, help="FineWeb2's figures, JSON")
    published = json.loads(parser.parse_args().tables.read_text("utf-8"))["languages"]
    found = {code: published.get(ALIASES.get(code, code)) for code in sorted(european())}
    rows = [{"lang": code, **limits(entry)} for code, entry in found.items() if entry]
    with OUT.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"{len(rows)} languages in {OUT.name}; without figures: ", end="")
    print(*(code for code, entry in found.items() if not entry))


if __name__ == "__main__":
    main()
