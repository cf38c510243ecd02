"""Writes filters/languages/*.toml: limits and stop words of each language we identify.

    python bench/language_limits.py --tables fineweb2_european.json --texts train_all.jsonl.xz

Limits are FineWeb2's, moved to the edge of a band where they leave it: some published ones switch
a rule off, others reject everything. A language without figures gets the median of the large
languages of its family, or the default where there is none.
Stop words are the most frequent words of labelled text (lines `[label, source, text]`), together
with those of FineWeb2's that occur in that text. Where there is none, all of those are taken, and
no text is judged by them: they hold words that only bots write.
"""

import argparse
import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from florilegium.filters.language_table import MACRO, european
from florilegium.filters.limits import Limits
from florilegium.filters.normalise import normalise
from florilegium.filters.segment import profile, words_in

OUT = Path(__file__).parents[1] / "filters" / "languages"
MOST_LINES = 12_000  # of one source and language
LEAST_LINES = 300
"""Of a source, unless a language has none with as many."""
LARGE = 1_000_000
"""Documents of a language in FineWeb2 from which its figures count for its family."""
WORDS = 30
LEAST_SHARE = 0.002
"""Share of the lines of labelled text in which a word of FineWeb2's must occur."""

FAMILIES = {
    "Albanian": "sqi", "Armenian": "hye", "Hellenic": "ell pnt", "Basque": "eus",
    "Baltic": "lav lit ltg sgs", "Celtic": "bre cor cym gla gle glv",
    "Germanic": "ang bar dan deu eng fao frr fry gos gsw isl jut ksh lim ltz nds nld nno nob nor "
    "ovd pfl sco stq swe swg vls yid zea",
    "Romance": "arg ast cat cos egl ext fra frp fur glg ita lad lat lij lld lmo mwl nap nrf oci "
    "pcd pms por rgn roh ron rup scn spa srd vec wln",
    "Slavic": "bel bos bul ces cnr csb dsb hbs hrv hsb mkd pol rue rus slk slv srp szl ukr",
    "Uralic": "est fin fit fkv hun izh koi kpv krl liv mdf mhr mrj myv olo sma sme smj smn sms udm "
    "vep vot vro",
    "Turkic": "aze bak chv crh gag kaz kdr krc kum nog tat tur",
    "Caucasian": "abk ady ava che dar inh kat kbd lez xmf",
    "Iranian": "kmr oss tly", "Indo-Aryan": "rom", "Semitic": "mlt", "Mongolic": "xal",
    "constructed": "epo ile ina",
}  # fmt: skip
ALIASES = {
    "aze_Latn": "azj_Latn", "egl_Latn": "eml_Latn", "est_Latn": "ekk_Latn", "lav_Latn": "lvs_Latn",
    "nrf_Latn": "nrm_Latn", "rom_Latn": "rmy_Latn", "sqi_Latn": "als_Latn", "yid_Hebr": "ydd_Hebr",
}  # fmt: skip
"""FineWeb2's codes of individual languages that we have one code for."""

NAMES = {"2": "max_top_bigram", "3": "max_top_trigram", "4": "max_top_4gram"} | {
    str(n): f"max_duplicate_{n}gram" for n in range(5, 11)
}
FIXED_BANDS = {"min_sentence_lines": (0.05, 0.15), "max_duplicate_lines": (0.2, 0.35)}
TOP_BAND, DUPLICATE_BAND = (0.8, 1.3), (0.75, 1.25)
"""Bands as multiples of the default."""

Figures = dict[str, float]
Families = defaultdict[str, defaultdict[str, list[float]]]


def published(entry: dict[str, Any]) -> Figures:
    """Return FineWeb2's figures of a language under our names; one that is negative is none."""
    found = {
        "min_sentence_lines": entry["line_punct_thr"],
        "max_duplicate_lines": entry["dup_line_frac"],
    }
    for kind in ("top_n_grams", "dup_n_grams"):
        found |= {NAMES[n]: value for n, value in entry[kind].items()}
    return {name: value for name, value in found.items() if value is not None and value >= 0}


def band(name: str) -> tuple[float, float]:
    """Return the lowest and highest value a limit may have."""
    default = getattr(Limits(), name)
    low, high = TOP_BAND if name.startswith("max_top") else DUPLICATE_BAND
    return FIXED_BANDS.get(name, (low * default, high * default))


def family_of(code: str) -> str:
    """Return the name of the family of a language."""
    return next((name for name, of in FAMILIES.items() if code[:3] in of.split()), "")


