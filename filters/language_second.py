"""A second opinion on the language of a text: heliport's, of the languages that it knows.

It is HeLI-OTS (Jauhiainen, Jauhiainen and Lindén 2022) in Rust, an optional package. Of a language
that it does not know it always says something else, so there it is not heard.
"""

import hashlib
from functools import cache
from importlib import metadata, util
from pathlib import Path
from threading import Lock
from typing import Any

from florilegium.filters.language_table import MAX_CHARACTERS
from florilegium.manifests.location import sha256

NAME = "heliport"

# Its labels that are not what our codes start with. Some are of one language with its dialects,
# as in `estvro`: it answers with the first three letters.
_STANDS_FOR = {
    "cmn": ("zho",),
    "hbs": ("hbs", "bos", "cnr", "hrv", "srp"),
    "msa": ("ind",),
    "nno": ("nno", "nor"),
    "nob": ("nob", "nor"),
    "pes": ("fas",),
    "swa": ("swh",),
}
_UNKNOWN = ("bel_Latn", "tat_Latn", "uzn_Latn")  # it knows these languages in Cyrillic only

_lock = Lock()


class SecondIdentifier:
    """Asks heliport, which is loaded when it is first asked, once a process: 900 MB."""

    version: str

    def __init__(self) -> None:
        """Raise PackageNotFoundError, which is an ImportError, if heliport is not installed."""
        self.version = metadata.version(NAME)

    def evidence(self, text: str, lang: str) -> str:
        """Return what it says of the first `MAX_CHARACTERS`, as ``heliport hbs``.

        Empty if it does not know the language `lang`, which the text was found to be in.
        """
        with _lock:
            model, known = _loaded()
        if lang in _UNKNOWN or lang[:3] not in known:
            return ""
        start = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
        return f"{NAME} {model.identify(start, ignore_confidence=True)[:3]}"


def agrees(lang: str, evidence: str) -> bool | None:
    """Return whether evidence has heliport say a language, None if it says nothing of it.

    >>> agrees("hrv_Latn", "heliport hbs, domain hr"), agrees("hrv_Latn", "heliport slv")
    (True, False)
    >>> agrees("szl_Latn", ""), agrees("hrv_Latn", "declared x, heliport hbs")
    (None, None)
    """
    # It stands first, where nothing that a page declares can.
    source, _, said = evidence.partition(", ")[0].partition(" ")
    return lang[:3] in _STANDS_FOR.get(said, (said,)) if source == NAME else None


@cache
def _loaded() -> tuple[Any, frozenset[str]]:
    from heliport import Identifier

    model = Identifier()
    told = {label[:3] for label in model.get_confidence_all()}
    return model, frozenset(code for said in told for code in _STANDS_FOR.get(said, (said,)))


@cache
def digest() -> str:
    """Return the SHA-256 of the names and digests of heliport's models, in hex."""
    spec = util.find_spec(NAME)
    folders = spec.submodule_search_locations if spec else None
    hasher = hashlib.sha256()
    for file in sorted(path for folder in folders or () for path in Path(folder).iterdir()):
        if file.suffix == ".bin" or file.name == "confidenceThresholds":
            hasher.update(f"{file.name} {sha256(file)}\n".encode())
    return hasher.hexdigest()
