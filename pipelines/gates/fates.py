"""The fates of canaries: what a recipe says must become of each, and what did.

Both follow from a finished release: from its recipe, and from the file of the ledger on the
canaries. Where a recipe does not ask for what a canary is there to check, any fate is right.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from florilegium.filters.bad_words import BadWords
from florilegium.filters.benchmarks import Benchmarks
from florilegium.filters.catalogue import AnyFilter
from florilegium.filters.datatrove import Datatrove
from florilegium.filters.gopher import GopherRepetition
from florilegium.filters.quality import Quality
from florilegium.filters.repetition import Repetition
from florilegium.filters.terms import Licensed
from florilegium.manifests.gate_report import Fate
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.schema import from_table
from florilegium.manifests.tables import batches
from florilegium.pipelines.gates import canaries
from florilegium.pipelines.gates.canary_pages import (
    ITEMS,
    foreign_to,
    most_ngrams,
    prose_for,
)
from florilegium.pipelines.recipe import Recipe

Found: TypeAlias = dict[str, Loss]
"""What became of canaries by name."""

_PUBLISHED = "published"
_COPIES = ("good", "copy", "near")
_SURE = 0.9
"""Similarity that copies with one word more are sure to have."""
_ROOM = 1.2
"""How much longer than it must be a text is that no rule on length can lose."""


def losses(release: Location, manifest: Manifest) -> list[Loss]:
    """Return all lines of the ledger on canaries; none if none were planted."""
    found: list[Loss] = []
    for source, table in zip(manifest.inputs, manifest.ledger, strict=True):
        if source.name == canaries.NAME:
            for rows in batches(release / table.path):
                found += from_table(rows, Loss)
    return found


def fates(release: Location, manifest: Manifest) -> tuple[Fate, ...]:
    """Return what became of each canary of a release; none if none were planted."""
    found = {
        one.host.partition(".")[0]: one
        for one in losses(release, manifest)
        if one.rule != "host_record"
    }
    if not found:
        return ()
    return tuple(judged(msgspec.convert(manifest.recipe, Recipe), found))


def judged(recipe: Recipe, found: Found) -> Iterator[Fate]:
    """Yield what became of each canary, and whether a recipe wants it so."""
    prose = prose_for(recipe)
    asked = "the recipe has no language of which we have a text"
    if prose is not None:
        enough = recipe.extraction.min_chars * _ROOM < prose.chars
        asked = "" if enough else "the recipe wants longer texts"
    own = _own_rules(recipe)
    yield _best(recipe, found, asked, own)
    yield from _copies(recipe, found, asked)
    yield _personal(recipe, found, asked, own)
    yield from _reserved(recipe, found)
    checks = any(isinstance(rule, Repetition | GopherRepetition) for rule in recipe.filters)
    spam = asked or ("" if checks else "the recipe has no rule on repetition")
    yield _lost(found, "spam", "quality", None, spam)
    abroad = "" if foreign_to(recipe) else "the recipe lists all languages of which we have pages"
    yield _lost(found, "foreign", "identify", "language", abroad)
    tested = "" if most_ngrams(recipe) is not None else "the recipe looks for no benchmark"
    if not tested and "benchmark" not in found:
        tested = "no benchmark has a passage that fits into a page"
    rule = "benchmark_ngrams"
    yield _lost(found, "benchmark", "quality", rule, asked or tested)


def _own_rules(recipe: Recipe) -> set[str]:
    """Return rules by which a recipe may lose ordinary pages: by models, lists, licences."""
    return {name for rule in recipe.filters for name in _rules_of(rule, recipe)}


def _rules_of(rule: AnyFilter, recipe: Recipe) -> tuple[str, ...]:
    match rule:
        case Licensed():
            return "licence_class", "licence_tier", "licence_disagreement"
        case Quality() if recipe.scorers:
            return ("quality",)
        case BadWords() if recipe.word_lists:
            return ("bad_word_share",)
        case Benchmarks() if recipe.benchmarks:
            return ("benchmark_ngrams",)
        case Datatrove():
            return (rule.name,)
    return ()


def _best(recipe: Recipe, found: Found, asked: str, own: set[str]) -> Fate:
    """Say whether as many of the copies are published as should be."""
    if asked:
        return _any("good", found, asked)
    copies = recipe.duplicates
    most = 3 - (copies.exact or copies.near) - copies.near
    least = 1 if copies.near and copies.min_similarity > _SURE else most
    most = most + 1 if copies.near and copies.min_similarity > _SURE else most
    mine = [found[name] for name in _COPIES if name in found]
    number = sum(_where(one) == _PUBLISHED for one in mine)
    by_own = any(one.stage == "quality" and one.rule in own for one in mine)
    wanted = f"{least} to {most} published" if least != most else f"{most} published"
    passed = len(mine) == len(_COPIES) and (least <= number <= most or by_own)
    there = ", ".join(f"{name}: {_where(found.get(name))}" for name in _COPIES)
    return _fate("good", f"{wanted} of {', '.join(_COPIES)}", there, passed)


def _copies(recipe: Recipe, found: Found, asked: str) -> Iterator[Fate]:
    copies = recipe.duplicates
    near = "" if copies.near else "the recipe keeps near copies"
    if copies.min_similarity > _SURE:
        near = "the recipe wants near copies more alike"
    exact = "" if copies.exact else "the recipe does not look for equal words"
    for name, why, rule in (("copy", exact, "exact_duplicate"), ("near", near, "near_duplicate")):
        if asked or why:
            yield _any(name, found, asked or why)
            continue
        there = [one for one in _COPIES if one in found and found[one].rule == rule]
        where = f"{there[0]} by {rule}" if there else _where(found.get(name))
        yield _fate(name, f"one of {', '.join(_COPIES)} by {rule}", where, bool(there))


def _personal(recipe: Recipe, found: Found, asked: str, own: set[str]) -> Fate:
    """Say whether personal data are masked, or their page is dropped."""
    if asked:
        return _any("personal", found, asked)
    if recipe.kinds_to("drop") & ITEMS.keys():
        return _lost(found, "personal", "personal", "personal_data", "")
    one = found.get("personal")
    masked = recipe.kinds_to("mask") & ITEMS.keys()
    left = sorted(masked & set((one.detail or "").split())) if one else []
    where = _where(one) + (f" with {', '.join(left)} unmasked" if left else "")
    is_own = one is not None and one.stage == "quality" and one.rule in own
    passed = (_where(one) == _PUBLISHED and not left) or is_own
    wanted = "published" + (f" with {', '.join(sorted(masked))} masked" if masked else "")
    return _fate("personal", wanted, where, passed)


def _reserved(recipe: Recipe, found: Found) -> Iterator[Fate]:
    policy = recipe.rights
    for name, protocol, rule in (
        ("meta", "tdm", "tdm_meta"),
        ("header", "tdm", "tdm_header"),
        ("robots", "robots-txt", "robots_txt"),
    ):
        heeded = policy.regime == "commercial_art4" and protocol in policy.honour
        if name == "robots" and not policy.agents:
            heeded = False
        why = "" if heeded else f"the recipe does not honour {protocol}"
        yield _lost(found, name, "rights", rule, why)


def _lost(found: Found, name: str, stage: str, rule: str | None, asked: str) -> Fate:
    """Say whether a canary was lost at a stage, by a rule or any."""
    if asked:
        return _any(name, found, asked)
    one = found.get(name)
    passed = one is not None and one.stage == stage and rule in (None, one.rule)
    return _fate(name, f"lost at {stage}" + (f" by {rule}" if rule else ""), _where(one), passed)


def _any(name: str, found: Found, why: str) -> Fate:
    where = _where(found.get(name))
    return Fate(
        canary=name, expected="", found=where, passed=True, said=f"{where}; not applicable: {why}"
    )


def _fate(name: str, expected: str, found: str, passed: bool) -> Fate:
    said = found if passed else f"{found}, but should be: {expected}"
    return Fate(canary=name, expected=expected, found=found, passed=passed, said=said)


def _where(one: Loss | None) -> str:
    if one is None:
        return "nowhere"
    if (one.stage, one.rule) == canaries.FATE:
        return _PUBLISHED
    return f"lost at {one.stage} by {one.rule}"
