"""Histograms: the classes of a measure as bars of a drawing."""

from msgspec import Struct

from florilegium.manifests.distributions import SIZES, Distribution

WIDTH, HEIGHT = 640, 160
"""Size of the drawing, in its own units, its captions left out."""
_TWENTIETHS = 20

TITLES = {
    "tokens": ("Tokens of a document", "tokens"),
    "chars": ("Characters of a document", "characters"),
    "lang_score": ("Probability of the language", ""),
    "quality": ("Quality", ""),
    "extraction_confidence": ("Confidence of the extraction", ""),
    "foreign_share": ("Share of text in another language", ""),
    "dup_size": ("Captures that a document stands for", "captures"),
}


class Bar(Struct, frozen=True):
    """A class: what it holds, in words and numbers, and its place in the drawing."""

    label: str
    documents: int
    share: float
    x: float
    y: float
    width: float
    height: float


class Histogram(Struct, frozen=True):
    """All classes of a measure from the least to the greatest, empty ones between them too."""

    measure: str
    title: str
    unit: str
    documents: int
    bars: list[Bar]


def histogram(distribution: Distribution, measure: str) -> Histogram | None:
    """Return the histogram of a measure, or None if no document has a value of it."""
    held = {
        least: documents
        for (name, least), (documents, _) in distribution.items()
        if name == measure and documents
    }
    if not held:
        return None
    edges = _doubling(held) if measure in SIZES else _even()
    whole, most = sum(held.values()), max(held.values())
    step = WIDTH / len(edges)
    bars = []
    for number, (least, label) in enumerate(edges):
        documents = held.get(least, 0)
        height = HEIGHT * documents / most
        bars.append(
            Bar(
                label,
                documents,
                documents / whole,
                round(number * step + 1, 2),
                round(HEIGHT - height, 2),
                round(step - 2, 2),
                round(height, 2),
            )
        )
    return Histogram(measure, *TITLES[measure], whole, bars)


def _doubling(held: dict[float, int]) -> list[tuple[float, str]]:
    low, high = int(min(held)), int(max(held))
    leasts = [low]
    while leasts[-1] < high:
        leasts.append(leasts[-1] * 2)
    return [
        (float(least), f"{least:,} to {2 * least - 1:,}" if least > 1 else "1") for least in leasts
    ]


def _even() -> list[tuple[float, str]]:
    return [
        (n / _TWENTIETHS, f"{n / _TWENTIETHS:.2f} to {(n + 1) / _TWENTIETHS:.2f}")
        for n in range(_TWENTIETHS)
    ]
