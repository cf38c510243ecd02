"""Trains the model that tells old encodings: counts of letters, by language, encoding, context.

    python bench/train_detection.py --texts train.jsonl.xz

The file has lines `[label, source, text]`. Writes `pipelines/detection.npz` and its card,
`pipelines/detection.json`: the same bytes for the same lines. Every text is written in the
encodings its language was used with, and what a byte costs there is the logarithm of how often it
occurs in its context, smoothed by how often other languages have that character.
"""

import argparse
import hashlib
import json
import lzma
import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from florilegium.pipelines.charsets import codec, leniently
from florilegium.pipelines.detection import CONTEXTS, Model, tally, to_bytes

OUT = Path(__file__).parent.parent / "pipelines"
MOST = 1_200_000
"""Characters of text taken of each language, from the beginning of the file."""
SMOOTHING = 100.0
"""How many occurrences the other languages' habits are worth."""
FLOOR = 3e-5
"""What a character that no text has is worth as a habit."""
IMPOSSIBLE = 1e-9
"""Probability of a byte that stands for no character, or for a control of C1."""

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

RARITY = {
    "windows-1252": 0,
    "windows-1250": 200, "windows-1251": 200, "windows-1253": 200, "windows-1254": 200,
    "windows-1255": 200, "windows-1256": 200, "windows-1257": 200, "windows-1258": 200,
    "windows-874": 200, "koi8-r": 250, "iso-8859-15": 100,
    "iso-8859-2": 300, "iso-8859-5": 300, "iso-8859-7": 300, "iso-8859-13": 300, "koi8-u": 300,
    "iso-8859-6": 400, "iso-8859-8": 400, "iso-8859-16": 400,
    "iso-8859-3": 500, "iso-8859-4": 500, "iso-8859-14": 500, "iso-8859-10": 600,
    "ibm866": 800, "macintosh": 800, "x-mac-cyrillic": 800,
}  # fmt: skip
"""What it costs to assume an encoding, hundredths of a nat: the rarer on the web, the more."""

_CEDILLA = str.maketrans("ȘșȚț", "ŞşŢţ")
_COMMA = str.maketrans("ŞşŢţ", "ȘșȚț")


def read_texts(path: Path, labels: set[str]) -> dict[str, str]:
    """Return the text of each label; Romanian twice, with cedillas and with commas below."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    size: Counter[str] = Counter()
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            label, _, text = json.loads(line)
            if label in labels and size[label] < MOST:
                lines[label].append(text)
                size[label] += len(text) + 1
    texts = {label: "\n".join(lines[label]) for label in sorted(lines)}
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


def train(texts: dict[str, str]) -> Model:
    """Return the model of the texts."""
    pairs = columns()
    sizes = {
        label: len(text) - len(text.encode("ascii", "ignore")) for label, text in texts.items()
    }
    longest = max(map(len, texts.values()))
    surprise = np.zeros((128 * CONTEXTS, len(pairs)), np.int16)
    for charset in dict.fromkeys(charset for _, charset in pairs):
        shares = {
            label: tally(text.encode(codec(charset), "ignore")) / sizes[label]
            for label, text in texts.items()
        }
        usual = sum(shares.values()) / len(shares) + FLOOR
        void = np.repeat(
            [not _prints(bytes([byte]), charset) for byte in range(0x80, 0x100)], CONTEXTS
        )
        for column, (label, used) in enumerate(pairs):
            if used == charset:
                size = sizes[label]
                smooth = (shares[label] * size + SMOOTHING * usual) / (size + SMOOTHING)
                smooth[void] = IMPOSSIBLE
                surprise[:, column] = np.rint(-100 * np.log(smooth))
    rarity = [
        RARITY[charset] + round(100 * math.log(longest / len(texts[label])))
        for label, charset in pairs
    ]
    languages, charsets = zip(*pairs, strict=True)
    return Model(languages, charsets, np.array(rarity, np.int64), surprise)


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
    model = train(read_texts(options.texts, {label for label, _ in columns()}))
    data = to_bytes(model)
    (OUT / "detection.npz").write_bytes(data)
    card = {
        "model": "detection.npz",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "trained_by": "bench/train_detection.py",
        "data_sha256": hashlib.sha256(options.texts.read_bytes()).hexdigest(),
        "characters_a_language": MOST,
        "languages": sorted(set(model.languages)),
        "encodings": sorted(set(model.charsets)),
        "columns": len(model.charsets),
    }
    (OUT / "detection.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
