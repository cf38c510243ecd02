"""Which release of a corpus is the newest: `latest.json`, beside the releases.

The file alone says so. On a local disk the link `latest` follows it, for people and for programs
that know nothing of it.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

NAME = "latest.json"
LINK = "latest"
KEPT = 12
"""Releases to which a corpus can go back."""

_Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Promotion(Struct, frozen=True, kw_only=True):
    """A release that is the newest of its corpus, or was."""

    build_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z")]
    """Name of its folder."""
    root: _Digest
    """Root of the Merkle tree over its documents, in hex."""
    manifest_sha256: _Digest
    """Digest of its manifest."""
    promoted: str
    """When it became the newest, UTC."""
    despite: tuple[str, ...] = ()
    """Gates that it failed, which somebody accepted."""
    because: str = ""
    """Why they did."""


class Latest(Struct, frozen=True, kw_only=True):
    """The newest release of a corpus, and those to which it can go back."""

    current: Promotion
    earlier: tuple[Promotion, ...] = ()
    """The one before first; the first `KEPT`."""

    def followed_by(self, other: Promotion) -> "Latest":
        """Return what is so when another release becomes the newest."""
        before = (self.current, *self.earlier)
        kept = (one for one in before if one.build_id != other.build_id)
        return Latest(current=other, earlier=tuple(kept)[:KEPT])

    def with_successor(self, build_id: str, other: Promotion) -> "Latest":
        """Return what is so when one release takes the place of another, wherever that stands."""
        current, *earlier = (
            _instead(one, other) if one.build_id == build_id else one
            for one in (self.current, *self.earlier)
        )
        return Latest(current=current, earlier=tuple(earlier))

    def find(self, build_id: str) -> Promotion | None:
        """Return a release that is or was the newest; None if it never was, or was taken back."""
        return _named(build_id, (self.current, *self.earlier))


def encode(latest: Latest) -> bytes:
    """Return the content of the file."""
    return msgspec.json.format(msgspec.json.encode(latest), indent=2) + b"\n"


def decode(content: bytes) -> Latest:
    """Return what the file says; ValueError if it is not such a file."""
    try:
        return msgspec.json.decode(content, type=Latest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{NAME} does not say which release is the newest: {error}") from error


def _instead(old: Promotion, new: Promotion) -> Promotion:
    return msgspec.structs.replace(new, despite=old.despite, because=old.because)


def _named(build_id: str, some: Iterable[Promotion]) -> Promotion | None:
    return next((one for one in some if one.build_id == build_id), None)
