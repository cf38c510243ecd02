"""Whether the default rules keep languages alike: the suite `evenness` of quality_floors.py.

    python bench/evenness.py [--data DIR] [--profile even|datatrove]

On parallel text, where only the language differs: the same news (NTREX-128, 48 languages) and the
same help pages (LibreOffice, 21 languages, as harvested from WARC files). For news the spread is
that of keep-rates; for pages that of each language's keep-rate less the mean of the same pages.
Beside it stand the errors of these effects, and what spread there would be by chance.
No rule or limit is chosen on these texts.
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import mean, stdev

from even_limits import facts_of, judged, passes
from floors import Identity

from florilegium.manifests.document import Document, Facts
from florilegium.pipelines import recipe
from florilegium.pipelines.harvest.stages import Tools, harvest_page
from florilegium.pipelines.harvest.warc import Record, read
from florilegium.pipelines.pages.page import Page, read_page

NEWS = "language_id/document.jsonl"
WARCS = "warc/sample-open-*.warc.gz"
_HELP = re.compile(r"https://help\.libreoffice\.org/[^/]+/([\w-]+)/(.+)")
LEAST_LANGUAGES, LEAST_PAGES = 6, 12
DRAWS = 400

Texts = dict[str, list[Facts]]
Verdicts = list[dict[str, bool]]


def missing(data: Path) -> str | None:
    """Return what is not there, if anything."""
    if not (data / NEWS).is_file() or not any(data.glob(WARCS)):
        return f"there is no parallel text in {data}"
    return None


def identity(data: Path) -> dict[str, Identity]:
    """Return the digest of the parallel text."""
    digest = sha256()
    for path in (data / NEWS, *sorted(data.glob(WARCS))):
        digest.update(sha256(path.read_bytes()).digest())
    return {"parallel text": Identity(digest.hexdigest(), "record its floors anew with --raise")}


def news(data: Path) -> Texts:
    """Return the facts of the same news by language."""
    texts = defaultdict(list)
    for line in (data / NEWS).open(encoding="utf-8"):
        document = json.loads(line)
        if document["source"] == "ntrex-128":
            texts[document["lang"]].append(document["text"])
    return {lang: facts_of(of, [lang] * len(of)) for lang, of in texts.items()}


def _help_pages(data: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield page, language of the address, language and text of each help page."""
    with Tools(recipe.load("european")) as tools:
        for warc in sorted(data.glob(WARCS)):
            for item in read(warc):
                url = item.headers.get("warc-target-uri", "") if isinstance(item, Record) else ""
                if address := _HELP.fullmatch(url):
                    page = read_page(item, warc.name)
                    found = harvest_page(page, tools) if isinstance(page, Page) else page
                    if isinstance(found, Document):
                        yield address[2], address[1], found.lang, found.text


def help_pages(data: Path) -> dict[str, dict[str, Facts]]:
    """Return the facts of the same help pages by page and language, translated ones only."""
    found = list(_help_pages(data))
    votes: defaultdict[str, list[str]] = defaultdict(list)
    for _, code, lang, _ in found:
        votes[code].append(lang)
    own = {code: max(sorted(set(langs)), key=langs.count) for code, langs in votes.items()}
    translated = [(page, lang, text) for page, code, lang, text in found if lang == own[code]]
    measured = facts_of([t for *_, t in translated], [lang for _, lang, _ in translated])
    pages: defaultdict[str, dict[str, Facts]] = defaultdict(dict)
    for (page, lang, _), known in zip(translated, measured, strict=True):
        pages[page][lang] = known
    return {page: of for page, of in pages.items() if len(of) >= LEAST_LANGUAGES}


def news_rates(data: Path, profile: str) -> dict[str, float]:
    """Return the keep-rate of each language on the same news."""
    filters = judged(profile)
    return {lang: mean(passes(x, filters) for x in of) for lang, of in news(data).items()}


def page_verdicts(data: Path, profile: str) -> Verdicts:
    """Return whether each page is kept in each of its languages."""
    filters = judged(profile)
    return [
        {lang: passes(known, filters) for lang, known in of.items()}
        for of in help_pages(data).values()
    ]


def page_effects(verdicts: Verdicts) -> dict[str, float]:
    """Return the keep-rate of each language less that of the same pages in all languages."""
    effects = defaultdict(list)
    for kept in verdicts:
        for lang, passed in kept.items():
            effects[lang].append(passed - mean(kept.values()))
    return {lang: mean(of) for lang, of in effects.items() if len(of) >= LEAST_PAGES}


def errors(verdicts: Verdicts) -> dict[str, float]:
    """Return the standard errors of the effects, by drawing pages anew."""
    draw = Random(0)
    drawn = [page_effects(draw.choices(verdicts, k=len(verdicts))) for _ in range(DRAWS)]
    return {lang: stdev(of[lang] for of in drawn if lang in of) for lang in page_effects(verdicts)}


def by_chance(verdicts: Verdicts) -> list[float]:
    """Return spreads, sorted, as they would be if the language made no difference.

    What was decided on a page is dealt out anew to its languages.
    """
    draw = Random(0)

    def dealt(kept: dict[str, bool]) -> dict[str, bool]:
        return dict(zip(kept, draw.sample(list(kept.values()), len(kept)), strict=True))

    return sorted(spread(page_effects([dealt(kept) for kept in verdicts])) for _ in range(DRAWS))


def spread(rates: dict[str, float]) -> float:
    """Return the highest less the lowest."""
    return max(rates.values()) - min(rates.values())


def measure(data: Path) -> dict[str, float]:
    """Return the spreads under the default rules."""
    rates = news_rates(data, "even")
    effects = page_effects(page_verdicts(data, "even"))
    return {
        "spread on the same news": spread(rates),
        "least kept of the same news": min(rates.values()),
        "spread on the same pages": spread(effects),
    }


def main() -> None:
    """Print keep-rates and effects, and their spreads."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--profile", default="even")
    given = parser.parse_args()
    show("same news, kept", news_rates(given.data, given.profile))
    verdicts = page_verdicts(given.data, given.profile)
    show("same pages, effect", page_effects(verdicts), errors(verdicts))
    chance = by_chance(verdicts)
    low, middle, high = (chance[int(len(chance) * part)] for part in (0.05, 0.5, 0.95))
    print(f"  without a language that matters: {middle:.3f}, 90% within {low:.3f} to {high:.3f}")


def show(name: str, found: dict[str, float], error: dict[str, float] | None = None) -> None:
    """Print the spread, and the languages from the lowest to the highest."""
    print(f"{name}: {len(found)} languages, spread {spread(found):.3f}")
    ordered = sorted(found.items(), key=lambda item: item[1])
    within = {lang: f" ± {size:.3f}" for lang, size in (error or {}).items()}
    print(
        "  " + ", ".join(f"{lang[:3]} {value:.3f}{within.get(lang, '')}" for lang, value in ordered)
    )


if __name__ == "__main__":
    main()
