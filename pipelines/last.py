"""The last build of a corpus: where what it was decided on still lies in the work folder."""

from typing import Any

import msgspec
from msgspec import Struct

from florilegium.manifests.location import Location, replacing

_NAME = "last.json"


class LastBuild(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a build was made of, by names of folders in the work folder."""

    build_id: str
    recipe: dict[str, Any]
    """The whole recipe, resolved."""
    documents: int
    """Documents in the release."""
    parts: list[str]
    """One folder a unit, in their order."""
    decisions: str
    judged: str | None
    lines: str | None
    licences: str | None
    assessed: str | None


def remember(work: Location, build: LastBuild) -> None:
    """Note that a build was the last."""
    with replacing(work / _NAME) as draft:
        draft.write_bytes(msgspec.json.encode(build))


def recall(work: Location) -> LastBuild | None:
    """Return the last build in a work folder; None if there is none, or of other code."""
    try:
        return msgspec.json.decode((work / _NAME).read_bytes(), type=LastBuild)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
