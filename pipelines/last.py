"""The last build of a corpus: where what it was decided on still lies in the work folder."""

from typing import Any

import msgspec
from msgspec import Struct

from florilegium.manifests.location import Location, replacing
from florilegium.pipelines.gates import canaries
from florilegium.pipelines.harvest.part import Part
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.recipe import resolved

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


def remember(plan: Plan, parts: list[Part], documents: int) -> None:
    """Note that a build was the last, and how many documents its release has."""
    build = LastBuild(
        build_id=plan.build_id,
        recipe=resolved(plan.recipe),
        documents=documents,
        parts=[unit.folder for unit in plan.units if unit.name != canaries.NAME],
        decisions=plan.decisions.name,
        judged=_name(plan.judged(parts)),
        lines=_name(plan.found_by("lines")),
        licences=_name(plan.found_by("licences")),
        assessed=_name(plan.assessed),
    )
    with replacing(plan.work / _NAME) as draft:
        draft.write_bytes(msgspec.json.encode(build))


def recall(work: Location) -> LastBuild | None:
    """Return the last build in a work folder; None if there is none, or of other code."""
    try:
        return msgspec.json.decode((work / _NAME).read_bytes(), type=LastBuild)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _name(place: Location | None) -> str | None:
    return None if place is None else place.name
