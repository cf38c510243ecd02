"""Trains the model that tells old encodings: counts of letters, by language, encoding, context.

    python bench/train_detection.py --texts train.jsonl.xz

The file has lines `[label, source, text]`. Writes `pipelines/pages/detection.npz` and its card,
`pipelines/pages/detection.json`: the same bytes for the same lines. Every text is written in the
encodings its language was used with, and what a byte costs there is the logarithm of how often it
occurs in its context, smoothed by how often other languages have that character. Of the constants
`bench/choose_detection.py` tells how they were chosen.
"""

import argparse
import hashlib
import json
import lzma
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from florilegium.pipelines.pages.charsets import codec, leniently
from florilegium.pipelines.pages.detection import CONTEXTS, Model, tally, to_bytes

OUT = Path(__file__).parent.parent / "pipelines" / "pages"
MOST = 1_200_000
"""Characters of text taken of each language, from the beginning of the file."""
IMPOSSIBLE = 1e-9
"""Probability of a byte that stands for no character, or for a control of C1."""


class Constants(NamedTuple):
    """What is not counted but chosen, on text held out: `bench/choose_detection.py`."""

    smoothing: float = 100.0
    """How many occurrences the other languages' habits are worth."""
    floor: float = 1e-5
    """What a character that no text has is worth as a habit."""
    rarity: int = 100
    """What it costs to assume an encoding, hundredths of a nat for each step of `RARITY`."""


Counts = dict[str, dict[str, NDArray[np.int64]]]
"""By encoding and language, how often each byte occurs in each context."""

_WESTERN = "windows-1252 iso-8859-15 macintosh"
_CELTIC = f"{_WESTERN} iso-8859-14"
_CENTRAL = "windows-1250 iso-8859-2"
_SOUTHERN = f"{_CENTRAL} iso-8859-16"
_CYRILLIC = "windows-1251 koi8-r iso-8859-5 ibm866 x-mac-cyrillic"
_UKRAINIAN = f"{_CYRILLIC} koi8-u"
_BALTIC = "windows-1257 iso-8859-13 iso-8859-4"

USES = {
    _WESTERN: "afr arg ast cat cos dan deu eng eus fao fin fra fry fur glg isl ita lij ltz nds nld "
    "nno nob oci pms por roh spa srd swe swg wln",
    _CELTIC: "bre cym gla gle",
    _CENTRAL: "bos ces csb dsb hsb slk szl",
    _SOUTHERN: "hrv hun pol ron slv srp bel",
    _CYRILLIC: "bul_Cyrl mkd_Cyrl rus_Cyrl srp_Cyrl",
    _UKRAINIAN: "bel_Cyrl ukr_Cyrl",
    _BALTIC: "lav lit",
    f"{_BALTIC} {_WESTERN}": "est",
    f"{_WESTERN} {_CENTRAL}": "sqi",
    "iso-8859-10 iso-8859-4": "sme",
    "iso-8859-3": "epo mlt",
    "windows-1253 iso-8859-7": "ell_Grek",
    "windows-1254": "aze crh tur",
    "windows-1255 iso-8859-8": "heb_Hebr yid_Hebr",
    "windows-1256 iso-8859-6": "ara_Arab fas_Arab urd_Arab",
    "windows-1258": "vie",
    "windows-874": "tha_Thai",
}
"""The encodings that languages were written in; the script is Latin where none is named."""

_STEPS = {
    0: "windows-1252",
    1: "windows-1250 windows-1251 windows-1253 windows-1254 windows-1255 windows-1256 "
    "windows-1257 windows-1258 windows-874 iso-8859-15 koi8-r",
    2: "iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 "
    "iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-16 koi8-u",
    8: "ibm866 macintosh x-mac-cyrillic",
}
RARITY = {name: steps for steps, names in _STEPS.items() for name in names.split()}
"""By how many steps an encoding is rarer on the web than windows-1252."""

_CEDILLA = str.maketrans("ȘșȚț", "ŞşŢţ")
_COMMA = str.maketrans("ŞşŢţ", "ȘșȚț")


def read_texts(
    path: Path,
    labels: set[str],
    wanted: Callable[[str, str], bool] = lambda source, text: True,
) -> dict[str, str]:
    """Return the text of each label, of those lines whose source and text are wanted."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    size: Counter[str] = Counter()
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            label, source, text = json.loads(line)
            if label in labels and size[label] < MOST and wanted(source, text):
                lines[label].append(text)
                size[label] += len(text) + 1
    return {label: "\n".join(lines[label]) for label in sorted(lines)}


def both_romanian(texts: dict[str, str]) -> dict[str, str]:
    """Return the texts, Romanian twice: with cedillas and with commas below."""
    romanian = texts["ron_Latn"]
    return texts | {"ron_Latn": romanian.translate(_CEDILLA) + romanian.translate(_COMMA)}


def columns() -> list[tuple[str, str]]:
    """Return language and encoding of each column, common encodings before rare ones."""
    pairs = [
        (name if "_" in name else f"{name}_Latn", charset)
        for charsets, names in USES.items()
        for name in names.split()
        for charset in charsets.split()
    ]
    return sorted(pairs, key=lambda pair: (RARITY[pair[1]], pair[1], pair[0]))


def count(texts: dict[str, str]) -> Counts:
    """Return the counts of texts in all encodings."""
    return {
        charset: {
            label: tally(text.encode(codec(charset), "ignore")) for label, text in texts.items()
        }
        for charset in RARITY
    }


def fit(texts: dict[str, str], counts: Counts, constants: Constants) -> Model:
    """Return the model of texts and their counts."""
    pairs = columns()
    sizes = {label: _beyond_ascii(text) for label, text in texts.items()}
    longest = max(map(len, texts.values()))
    surprise = np.zeros((128 * CONTEXTS, len(pairs)), np.int16)
    for charset, counted in counts.items():
        usual = sum(counted[label] / sizes[label] for label in texts) / len(texts)
        habit = constants.smoothing * (usual + constants.floor)
        void = _void(charset)
        for column, (label, used) in enumerate(pairs):
            if used == charset:
                smooth = (counted[label] + habit) / (sizes[label] + constants.smoothing)
                smooth[void] = IMPOSSIBLE
                surprise[:, column] = np.rint(-100 * np.log(smooth))
    rarity = [
        constants.rarity * RARITY[charset] + round(100 * math.log(longest / len(texts[label])))
        for label, charset in pairs
    ]
    languages, charsets = zip(*pairs, strict=True)
    return Model(languages, charsets, np.array(rarity, np.int64), surprise)


def _void(charset: str) -> NDArray[np.bool_]:
    """Tell which rows of the model are of bytes that stand for nothing."""
    return np.repeat([not _prints(bytes([byte]), charset) for byte in range(128, 256)], CONTEXTS)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _prints(byte: bytes, charset: str) -> bool:
    text, _ = leniently(byte, charset)
    return text >= "\xa0" and text != "\ufffd"


def main() -> None:
    """Train, and write the model and its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True)
    options = parser.parse_args()
    texts = both_romanian(read_texts(options.texts, {label for label, _ in columns()}))
    model = fit(texts, count(texts), Constants())
    data = to_bytes(model)
    (OUT / "detection.npz").write_bytes(data)
    card = {
        "model": "detection.npz",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "trained_by": "bench/train_detection.py",
        "data_sha256": hashlib.sha256(options.texts.read_bytes()).hexdigest(),
        "characters_a_language": MOST,
        "constants": Constants()._asdict(),
        "languages": sorted(set(model.languages)),
        "encodings": sorted(set(model.charsets)),
        "columns": len(model.charsets),
    }
    (OUT / "detection.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
