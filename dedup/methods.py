"""Methods: the ways to find near duplicates, each a frozen format of what is stored of a text."""

from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.dedup.minhash import SIZE, permute, sketch


class Method(Struct, frozen=True, kw_only=True):
    """How near duplicates are found. Texts are compared by sets of five-word shingles."""

    format: str
    """Names every choice that a stored signature depends on: sketch, bands, shingles, fold table.
    Signatures can be compared if it is the same; it changes with any of these."""
    bands: int
    """Bands of a sketch: a pair is a candidate if it agrees in one."""
    rows: int
    """Sketch values in a band."""
    stored: int
    """Values of a sketch whose lowest byte is stored, to verify candidates: all of them or none.
    Without verification, whatever is connected by candidates is one cluster."""
    sketch: Callable[[NDArray[np.uint64], NDArray[np.int64]], NDArray[np.uint32]]
    """Hashes of shingles and bounds -> one row of values a text."""

    @property
    def verifies(self) -> bool:
        """Whether a candidate is removed only if the sketches say that it is similar enough."""
        return self.stored > 0

    @property
    def signature(self) -> np.dtype[np.void]:
        """The type of a signature: all that deduplication needs to know of a text."""
        return np.dtype(
            [
                ("text", "<u8", (2,)),  # XXH3-128 of the folded words: equal for exact duplicates
                ("bands", "<u8", (self.bands,)),
                ("sketch", "u1", (self.stored,)),
                ("words", "<u4"),
            ]
        )


FAST_SIMILARITY = Method(format="fss256-w5-fold1", bands=12, rows=6, stored=SIZE, sketch=sketch)
"""Fast Similarity Sketch: many candidates, each verified. Of texts of similarity 0.5 17 % become
candidates, of 0.75 90 %, of 0.8 97 %. A signature has 372 bytes."""

MINHASH = Method(format="minhash112-w5-fold1", bands=14, rows=8, stored=0, sketch=permute)
"""Classic MinHash as FineWeb and FineWeb2 use it: candidates are copies, and copies of copies too.
Of texts of similarity 0.5 5 % become candidates, of 0.75 77 %, of 0.8 92 %. A signature has 132
bytes."""

METHODS: dict[str, Method] = {"fast-similarity-sketch": FAST_SIMILARITY, "minhash": MINHASH}
"""Methods by the name that a recipe gives them."""
