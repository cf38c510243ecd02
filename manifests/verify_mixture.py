"""Checking the mixture: what was asked, what was found, and what came of it."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import numpy as np

from florilegium.manifests import mixture
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.mixture import PATH, STAGE, WHOLE, Mixed, asked
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_files import UNREADABLE

_LOSS = ("stage", "lang", "rule", "id", "value", "limit")


def read_mixture(
    release: Location, manifest: Manifest
) -> Generator[str, None, dict[str, Mixed] | None]:
    """Return what was drawn of each language; None if nothing is said of it, or cannot be read."""
    named = PATH in {table.path for table in manifest.tables}
    wanted = manifest.recipe.get("mixture") is not None
    if wanted != named:
        said = "names it, its recipe has no mixture" if named else "does not name it"
        yield f"{PATH}: the manifest {said}"
    if not (wanted and named):
        return None
    try:
        return mixture.read(release)
    except UNREADABLE as error:
        yield f"{PATH}: cannot be read: {error}"
        return None


def check_mixture(
    release: Location, manifest: Manifest, mixed: dict[str, Mixed] | None
) -> Iterator[str]:
    """Check what was drawn against the recipe, the funnel, the languages and the ledger.

    Of a release that an erasure made, what is gone is not counted.
    """
    if mixed is None:
        return
    recipe = manifest.recipe["mixture"]
    most = mixture.weighed(
        recipe.get("weights", {}), {lang: one.budget_tokens for lang, one in mixed.items()}
    )
    held = {one.lang: one.tokens for one in manifest.languages}
    lost = _lost(manifest)
    for lang, one in sorted(mixed.items()):
        findings = [
            *_check_asked(one, recipe, most),
            *_check_sums(one, held.get(lang, 0), manifest.parent is not None),
            *_check_lost(one, lost[lang], recipe, manifest.parent is not None),
        ]
        yield from (f"{PATH}: {lang}: {finding}" for finding in findings)
    for lang in sorted((lost.keys() | held.keys()) - mixed.keys()):
        if held.get(lang) or lost[lang].total():
            yield f"{PATH}: {lang}: there is no row of it"
    yield from _check_ledger(release, manifest, mixed)


def _check_asked(one: Mixed, recipe: Mapping[str, Any], most: Mapping[str, int]) -> Iterator[str]:
    share = asked(recipe.get("share", {}), one.lang)
    best = asked(recipe.get("quality", {}), one.lang)
    unscored = WHOLE if best is None else recipe.get("unscored", WHOLE)
    for name, wanted in (
        ("best_share", best),
        ("unscored_share", unscored),
        ("share", WHOLE if share is None else share),
        ("max_tokens", asked(recipe.get("tokens", {}), one.lang)),
        ("weight", asked(recipe.get("weights", {}), one.lang)),
        ("weight_tokens", most.get(one.lang)),
    ):
        if (said := getattr(one, name)) != wanted:
            yield f"{name} is {said}, by the recipe {wanted}"


def _check_sums(one: Mixed, tokens: int, erased: bool) -> Iterator[str]:
    if one.best_share is not None and one.scored:
        share = mixture.border_share(one.best_share, one.scored, one.above, one.at_border)
        if one.border is None or share != one.border_share or not 0 <= share <= 1:
            yield f"border_share is {one.border_share}, by the other numbers {share}"
    limits = "border_share", "unscored_share", "share", "token_limit", "weight_limit"
    for name in (*limits, "border"):
        if not 0 <= (getattr(one, name) or 0) <= WHOLE:
            yield f"{name} is {getattr(one, name)}"
    for what, part, whole in (
        ("scored", one.scored, one.documents),
        ("above", one.above + one.at_border, one.scored if one.best_share is not None else 0),
        ("drawn_tokens", one.drawn_tokens, one.tokens),
        ("budget_tokens", one.budget_tokens, one.drawn_tokens),
        ("budget_tokens", one.budget_tokens, _least(one.max_tokens, one.drawn_tokens)),
    ):
        if not 0 <= part <= whole:
            yield f"{what} is {part}, of at most {whole}"
    if one.token_limit == WHOLE and one.budget_tokens != one.drawn_tokens:
        yield f"token_limit cuts nothing off, but {one.budget_tokens} of {one.drawn_tokens} stay"
    most = _least(one.weight_tokens, one.budget_tokens)
    if erased:
        return
    if tokens > most:
        yield f"{tokens} tokens in its shards, the mixture allows {most}"
    elif one.weight_limit == WHOLE and tokens != one.budget_tokens:
        yield f"{tokens} tokens in its shards, the mixture leaves {one.budget_tokens}"


def _check_lost(
    one: Mixed, lost: Counter[str], recipe: Mapping[str, Any], erased: bool
) -> Iterator[str]:
    """Check the losses of each rule: none where nothing is asked, and of quality how many."""
    for rule, is_asked in (
        ("quality_share", one.best_share is not None),
        ("sampled", min(one.unscored_share, one.share) < WHOLE),
        ("domain_share", recipe.get("domains") is not None),
        ("token_budget", one.token_limit < WHOLE),
        ("weight", one.weight_limit < WHOLE),
    ):
        if lost[rule] and not is_asked:
            yield f"{lost[rule]} losses by {rule}, for which there is no reason"
    if erased:
        return
    if lost[_REACHED] != one.documents:
        yield f"{one.documents} documents, by the funnel {lost[_REACHED]} passed the rules"
    if one.best_share is not None:
        most = one.scored - one.above
        if not most - one.at_border <= lost["quality_share"] <= most:
            least = most - one.at_border
            yield f"{lost['quality_share']} losses by quality_share, not {least} to {most}"


_REACHED = ""
"""Stands for all documents that reached the stage, among the rules that lost some."""


def _lost(manifest: Manifest) -> dict[str, Counter[str]]:
    """Return by language what the funnel says of each rule of the stage, and of all before."""
    found = {step.lang: Counter[str]() for step in manifest.funnel if step.lang is not None}
    for step in manifest.funnel:
        if step.lang is not None and step.stage == STAGE:
            found[step.lang].update(step.lost)
        elif step.lang is not None and step.stage == "quality":
            found[step.lang][_REACHED] = step.kept
    return found


def _least(limit: int | None, number: int) -> int:
    return number if limit is None else min(limit, number)


def _check_ledger(release: Location, manifest: Manifest, mixed: dict[str, Mixed]) -> Iterator[str]:
    """Check that each loss says what its language was cut by, and is on the far side of it."""
    for table in manifest.ledger:
        with parquet(release / table.path) as file:
            rows = file.read(list(_LOSS), use_threads=False)
        columns = (rows.column(name).to_pylist() for name in _LOSS)
        astray = sum(
            stage == STAGE and not _is_lost(mixed.get(lang), *loss)
            for stage, lang, *loss in zip(*columns, strict=True)
        )
        if astray:
            yield f"{table.path}: {astray} losses that the mixture has no reason for"


def _is_lost(
    mixed: Mixed | None, rule: str, identity: bytes, value: float | None, limit: float | None
) -> bool:
    if mixed is None or value is None or limit is None:
        return False
    mine = _in_ledger(mixture.lot(identity))
    if rule == "quality_share":
        border = mixed.border
        return border is not None and limit == _in_ledger(border) and value <= limit
    if rule in ("sampled", "domain_share"):
        return value == mine and value >= limit
    of_language = {"token_budget": mixed.token_limit, "weight": mixed.weight_limit}
    return limit == of_language.get(rule) and value >= max(limit, mine)


def _in_ledger(number: float) -> float:
    """Return a number as the ledger has it: in 32 bits."""
    return float(np.float32(number))
