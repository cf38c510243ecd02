"""The counts of a text: integers from which every published share and verdict follows."""

from msgspec import Struct


class Counts(Struct, frozen=True, gc=False, array_like=True):
    """What one pass over a text counts. Lengths are in Unicode code points."""

    words: int = 0
    """Tokens of the text, punctuation marks standing alone included."""
