"""Chooses what the model that tells old encodings cannot count, on text held out from training.

    python bench/choose_detection.py --texts train.jsonl.xz

The file has lines `[label, source, text]`. Held out are all lines of news (sources `lingua…`) and
one in ten of the others, by digest. A model is trained on the rest, and pages of one line, of 600
and of 3,000 characters are written from what was held out, in every encoding of each language.
Prints the share of pages of which every character beyond ASCII is read right, by the constants of
training, those in `windows-1252`, the most common encoding, apart from the others. Then, with the
constants as they are: the share read right if all declare ISO-8859-1, rightly or in vain, by
`BEYOND_DOUBT`; and the surprise a byte of text and of noise, between which `MAX_SURPRISE` must be.
"""

import argparse
import hashlib
import itertools
import lzma
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from decoding_samples import Sample, from_texts, letters
from numpy.typing import NDArray
from train_detection import RARITY, Constants, both_romanian, columns, count, fit, read_texts

from florilegium.pipelines.pages.charsets import leniently
from florilegium.pipelines.pages.detection import ENOUGH, Model, tally

SMOOTHING = (10.0, 30.0, 100.0, 300.0, 1_000.0)
FLOOR = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
STEPS = (0, 50, 100, 150, 200, 400, 800)
BEYOND_DOUBT = (0, 100, 200, 300, 400, 500, 600, 700, 800, 1_000, 1_200, 1_500, 2_000)
LENGTHS = (70, 600, 3_000) * 5
STRANGERS = dict.fromkeys(["egl_Latn", "glv_Latn", "lim_Latn", "lad_Latn"], "windows-1252")
STRANGERS |= dict.fromkeys(["kaz_Cyrl", "mon_Cyrl", "tat_Cyrl", "tgk_Cyrl"], "windows-1251")
"""Languages that the model does not know, but must not take for noise."""
FAR_EAST = {"jpn_Jpan": "shift_jis euc-jp", "kor_Hang": "euc-kr", "zho_Hani": "gb18030 big5"}
"""What chardetng should keep from the model."""


class Pages(NamedTuple):
    """What the model sees of pages, and which encodings read them right."""

    counts: NDArray[np.int64]
    right: NDArray[np.bool_]
    """A column for each encoding, in the order of `RARITY`."""
    common: NDArray[np.bool_]
    """Which pages are written in windows-1252."""


def held_out(source: str, text: str) -> bool:
    """Tell whether a line is not to be trained on."""
    return source.startswith("lingua") or hashlib.sha256(text.encode()).digest()[0] % 10 == 0


def pages(samples: list[Sample]) -> Pages:
    """Return the pages with characters beyond ASCII."""
    payloads = [sample.payload() for sample in samples]
    return Pages(
        np.array([tally(payload) for payload in payloads]),
        np.array([_readers(*pair) for pair in zip(samples, payloads, strict=True)]),
        np.array([sample.encoding == "windows-1252" for sample in samples]),
    )


def _readers(sample: Sample, payload: bytes) -> list[bool]:
    wanted = letters(sample.html)
    beyond = payload.translate(None, bytes(range(128)))
    return [letters(leniently(beyond, charset)[0]) == wanted for charset in RARITY]


def surprises(model: Model, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a row for each page and a column for each encoding: the least of its languages."""
    # Whole numbers below 2^53 are exact as floats, and multiply faster.
    sums = (counts.astype(float) @ model.surprise.astype(float)).astype(np.int64) + model.rarity
    used = np.array(model.charsets)
    return np.stack([sums[:, used == charset].min(axis=1) for charset in RARITY], axis=1)


def shares(right: NDArray[np.bool_], common: NDArray[np.bool_]) -> str:
    """Return the shares of right pages: of all, of the common ones, and of the others."""
    return "".join(f"{part.mean():12.4f}" for part in (right, right[common], right[~common]))


def best(seen: Pages, model: Model) -> NDArray[np.bool_]:
    """Tell which pages the least surprising encoding reads right."""
    return _at(seen.right, surprises(model, seen.counts).argmin(axis=1))


def kept_or_changed(seen: Pages, model: Model, limit: int) -> NDArray[np.bool_]:
    """Tell which pages are read right if all are declared to be ISO-8859-1."""
    found = surprises(model, np.minimum(seen.counts, 1))
    leads = found[:, 0] - found.min(axis=1)
    return _at(seen.right, np.where(leads >= limit, found.argmin(axis=1), 0))


def _at(values: NDArray[np.bool_], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    return values[np.arange(len(values)), columns]


def a_byte(model: Model, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the least surprise a byte, hundredths of a nat, of pages with enough bytes."""
    enough = counts[counts.sum(axis=1) >= ENOUGH]
    return surprises(model, enough).min(axis=1) / enough.sum(axis=1)


def far_eastern(texts: dict[str, str]) -> NDArray[np.int64]:
    """Return the counts of pages in encodings that the model does not know."""
    return np.array([tally(each.payload()) for each in from_texts(texts, FAR_EAST, LENGTHS)])


def compressed(texts: dict[str, str]) -> NDArray[np.int64]:
    """Return the counts of bytes that are no text."""
    return np.array([tally(lzma.compress(text.encode())[100:5_100]) for text in texts.values()])


def encodings() -> dict[str, str]:
    """Return the encodings of each language that the model knows."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for label, charset in columns():
        found[label].append(charset)
    return {label: " ".join(charsets) for label, charsets in found.items()}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=Path, required=True)
    file = parser.parse_args().texts
    labels = {label for label, _ in columns()}
    training = both_romanian(
        read_texts(file, labels, lambda source, text: not held_out(source, text))
    )
    held = read_texts(file, labels | set(FAR_EAST), held_out)
    far_east = {label: held.pop(label) for label in FAR_EAST}
    strange = list(from_texts(read_texts(file, set(STRANGERS)), STRANGERS, LENGTHS))
    seen = pages(list(from_texts(held, encodings(), LENGTHS)))
    counts = count(training)
    chosen = Constants()

    rightly = seen.right[:, 0]
    print(f"{len(rightly)} pages, {seen.common.sum()} in windows-1252, {rightly.sum()} read right")
    print(f"as if they were; now {chosen}\n")
    print(f"{'smoothing':>10}{'floor':>10}{'all':>12}{'common':>12}{'others':>12}")
    for smoothing, floor in itertools.product(SMOOTHING, FLOOR):
        model = fit(training, counts, chosen._replace(smoothing=smoothing, floor=floor))
        print(f"{smoothing:10.0f}{floor:10.0e}{shares(best(seen, model), seen.common)}")

    print(f"\n{'rarity':>20}{'all':>12}{'common':>12}{'others':>12}")
    for step in STEPS:
        model = fit(training, counts, chosen._replace(rarity=step))
        print(f"{step:20}{shares(best(seen, model), seen.common)}")

    model = fit(training, counts, chosen)
    print(f"\n{'BEYOND_DOUBT':>20}{'all':>12}{'rightly':>12}{'in vain':>12}")
    for limit in BEYOND_DOUBT:
        right = kept_or_changed(seen, model, limit)
        print(f"{limit:20}{shares(right, rightly)}")

    print(f"\n{'MAX_SURPRISE':>20}{'pages':>12}{'least':>12}{'most':>12}")
    for name, counted in (
        ("text", seen.counts),
        ("unknown languages", pages(strange).counts),
        ("far east", far_eastern(far_east)),
        ("compressed", compressed(held)),
    ):
        each = a_byte(model, counted)
        print(f"{name:>20}{len(each):12}{each.min():12.0f}{each.max():12.0f}")


if __name__ == "__main__":
    main()
