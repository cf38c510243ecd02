"""Training lines of the models that tell close languages apart.

What differs between close languages is little, so nothing else may differ: each source gives as
many lines of one as of another, or the model learns which of them wrote more about programs.
"""

import random

from language_lines import SEED, Amounts, views
from language_text import PROSE, Text, digest

GROUPS = {
    "serbo-croatian": ("bos_Latn", "hrv_Latn", "srp_Latn"),
    "scandinavian": ("dan_Latn", "nno_Latn", "nob_Latn"),
    "asturian-spanish": ("ast_Latn", "spa_Latn"),
}
"""Groups in which a second model helps on text that is held out, and what it tells apart.

Decision 5 has the groups in which none does.
"""

AMOUNTS = Amounts(views=1, cut_share=0.3, joined=0.3)
MOST = 20_000  # lines of a source
PROSE_COPIES = 6
TRAINING: dict[str, int | float | str] = {
    "dim": 8, "minn": 2, "maxn": 4, "bucket": 200_000, "minCount": 2, "epoch": 10, "lr": 0.4,
    "loss": "softmax", "thread": 1, "seed": SEED,
}  # fmt: skip
QUANTISING: dict[str, int | bool] = {"cutoff": 12_000, "qnorm": True, "dsub": 2, "thread": 1}

_CYRILLIC = "абвгдђежзијклмнопрстћуфхцчш"
_LATIN = "abvgdđežzijklmnoprstćufhcčš"
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN) | str.maketrans({"љ": "lj", "њ": "nj", "џ": "dž"})


def examples(group: str, text: Text) -> list[str]:
    """Return the training file of a group, a line an example: its label and words."""
    codes = GROUPS[group]
    dice = random.Random(f"{SEED} {group}")
    sources = {code: _sources(code, text) for code in codes}
    written = []
    for source in sorted(set.intersection(*(set(sources[code]) for code in codes))):
        count = min(MOST, *(len(sources[code][source]) for code in codes))
        copies = PROSE_COPIES if source in PROSE else 1
        for code in codes:
            lines = dice.sample(sources[code][source], count) * copies
            written += [f"__label__{code} {line}\n" for line in views(code, lines, AMOUNTS, dice)]
    dice.shuffle(written)
    return written


def _sources(code: str, text: Text) -> dict[str, list[str]]:
    """Return the lines of a language; of Serbian those in Cyrillic as well, transliterated."""
    found = {source: set(lines) for source, lines in text.lines.get(code, {}).items()}
    if code == "srp_Latn":
        for source, lines in text.lines.get("srp_Cyrl", {}).items():
            latin = {line.translate(_TO_LATIN) for line in lines}
            found[source] = found.get(source, set()) | latin
    return {source: sorted(lines, key=digest) for source, lines in found.items()}
