"""What a misspelt word was probably meant to be."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct


def hint(message: str, *records: type[Struct]) -> str:
    """Return what a misspelt key or value that msgspec refused was meant to be, as a remark."""
    found = re.search(r"unknown field `([^`]*)`|Invalid (?:enum )?value '([^']*)'", message)
    if found is None:
        return ""
    known = {word for record in records for word in _known_words(record)}
    return nearest(found[1] or found[2], sorted(known))


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the known word that is nearest to another, as a remark; nothing if none is near."""
    others = [one for one in known if one != word]  # it may be known in another place
    near = difflib.get_close_matches(word, others, n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _known_words(record: type[Struct]) -> set[str]:
    """Return every key and every fixed value that a record may contain."""
    words: set[str] = set()
    pending: list[Any] = [msgspec.json.schema(record)]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            words.update(node.get("properties", ()))
            words.update(v for v in node.get("enum", ()) if isinstance(v, str))
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return words
