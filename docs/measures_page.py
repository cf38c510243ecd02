"""The reference of measures: every count, every share that follows, and where it was published."""

import re
from collections import defaultdict
from collections.abc import Iterator

from tracing import ALL, measured, tag
from wording import descriptions, prose, table

from florilegium.manifests.counts import Counts

_REDPAJAMA, _ROOTS = "RedPajama 2, arXiv:2411.12372", "ROOTS, arXiv:2303.03915"
_HPLT, _C4 = "HPLT's web-docs-scorer", "C4, arXiv:1910.10683"
OTHERS = (
    ("capital words", "capital_words / words", _REDPAJAMA, "rps_doc_frac_all_caps_words"),
    ("words without a letter", "(words - alpha_words) / words", _REDPAJAMA,
     "rps_doc_frac_no_alph_words"),
    ("different words", "unique_words / words", _REDPAJAMA, "rps_doc_frac_unique_words"),
    ("entropy of words, bits", "unigram_entropy / 1000", _REDPAJAMA, "rps_doc_unigram_entropy"),
    ("stop words", "stop_words / words", _REDPAJAMA, "rps_doc_stop_word_fraction"),
    ("signs a word", "(hashes + ellipses) / words", _REDPAJAMA, "rps_doc_symbol_to_word_ratio"),
    ("curly brackets", "curly_brackets / chars", _REDPAJAMA, "rps_doc_curly_bracket"),
    ("sentences", "sentences", _REDPAJAMA, "rps_doc_num_sentences"),
    ("upper case", "upper_chars / chars", _REDPAJAMA, "rps_lines_uppercase_letter_fraction"),
    ("digits", "digit_chars / chars", _REDPAJAMA, "rps_lines_numerical_chars_fraction"),
    ("repeated sequences of ten characters", "repeated_char_10grams / (chars - 9)", _ROOTS,
     "character repetition ratio"),
    ("repeated sequences of five words", "repeated_5grams / (words - 4)", _ROOTS,
     "word repetition ratio"),
    ("marks and signs", "punctuation_chars / chars", _HPLT, "punctuation"),
    ("pictographs", "picture_chars / chars", _HPLT, "singular characters"),
    ("addresses a line", "urls / lines", _HPLT, "URLs"),
    ("characters in long lines", "long_line_chars / chars", _HPLT, "long segments"),
    ("letters of another script", "foreign_script_chars / alpha_chars", _HPLT, "language"),
    ("lines that C4 keeps", "c4_lines / lines", _C4, "lines kept"),
)  # fmt: skip
"""Published measures that no rule bounds: what, how it follows from counts, source, its name."""

OURS = {"prose_line_balance": "[decision 19](decisions/0019-quality-measures.md)"}
"""Measures that are not of the paper their filter follows."""


def measures_page() -> Iterator[str]:
    """Yield the lines of the reference of measures."""
    yield from ("# Measures", "")
    yield "What is counted in a text, and what follows from it. Counts are made once, when a page"
    yield "is harvested, and stay with the document in its column `counts`; every share is a"
    yield "quotient of two of them. So a limit can be changed, and a verdict redone, without the"
    yield "text. [Decision 19](decisions/0019-quality-measures.md) says why, and how even they are"
    yield "between languages."
    yield ""
    yield "`florilegium stats RELEASE --measure counts.sentence_lines/counts.lines` says how any of"
    yield "them is spread in a release."
    yield from ("", "## Measures that a rule bounds", "")
    yield "A share is at most 1, and of nothing it is 0. `a or b` is b where a is 0. What is not"
    yield "among the counts below is a [column of a document](release.md#documents). Limits are in"
    yield "[rules](rules.md)."
    yield ""
    yield from table(("measure", "rules", "source"), _bounded())
    yield from ("", "## Others that were published", "")
    yield "No rule bounds them, but a query can. The counts are ours: words and lines are cut as"
    yield "below, so values are near those of the sources and not the same."
    yield ""
    rows = [(what, f"`{how}`", f"{source}: {name}") for what, how, source, name in OTHERS]
    yield from table(("what", "measure", "source"), rows)
    yield from ("", "## Counts", "", prose(Counts), "")
    about = descriptions(Counts)
    used = _used()
    yield from table(
        ("count", "meaning", "rules"),
        [(f"`{name}`", about[name], ", ".join(used[name])) for name in Counts.__struct_fields__],
    )


def _bounded() -> Iterator[tuple[str, str, str]]:
    """Yield each measure once, with all rules that bound it and where these were published."""
    rules: dict[str, list[str]] = defaultdict(list)
    sources: dict[str, list[str]] = defaultdict(list)
    for one in ALL:
        source = re.search(r"\(([^()]*arXiv[^()]*)\)", prose(type(one)).partition("\n")[0])
        for rule, formula, *_ in measured(one):
            rules[formula].append(f"{rule} of {_link(tag(one))}")
            paper = OURS.get(rule) or (source[1] if source else "")
            if paper and not any(known.startswith(paper) for known in sources[formula]):
                sources[formula].append(paper)
    for formula, names in rules.items():
        yield formula, ", ".join(names), "; ".join(sources[formula])


def _used() -> dict[str, list[str]]:
    """Return the filters that look at each count."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in ALL:
        formulas = " ".join(formula for _, formula, *_ in measured(one))
        for name in re.findall(r"\w+", formulas):
            if _link(tag(one)) not in found[name]:
                found[name].append(_link(tag(one)))
    return found


def _link(name: str) -> str:
    return f"[{name}](rules.md#{name})"
