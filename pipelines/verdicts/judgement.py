"""The judgement on one document: whether it is a copy, and the first rule that it fails."""

import bisect
from collections.abc import Iterable
from operator import itemgetter
from typing import TypeAlias

import numpy as np

from florilegium.dedup.decisions import Reason
from florilegium.filters.catalogue import AnyFilter
from florilegium.manifests.document import Facts
from florilegium.manifests.ledger import Loss
from florilegium.pipelines.recipe import Recipe

Earlier: TypeAlias = tuple[tuple[int, str], ...]
"""Earlier releases, each after the ordinal of its first index among the parts, ascending."""


def removed(
    facts: Facts, decision: np.void | None, recipe: Recipe, earlier: Earlier = ()
) -> Loss | None:
    """Return the loss of a document that is a copy or nothing but repeated lines, or None."""
    if decision is not None and decision["reason"] != Reason.KEPT:
        compared = not np.isnan(decision["similarity"])
        return lost(
            facts,
            "duplicates",
            Reason(int(decision["reason"])).name.lower(),
            value=round(float(decision["similarity"]), 4) if compared else None,
            limit=_limit(Reason(int(decision["reason"])), recipe) if compared else None,
            dup_of=decision["kept_id"].tobytes(),
            dup_release=_release_of(int(decision["kept_row"]), earlier),
        )
    share = facts.host_line_share or 0.0
    if share > 0 and recipe.lines.repeated == "cut" and facts.chars < recipe.extraction.min_chars:
        limit = recipe.extraction.min_chars
        return lost(facts, "duplicates", "repeated_lines", value=facts.chars, limit=limit)
    return None


def failed(facts: Facts, filters: Iterable[AnyFilter]) -> Loss | None:
    """Return the loss of a document by the first rule that it fails, or None."""
    one = next((m for rule in filters if (m := rule(facts)) is not None), None)
    if one is None:
        return None
    return lost(facts, "quality", one.rule, value=one.value, limit=one.limit, detail=one.detail)


def _release_of(row: int, earlier: Earlier) -> str | None:
    """Return the earlier release that holds a row, None if it is of this build."""
    place = bisect.bisect_right(earlier, row >> 32, key=itemgetter(0))
    return earlier[place - 1][1] if place else None


def _limit(reason: Reason, recipe: Recipe) -> float | None:
    """Return the least similarity at which a document was removed; None if none was asked for."""
    match reason:
        case Reason.NEAR_DUPLICATE:
            return recipe.duplicates.min_similarity
        case Reason.SAME_CANONICAL:
            return recipe.duplicates.min_canonical_similarity
        case Reason.SAME_ADDRESS:
            return None
    return 1.0


def lost(facts: Facts, stage: str, rule: str, **details: object) -> Loss:
    """Return the loss of a document at a stage by a rule."""
    return Loss(
        id=facts.id,
        warc=facts.warc,
        warc_offset=facts.warc_offset,
        size=facts.text_bytes,
        stage=stage,
        rule=rule,
        host=facts.host,
        domain=facts.domain,
        lang=facts.lang,
        **details,  # type: ignore[arg-type]
    )
