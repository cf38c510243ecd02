"""Build every recipe over the same input, and write what each keeps into docs/recipes.

    python bench/recipe_funnels.py --input FILE... --work FOLDER [RECIPE...]
    python bench/recipe_funnels.py --pages

The figures go to docs/recipes/funnels.json, and from there into the pages, between their marks.
With `--pages`, only that. Of the input nothing is written down but names, sizes and counts. Each
recipe reads the input by itself; what was read before is not read again while the code is the same.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from florilegium.manifests.funnel import STAGES, by_rule
from florilegium.manifests.location import find_release, locate
from florilegium.manifests.manifest import Manifest, read
from florilegium.pipelines.recipe_explained import explained

DOCS = Path(__file__).parents[1] / "docs" / "recipes"
FIGURES = DOCS / "funnels.json"
FIELD = (
    *("european", "apertus", "gpt-nl", "soofi", "deepseek", "openeurollm"),
    *("fineweb2", "hplt"),
)
"""Recipes that have a page, in the order of the index."""
MOST_RULES, MOST_LANGUAGES = 3, 8


def built(recipe: str, inputs: Iterable[str], work: Path) -> dict[str, Any]:
    """Build a recipe and return its figures."""
    named = [word for path in inputs for word in ("--input", path)]
    command = [sys.executable, "-m", "florilegium.pipelines.cli.main", "build", recipe]
    done = subprocess.run([*command, *named, "--out", str(work), "--workers", "2"], check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{recipe}: the build ended with {done.returncode}")
    return figures(read(find_release(locate(work / recipe / "latest"))), recipe)


def figures(manifest: Manifest, recipe: str) -> dict[str, Any]:
    """Return what is told of a build: the recipe it was of, its funnel and its languages."""
    stages: dict[str, dict[str, int]] = {}
    for (stage, rule), lost in sorted(by_rule(manifest.funnel).items()):
        stages.setdefault(stage, {})[rule] = lost
    largest = sorted(manifest.languages, key=lambda one: (-one.tokens, one.lang))
    return {
        "settings": explained(recipe).settings,
        "records": manifest.records,
        "lost": stages,
        "documents": manifest.documents,
        "tokens": manifest.tokens,
        "languages": len(largest),
        "largest": [[one.lang, one.documents, one.tokens] for one in largest[:MOST_LANGUAGES]],
    }


def page_table(one: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a funnel and of the largest languages."""
    yield from ("| stage | lost | left | lost most to |", "| --- | ---: | ---: | --- |")
    left = one["records"]
    yield f"| records |  | {left:,} |  |"
    order = [stage for stage in STAGES if stage in one["lost"]]
    for stage in order:
        rules = Counter(one["lost"][stage])
        left -= rules.total()
        most = sorted(rules.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_RULES]
        said = ", ".join(f"`{rule}` {lost:,}" for rule, lost in most)
        yield f"| {stage} | {rules.total():,} | {left:,} | {said} |"
    yield f"| **published** |  | **{one['documents']:,}** | {one['tokens']:,} tokens |"
    yield ""
    largest = ", ".join(f"`{lang}` {docs:,} ({tokens:,})" for lang, docs, tokens in one["largest"])
    yield f"{one['languages']} languages; documents and tokens of the largest: {largest}."


def index_table(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the comparison of all recipes."""
    columns = (
        "lost to rights",
        "to copies",
        "to rules",
        "published",
        "documents",
        "tokens",
        "languages",
    )
    yield f"| recipe | {' | '.join(f'{name}' for name in columns)} |"
    yield "| --- " + "| ---: " * len(columns) + "|"
    for name in FIELD:
        one = found[name]
        lost = [
            Counter(one["lost"].get(s, {})).total() for s in ("rights", "duplicates", "quality")
        ]
        share = one["documents"] / one["records"]
        cells = [*(f"{n:,}" for n in lost), f"{share:.1%}", f"{one['documents']:,}"]
        cells += [f"{one['tokens']:,}", str(one["languages"])]
        yield f"| [{name}]({name}.md) | {' | '.join(cells)} |"


def marked(page: str, lines: Iterable[str]) -> str:
    """Return a page with other lines between its marks."""
    said = "<!-- figures -->\n" + "\n".join(lines) + "\n<!-- end of figures -->"
    whole, times = re.subn(
        r"<!-- figures -->.*?<!-- end of figures -->", lambda _: said, page, flags=re.DOTALL
    )
    if times != 1:
        raise SystemExit(f"a page has {times} places for figures, not 1")
    return whole


def pages(found: dict[str, Any]) -> dict[Path, str]:
    """Return the pages with the figures in them, by path."""
    made = {DOCS / f"{name}.md": page_table(found[name]) for name in FIELD}
    made[DOCS / "README.md"] = index_table(found)
    return {path: marked(path.read_text("utf-8"), lines) for path, lines in made.items()}


def main() -> None:
    """Build what is asked for, and write the figures and the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="Default: all with a page.")
    parser.add_argument("--input", nargs="+", default=[], metavar="FILE", help="WARC files.")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="Where the corpora are kept.")
    parser.add_argument("--pages", action="store_true", help="Only write the pages.")
    asked = parser.parse_args()
    found = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    if not asked.pages:
        if not asked.input or asked.work is None:
            parser.error("give --input and --work, or --pages")
        for name in asked.recipes or FIELD:
            found[name] = built(name, asked.input, asked.work)
            FIGURES.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
            print(f"{name}: {found[name]['documents']:,} documents")
    for path, text in pages(found).items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
