"""Counting tokens with the tokenizer that the recipe names."""

import hashlib
from importlib import resources

from mistral_common.tokens.tokenizers.tekken import Tekkenizer


class TokenCounter:
    """Counts the tokens of a text with a Tekken vocabulary (mistral-common ships them).

    `digest` is the SHA-256 of the vocabulary file, in hex. Loading takes about two seconds.
    """

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer = Tekkenizer.from_file(str(_vocabulary(tokenizer)))

    def count(self, text: str) -> int:
        """Return the number of tokens, exactly, without begin and end marks."""
        return len(self._tokenizer.encode(text, bos=False, eos=False))


def digest(tokenizer: str) -> str:
    """Return the SHA-256 of the tokenizer's vocabulary, in hex."""
    return hashlib.sha256(_vocabulary(tokenizer).read_bytes()).hexdigest()


def _vocabulary(tokenizer: str) -> "resources.abc.Traversable":
    name = tokenizer.replace("-", "_") + ".json"
    return resources.files("mistral_common") / "data" / name
