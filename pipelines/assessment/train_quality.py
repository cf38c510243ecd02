"""A scorer of quality, made of good and bad examples.

fastText learns on one thread from examples in an order that follows from their texts, so the same
examples give the same file. A tenth of the origins is held out, never single texts: pages of one
site are alike, and a model that knows the site would be praised for knowing it. What is held out is
scored once, by a model that is then the one that is written.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import fasttext
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.manifests.location import replacing, sha256
from florilegium.manifests.scratch import scratch
from florilegium.pipelines.assessment.examples import (
    Example,
    ExampleError,
    Source,
    find,
    read,
    sources,
)
from florilegium.pipelines.assessment.scorers import MAX_CHARACTERS, Model, line_of

GOOD, BAD = "good", "bad"
TRAINING: dict[str, int | float | str] = {
    "dim": 32, "wordNgrams": 2, "minn": 0, "maxn": 0, "bucket": 500_000, "minCount": 2,
    "epoch": 5, "lr": 0.5, "loss": "softmax", "thread": 1, "seed": 20261128,
}  # fmt: skip
HELD_OUT = 10
"""One in so many origins is held out."""
MIN_EXAMPLES = 20
"""Of either kind, to learn from."""


class HeldOut(Struct, frozen=True, kw_only=True):
    """How a model does on origins that it has not seen."""

    good: int
    """Texts."""
    bad: int
    auc: float | None
    """Probability that a good text scores above a bad one; null if there is none of either."""
    accuracy: float | None
    """Share of texts on the right side of 0.5, good and bad counting alike."""
    good_kept: dict[str, float]
    """Share of good texts at or above a limit, by limit."""
    bad_kept: dict[str, float]
    """Share of bad texts at or above it."""


class Card(Struct, frozen=True, kw_only=True):
    """What is to be known of a scorer."""

    model: str
    sha256: str
    bytes: int
    label: str = GOOD
    good: list[Source]
    bad: list[Source]
    field: str
    examples: dict[str, int]
    """Different texts to learn from, by kind."""
    origins: dict[str, int]
    """Domains, or single texts without one, to learn from, by kind."""
    left_out: dict[str, int]
    """Texts that were no examples, by why: `repeated`, and `both`, good and bad at once."""
    held_out: HeldOut
    training: dict[str, int | float | str]
    max_characters: int = MAX_CHARACTERS
    program: str
    caution: str = (
        "A score says how much a text is like the good examples and unlike the bad ones, in topic "
        "and style as well. Look at both sides of a limit before it is used, in every language."
    )


class _Text(NamedTuple):
    key: bytes
    kind: str
    origin: str
    line: str


def train(good: Sequence[str], bad: Sequence[str], out: Path, field: str = "text") -> Card:
    """Write `quality.bin` and its card `quality.json` into a folder; return the card.

    ExampleError if examples cannot be read, or if there are too few.
    """
    files = {GOOD: find(good), BAD: find(bad)}
    texts, left_out = _different(files, field)
    held = [one for one in texts if _is_held_out(one.origin)]
    lines = [one for one in texts if not _is_held_out(one.origin)]
    counts = Counter(one.kind for one in lines)
    for kind in (GOOD, BAD):
        if counts[kind] < MIN_EXAMPLES:
            raise ExampleError(
                f"{counts[kind]} different {kind} examples are left to learn from: there must be "
                f"{MIN_EXAMPLES}, and thousands are better"
            )
    out.mkdir(parents=True, exist_ok=True)
    model = out / "quality.bin"
    _learn(lines, model)
    card = Card(
        model=model.name,
        sha256=sha256(model),
        bytes=model.stat().st_size,
        good=sources(files[GOOD]),
        bad=sources(files[BAD]),
        field=field,
        examples={kind: counts[kind] for kind in (GOOD, BAD)},
        origins={
            kind: len({one.origin for one in lines if one.kind == kind}) for kind in (GOOD, BAD)
        },
        left_out=left_out,
        held_out=_judged(held, Model(str(model), GOOD)),
        training=TRAINING,
        program=f"fasttext-community {metadata.version('fasttext-community')}",
    )
    with replacing(out / "quality.json") as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n")
    return card


def _different(files: dict[str, list[Path]], field: str) -> tuple[list[_Text], dict[str, int]]:
    """Return each text once, sorted by digest, and why others are none."""
    found: dict[bytes, _Text] = {}
    left_out = {"repeated": 0, "both": 0}
    both: set[bytes] = set()
    for kind, of in files.items():
        for example in (example for file in of for example in read(file, field)):
            one = _text(kind, example)
            before = found.setdefault(one.key, one)
            if before.kind != kind:
                both.add(one.key)
            elif before is not one:
                left_out["repeated"] += 1
    left_out["both"] = len(both)
    return [found[key] for key in sorted(found.keys() - both)], left_out


def _text(kind: str, example: Example) -> _Text:
    line = line_of(example.text)
    return _Text(hashlib.sha256(line.encode()).digest(), kind, example.origin, line)


def _is_held_out(origin: str) -> bool:
    """Whether an origin is held out: the same for good and bad, and for every set of examples."""
    digest = hashlib.sha256(origin.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT == 0


def _learn(texts: Iterable[_Text], model: Path) -> None:
    with scratch() as folder, replacing(model) as draft:
        file = folder / "examples.txt"
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(f"__label__{one.kind} {one.line}\n" for one in texts)
        fasttext.train_supervised(str(file), verbose=0, **TRAINING).save_model(str(draft))


def _judged(held: Sequence[_Text], model: Model) -> HeldOut:
    scores = {
        kind: np.array([model.score(one.line) for one in held if one.kind == kind])
        for kind in (GOOD, BAD)
    }
    limits = (0.1, 0.25, 0.5, 0.75, 0.9)
    kept = {
        kind: {str(x): round(float((mine >= x).mean()), 4) for x in limits} if len(mine) else {}
        for kind, mine in scores.items()
    }
    whole = len(scores[GOOD]) and len(scores[BAD])
    right = (scores[GOOD] >= 0.5).mean() + (scores[BAD] < 0.5).mean() if whole else 0.0
    return HeldOut(
        good=len(scores[GOOD]),
        bad=len(scores[BAD]),
        auc=round(auc(scores[GOOD], scores[BAD]), 4) if whole else None,
        accuracy=round(float(right) / 2, 4) if whole else None,
        good_kept=kept[GOOD],
        bad_kept=kept[BAD],
    )


def auc(good: NDArray[np.float64], bad: NDArray[np.float64]) -> float:
    """Return the probability that one of the good scores above one of the bad; equal ones half.

    >>> auc(np.array([0.9, 0.4]), np.array([0.4, 0.1]))
    0.875
    """
    below = np.searchsorted(np.sort(bad), good, "left")
    equal = np.searchsorted(np.sort(bad), good, "right") - below
    return float((below + equal / 2).sum() / (len(good) * len(bad)))
