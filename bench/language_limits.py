"""Writes filters/languages/*.toml: limits and stop words of each language we identify.

    python bench/language_limits.py --tables fineweb2_european.json --texts train_all.jsonl.xz

Limits start from the medians of FineWeb2's, one for all languages. Those of n-grams are then in
inverse proportion to how long the words of a language are: n words say more in a language with
long ones, so they recur less in the same text. FineWeb2's own figures by language are written
beside them: they follow what was in each corpus, and treat the same text less alike than no
difference at all (`limit_bands.py`). A language of which there is no text has the median length of
its family.
Stop words are the most frequent words of labelled text (lines `[label, source, text]`), as many
as a line of the typical language holds, together with those of FineWeb2's that occur in that text:
the thirty most frequent words of English are five words of a line, those of Finnish one. Where
there is no text, all of FineWeb2's are taken, and no text is judged by them: they hold words that
only bots write.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import labelled_words

from florilegium.filters.language_table import MACRO, european
from florilegium.filters.limits import Limits

OUT = Path(__file__).parents[1] / "filters" / "languages"
LARGE = 1_000_000
"""Documents of a language in FineWeb2 from which its words count as of ordinary length."""
BAND = (0.85, 1.15)
"""Lowest and highest limit of n-grams, as multiples of the default."""

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

LABELLED = "words most frequent in translation catalogues, treebanks and Tatoeba (CC BY 2.0 FR)"
OF_LINES = ("min_sentence_lines", "max_duplicate_lines")
NAMES = {"2": "max_top_bigram", "3": "max_top_trigram", "4": "max_top_4gram"} | {
    str(n): f"max_duplicate_{n}gram" for n in range(5, 11)
}

Figures = dict[str, float]
Tables = dict[str, dict[str, Any]]


def published(entry: dict[str, Any]) -> Figures:
    """Return FineWeb2's figures of a language under our names; one that is negative is none."""
    found = {
        "min_sentence_lines": entry["line_punct_thr"],
        "max_duplicate_lines": entry["dup_line_frac"],
    }
    for kind in ("top_n_grams", "dup_n_grams"):
        found |= {NAMES[n]: value for n, value in entry[kind].items()}
    return {name: value for name, value in found.items() if value is not None and value >= 0}


def family_of(code: str) -> str:
    """Return the name of the family of a language."""
    return next((name for name, of in FAMILIES.items() if code[:3] in of.split()), "")


def entries_of(code: str, tables: Tables) -> list[dict[str, Any]]:
    """Return what FineWeb2 has of a language, or of the members of a macro language."""
    names = [code] if code in tables else [ALIASES.get(code, "")]
    if code in MACRO.values():
        names = [member for member, macro in MACRO.items() if macro == code]
    return [tables[name] for name in names if name in tables]


def scales(lengths: dict[str, float], codes: Iterable[str], tables: Tables) -> dict[str, float]:
    """Return by what to multiply limits of n-grams for each language of which that is known."""
    codes = list(codes)
    large = {c for c in codes if any(e["fw2_docs"] >= LARGE for e in entries_of(c, tables))}
    usual = median(length for code, length in lengths.items() if code in large)
    found = {c: min(max(usual / length, BAND[0]), BAND[1]) for c, length in lengths.items()}
    families = defaultdict(list)
    for code in found.keys() & large:
        families[family_of(code)].append(found[code])
    for code in codes:
        if code not in found and (own := families.get(family_of(code))):
            found[code] = median(own)
    return found


def files(tables: Tables, codes: Iterable[str], texts: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each language and the lines of its file."""
    codes = sorted(codes)
    found = labelled_words.read(texts, codes)
    shares = labelled_words.frequencies(found)
    enough = labelled_words.words_of_a_line(shares)
    scale = scales(labelled_words.word_lengths(found), codes, tables)
    for code in codes:
        entries = entries_of(code, tables)
        listed = [word for entry in entries for word in entry["stopwords"]]
        words = labelled_words.stop_words(shares.get(code, Counter()), listed, enough)
        sources = [
            *[LABELLED] * (code in found),
            *["FineWeb2's list"] * bool(listed),
        ]
        yield (
            code,
            [
                *_head(code, " and ".join(sources) or "none known", code in found),
                *_limits(scale.get(code, 1.0), entries),
                f"min_stop_words = {2 * (code in found)}",
                "stop_words = [",
                *(f"    {json.dumps(word, ensure_ascii=False)}," for word in words),
                "]",
            ],
        )


def _head(code: str, sources: str, measured: bool) -> Iterator[str]:
    lengths = "its words" if measured else "words of its family, if any are known"
    yield "# Written by bench/language_limits.py."
    yield "# Limits: medians of FineWeb2 (arXiv:2506.20920, Apache-2.0), those of n-grams by the"
    yield f"# length of {lengths}. FineWeb2's own stand behind them."
    yield f"# Stop words: {sources}."
    yield f'family = "{family_of(code)}"'


def _limits(scale: float, entries: list[dict[str, Any]]) -> Iterator[str]:
    theirs = defaultdict(list)
    for entry in entries:
        for name, value in published(entry).items():
            theirs[name].append(value)
    for name in (*OF_LINES, *NAMES.values()):
        value = getattr(Limits(), name) * (1.0 if name in OF_LINES else scale)
        mark = f"  # published: {median(theirs[name]):g}" if name in theirs else ""
        yield f"{name} = {round(value, 3)}{mark}"


def main() -> None:
    """Write a file for each language."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=Path, required=True, help="FineWeb2's configurations")
    parser.add_argument("--texts", type=Path, required=True, help="labelled text")
    given = parser.parse_args()
    tables = json.loads(given.tables.read_text(encoding="utf-8"))["languages"]
    codes = {*european(), *MACRO.values()}
    OUT.mkdir(exist_ok=True)
    for code, lines in files(tables, codes, given.texts):
        (OUT / f"{code}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
