"""What is known of each language for judging its texts: limits and frequent words, as data.

A language has a file `languages/CODE.toml`, written by `bench/language_limits.py`; the file says
where its figures come from.
"""

import re
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct, field

from florilegium.filters.language_table import LANGUAGES
from florilegium.filters.rule import Amount, Filter, Number, Share

_CODE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
_FOLDER = files("florilegium.filters") / "languages"


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of one language; the defaults are those of a language nothing is known of.

    The defaults are medians over the 39 European languages FineWeb2 (arXiv:2506.20920) has most
    text of.
    """

    min_sentence_lines: Share = 0.111
    min_stop_words: Number = 0
    max_duplicate_lines: Share = 0.296
    max_top_bigram: Share = 0.214
    max_top_trigram: Share = 0.189
    max_top_4gram: Share = 0.165
    max_duplicate_5gram: Share = 0.160
    max_duplicate_6gram: Share = 0.149
    max_duplicate_7gram: Share = 0.137
    max_duplicate_8gram: Share = 0.126
    max_duplicate_9gram: Share = 0.116
    max_duplicate_10gram: Share = 0.105
    family: str = ""
    """Family of languages whose others it is compared with."""
    stop_words: tuple[str, ...] = ()
    """The most frequent words, in lower case."""


_ANY = Limits()
_COUNTED = ("min_stop_words",)
"""Limits that are no shares."""


class ByLanguage(Filter, frozen=True):
    """A filter whose limits are those of the language unless the recipe gives others."""

    languages: dict[str, dict[str, Amount]] = field(default_factory=dict)
    """Limits by language, as `florilegium calibrate` writes them; they come before all others."""

    def __post_init__(self) -> None:
        known = {name for name in self.__struct_fields__ if hasattr(_ANY, name)}
        for lang, own in self.languages.items():
            if lang not in LANGUAGES:
                raise ValueError(f"`languages` has limits for an unknown language {lang!r}")
            if unknown := sorted(own.keys() - known):
                raise ValueError(f"{lang} has a limit {unknown[0]!r}, which this filter has not")
            for name, value in own.items():
                if value > 1 and name not in _COUNTED:
                    raise ValueError(f"{lang} has a limit {name!r} of {value:g}: it is a share")

    def limit(self, name: str, lang: str) -> float:
        """Return a limit for texts in a language."""
        own = self.languages.get(lang, {}).get(name)
        given: float | None = getattr(self, name) if own is None else own
        if given is None:
            given = float(getattr(limits(lang), name))
        return given


@cache
def limits(lang: str) -> Limits:
    """Return the limits of a language such as `deu_Latn`, the defaults for one that has no file.

    A file is read once a process, when first asked for.
    """
    file = _FOLDER / f"{lang}.toml"
    if not _CODE.fullmatch(lang) or not file.is_file():
        return Limits()
    return msgspec.toml.decode(file.read_bytes(), type=Limits)
