"""Counting tokens with the tokenizer that the recipe names."""

import hashlib
import re
from collections.abc import Iterator
from importlib import resources
from typing import Final

import msgspec
import tiktoken

# White space as the vocabularies' pattern knows it, without line breaks.
_BLANKS: Final = re.compile("[\t\v\f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")

_MATCHED: Final = 500_000
"""Blanks in a row that the pattern can be matched on; at a million it exhausts its stack."""


class _Token(msgspec.Struct):
    token_bytes: bytes  # in base64, which msgspec decodes


class _Config(msgspec.Struct):
    pattern: str
    default_vocab_size: int
    default_num_special_tokens: int


class _Vocabulary(msgspec.Struct):
    config: _Config
    vocab: list[_Token]


class TokenCounter:
    """Counts the tokens of a text with a Tekken vocabulary (mistral-common ships them).

    Counts are those of mistral-common's own tokenizer; of its file only what counting takes is
    read, in about 0.3 s.
    """

    def __init__(self, tokenizer: str) -> None:
        """Load a vocabulary, such as "tekken-240911"; raises FileNotFoundError if there is none."""
        file = msgspec.json.decode(_vocabulary(tokenizer).read_bytes(), type=_Vocabulary)
        size = file.config.default_vocab_size - file.config.default_num_special_tokens
        self._encoding = tiktoken.Encoding(
            tokenizer,
            pat_str=file.config.pattern,
            mergeable_ranks={token.token_bytes: i for i, token in enumerate(file.vocab[:size])},
            special_tokens={},
        )

    def count(self, text: str) -> int:
        """Return the number of tokens, exactly, without begin and end marks. Never raises.

        Takes time in proportion to the text, whatever is in it.
        """
        count = start = 0
        for first, end in _long_blanks(text):
            count += len(self._encoding.encode_ordinary(text[start:first]))
            count += len(self._encoding._encode_single_piece(text[first:end]))
            start = end
        return count + len(self._encoding.encode_ordinary(text[start:]))


def digest(tokenizer: str) -> str:
    """Return the SHA-256 of the tokenizer's vocabulary, in hex."""
    return hashlib.sha256(_vocabulary(tokenizer).read_bytes()).hexdigest()


def _long_blanks(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of what the pattern takes for one piece in runs of blanks too long.

    The last blank belongs to the word that follows. Before a line break the pattern does not look
    ahead, so the run needs no help.
    """
    if len(text) <= _MATCHED:
        return
    for run in _BLANKS.finditer(text):
        first, end = run.span()
        following = text[end : end + 1]
        if end - first > _MATCHED and following not in ("\r", "\n"):
            yield first, end - len(following)


def _vocabulary(tokenizer: str) -> "resources.abc.Traversable":
    name = tokenizer.replace("-", "_") + ".json"
    return resources.files("mistral_common") / "data" / name
