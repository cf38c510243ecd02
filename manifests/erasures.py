"""The log of erasures: what was taken out of a corpus, when and why, in a chain of hashes.

A line is an `Erasure` as JSON and holds the SHA-256 of the line before it, without its line feed.
What was erased stands there by keyed hashes, see `secret`; nobody can tell from the log what it is.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct

PATH = "audit/erasures.jsonl"
"""Where in a release the log is."""
NAME = "erasures.jsonl"
"""Its name in the folder of a corpus."""

RESOURCE = "log of erasures"
"""Its name among the resources of a manifest."""

Basis: TypeAlias = Literal[
    "gdpr-17", "gdpr-21", "copyright", "tdm-opt-out", "court-order", "contract", "other"
]
"""Why something is erased: articles 17 and 21 of regulation (EU) 2016/679, the owner of rights, a
reservation under article 4 of directive (EU) 2019/790, an order, an agreement, or else."""
BASES: tuple[Basis, ...] = get_args(Basis)
STAGE = "erase"
"""Stage at which what was erased is lost."""
Promote: TypeAlias = Literal["none", "copy"]
"""What takes the place of an erased document: nothing, or the best copy that is not erased."""
Kind: TypeAlias = Literal["id", "url", "host", "below", "text"]
"""What a hash is of: a capture, an address, a host, all hosts below one, the words of a text."""

_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
_FIRST = "00" * 32


class LogError(ValueError):
    """A log that is not one, or whose chain is broken; the message names the line."""


class Erasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One erasure, a line of the log."""

    number: int
    """Its place in the log, from 1."""
    previous: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """SHA-256 of the line before; zeros in the first."""
    time: str
    """When it was noted, UTC, as in 2026-01-31T12:00:00Z."""
    basis: Basis
    """Why."""
    note: str = ""
    """What else was said, such as the number of a case."""
    release: str
    """Name and build of the release it was made on; only the name of a corpus that had none."""
    root: str
    """Root of that release, in hex; empty if there was none."""
    documents: int
    """Documents of that release that were named; copies that went with them are not counted."""
    promote: Promote
    """What was to take their place."""
    key: _Hex
    """Name of the key of the hashes."""
    hashes: dict[Kind, tuple[_Hex, ...]]
    """Keyed hashes of what is erased, in hex, by kind; sorted."""


def rule(basis: Basis) -> str:
    """Return the rule by which the ledger says that something was erased."""
    return basis.replace("-", "_")


def decode(content: bytes) -> list[Erasure]:
    """Return the erasures of a log, in their order. LogError if it is not one, whole."""
    if content and not content.endswith(b"\n"):
        raise LogError("its last line does not end")
    found: list[Erasure] = []
    previous = _FIRST
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            one = msgspec.json.decode(line, type=Erasure)
            datetime.strptime(one.time, "%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, RecursionError) as error:
            raise LogError(f"line {number}: {error}") from None
        if _encoded(one) != line:
            raise LogError(f"line {number}: not written as a line of the log is")
        if one.number != number:
            raise LogError(f"line {number}: it says that it is number {one.number}")
        if one.previous != previous:
            raise LogError(f"line {number}: does not follow the line before it")
        found.append(one)
        previous = sha256(line).hexdigest()
    return found


def appended(content: bytes, one: Erasure) -> bytes:
    """Return a log with another line; number and link of the erasure are those of its place."""
    lines = content.split(b"\n")[:-1]
    previous = sha256(lines[-1]).hexdigest() if lines else _FIRST
    placed = msgspec.structs.replace(one, number=len(lines) + 1, previous=previous)
    return content + _encoded(placed) + b"\n"


def new(**fields: object) -> Erasure:
    """Return an erasure that has no place in a log yet."""
    return Erasure(number=0, previous=_FIRST, **fields)  # type: ignore[arg-type]


def noted(log: Iterable[Erasure], one: Erasure) -> bool:
    """Say whether a log has an erasure already: the same, of at least as much."""
    return any(_about(one) == _about(other) and _holds(other, one) for other in log)


def _about(one: Erasure) -> tuple[str, ...]:
    return one.basis, one.note, one.release, one.root, one.promote, one.key


def _holds(other: Erasure, one: Erasure) -> bool:
    return all(set(some) <= set(other.hashes.get(kind, ())) for kind, some in one.hashes.items())


def _encoded(one: Erasure) -> bytes:
    return msgspec.json.encode(one, order="sorted")


def findings(content: bytes, rules: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with a log, given the rules that documents were lost to at `erase`."""
    try:
        log = decode(content)
    except LogError as error:
        yield f"{PATH}: {error}"
        return
    known = {rule(one.basis) for one in log}
    for name in sorted(set(rules) - known):
        yield f"{PATH}: documents were erased by {name}, of which it says nothing"