def frequent(texts: Path, codes: Iterable[str]) -> dict[str, Counter[str]]:
    """Return for each language the mean share of lines of a source that a word occurs in."""
    members = defaultdict(list)
    for code in codes:
        members[code].append(code)
        if code in MACRO:
            members[code].append(MACRO[code])
    lines: Counter[tuple[str, str]] = Counter()
    seen: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    with lzma.open(texts, "rt", encoding="utf-8") as file:
        for label, source, text in map(json.loads, file):
            for code in members.get(label, ()):
                if lines[code, source] < MOST_LINES:
                    lines[code, source] += 1
                    words = words_in(normalise(text).lower(), profile(code))
                    seen[code, source].update({word for word in words if word.isalpha()
                                               or any(map(str.isalpha, word))})  # fmt: skip
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (code, source), words in seen.items():
        own = {s: number for (c, s), number in lines.items() if c == code}
        sources = [s for s, number in own.items() if number >= LEAST_LINES] or [*own]
        if source in sources:
            for word, times in words.items():
                found[code][word] += times / lines[code, source] / len(sources)  # type: ignore[assignment]
    return found


def stop_words(shares: Counter[str], listed: Iterable[str]) -> list[str]:
    """Return the stop words of a language, sorted."""
    if not shares:
        return sorted({word.lower() for word in listed})
    best = sorted(shares, key=lambda word: (-shares[word], word))[:WORDS]
    return sorted({*best, *(word for word in listed if shares[word] >= LEAST_SHARE)})


def all_limits(tables: dict[str, Any], codes: Iterable[str], texts: Path) -> Iterator[Any]:
    """Yield code, limits, where they are from, stop words and where these are from."""
    codes = sorted(codes)
    shares = frequent(texts, codes)
    raw = {}
    for code in codes:
        names = [code] if code in tables else [ALIASES.get(code, "")]
        if code in MACRO.values():
            names = [member for member, macro in MACRO.items() if macro == code]
        entries = [tables[name] for name in names if name in tables]
        figures = defaultdict(list)
        for entry in entries:
            for name, value in published(entry).items():
                figures[name].append(value)
        raw[code] = {name: median(values) for name, values in figures.items()}, entries
    of_family: Families = defaultdict(lambda: defaultdict(list))
    for code, (figures, entries) in raw.items():
        if max((entry["fw2_docs"] for entry in entries), default=0) < LARGE:
            continue
        for name, value in figures.items():
            low, high = band(name)
            of_family[family_of(code)][name].append(min(max(value, low), high))
    for code, (figures, entries) in raw.items():
        listed = [word for entry in entries for word in entry["stopwords"]]
        words = stop_words(shares.get(code, Counter()), listed)
        family = of_family[family_of(code)]
        yield code, figures, family, words, bool(shares.get(code)), bool(listed)


def toml(
    code: str, figures: Figures, family: dict[str, list[float]], words: list[str],
    labelled: bool, listed: bool,
) -> Iterator[str]:  # fmt: skip
    """Yield the lines of the file of a language."""
    yield "# Written by bench/language_limits.py."
    yield "# Limits: FineWeb2 (arXiv:2506.20920, Apache-2.0), moved to the edge of a band where"
    yield "# they leave it. Marked (family): median of the language's family, (default): of none."
    text = "words most frequent in translation catalogues, treebanks and Tatoeba (CC BY 2.0 FR)"
    sources = [text] * labelled + ["FineWeb2's list"] * listed
    yield f"# Stop words: {' and '.join(sources) or 'none known'}."
    yield f'family = "{family_of(code)}"'
    for name in (*FIXED_BANDS, *NAMES.values()):
        low, high = band(name)
        mark = ""
        if name in figures:
            value = min(max(figures[name], low), high)
            if value != figures[name]:
                mark = f"  # published: {figures[name]:g}"
        elif family.get(name):
            value, mark = median(family[name]), "  # (family)"
        else:
            value, mark = getattr(Limits(), name), "  # (default)"
        yield f"{name} = {round(value, 3)}{mark}"
    yield f"min_stop_words = {2 * labelled}"
    yield "stop_words = ["
    yield from (f"    {json.dumps(word, ensure_ascii=False)}," for word in words)
    yield "]"


def main() -> None:
    """Write a file for each language."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=Path, required=True, help="FineWeb2's configurations")
    parser.add_argument("--texts", type=Path, required=True, help="labelled text")
    given = parser.parse_args()
    tables = json.loads(given.tables.read_text(encoding="utf-8"))["languages"]
    codes = {*european(), *MACRO.values()}
    OUT.mkdir(exist_ok=True)
    for code, *rest in all_limits(tables, codes, given.texts):
        (OUT / f"{code}.toml").write_text("\n".join(toml(code, *rest)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
