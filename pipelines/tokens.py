"""Counting tokens with the tokenizer that the recipe names."""

import hashlib
from importlib import resources
from typing import Final

from mistral_common.tokens.tokenizers.tekken import Tekkenizer

_PIECE: Final = 100_000
"""Characters whose matching cannot exhaust the tokenizer's stack; from a million on it may."""


class TokenCounter:
    """Counts the tokens of a text with a Tekken vocabulary (mistral-common ships them).

    `digest` is the SHA-256 of the vocabulary file, in hex. Loading takes about two seconds.
    """

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer = Tekkenizer.from_file(str(_vocabulary(tokenizer)))

    def count(self, text: str) -> int:
        """Return the number of tokens, exactly, without begin and end marks. Never raises.

        A text that the library cannot match, for a run of spaces that is too long for it, is
        counted piece by piece.
        """
        try:
            return self._count(text)
        except ValueError:
            pieces = range(0, len(text), _PIECE)
            return sum(self._count(text[start : start + _PIECE]) for start in pieces)

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, bos=False, eos=False))


def digest(tokenizer: str) -> str:
    """Return the SHA-256 of the tokenizer's vocabulary, in hex."""
    return hashlib.sha256(_vocabulary(tokenizer).read_bytes()).hexdigest()


def _vocabulary(tokenizer: str) -> "resources.abc.Traversable":
    name = tokenizer.replace("-", "_") + ".json"
    return resources.files("mistral_common") / "data" / name
