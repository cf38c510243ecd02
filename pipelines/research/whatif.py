"""What a release would gain and lose if limits were others, told from what the last build kept.

Only facts are read, and the texts of the few documents that are shown. Nothing is written.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from florilegium.filters.catalogue import AnyFilter
from florilegium.manifests.document import Document, Facts
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location
from florilegium.manifests.schema import DOCUMENT_SCHEMA, from_table
from florilegium.manifests.tables import parquet
from florilegium.pipelines.assessment.benchmarks import pinned
from florilegium.pipelines.assessment.datatrove_filters import of as datatrove_filters
from florilegium.pipelines.files import load_array
from florilegium.pipelines.harvest.part import load as load_part
from florilegium.pipelines.last import LastBuild, recall
from florilegium.pipelines.mixture.whole import Whole
from florilegium.pipelines.named.files import placeless
from florilegium.pipelines.overlay import Overlay, assessed_of, moves_of, shares_of
from florilegium.pipelines.recipe import Recipe, resolved
from florilegium.pipelines.rights.judged import judged_path, refusals_of
from florilegium.pipelines.rows import group_of
from florilegium.pipelines.verdicts.judgement import failed, removed

DECIDED_LAST = (
    "name", "profile", "filters", "mixture", "reasons", "alarms", "shards", "release",
)  # fmt: skip
"""Keys of a recipe that make no difference to what documents are judged on."""

_WORDS = 24
_Way: TypeAlias = Literal["gained", "lost", "other_rule"]


class WhatIfError(ValueError):
    """A question that what is there cannot answer; the message says what to do first."""


class Count(Struct):
    """Documents, and the tokens in them."""

    documents: int = 0
    tokens: int = 0

    def add(self, facts: Facts) -> None:
        """Count one more document."""
        self.documents += 1
        self.tokens += facts.tokens


class Change(Struct, kw_only=True):
    """What becomes of the documents of a language that one rule decides on."""

    lang: str
    rule: str
    """The rule that lets documents go, or keeps them no longer."""
    gained: Count
    lost: Count
    other_rule: Count
    """Documents that are lost as before, but by this rule instead of another."""


class Example(Struct, frozen=True, kw_only=True):
    """A document that would be gained or lost."""

    way: _Way
    lang: str
    rule: str
    value: float | None
    limit: float | None
    url: str
    words: str
    """First words of its text."""


class Answer(Struct, frozen=True, kw_only=True):
    """How a release would be another."""

    build_id: str
    """The last build, which is compared with."""
    before: dict[str, Count]
    """What it holds, by language."""
    after: dict[str, Count]
    changes: list[Change]
    """By language and rule, those without a difference left out."""
    examples: list[Example]


class _Found(Struct, frozen=True, order=True):
    """An example whose text is still to be read. The smallest ids are as good as drawn by lot."""

    identity: bytes
    part: int
    row: int


def whatif(recipe: Recipe, home: Location, examples: int = 8) -> Answer:
    """Return how the last build in the folder of a corpus would differ under another recipe.

    WhatIfError if there is no last build, if it was made by other code, or if the recipe differs in
    more than what is decided at the end.
    """
    work = home / "work"
    last = recall(work)
    if last is None:
        raise WhatIfError(f"there is no finished build below {home}: run florilegium build first")
    recipe = msgspec.structs.replace(recipe, benchmarks=pinned(recipe.benchmarks))
    before = _recipe_of(last, recipe)
    old, new = _apart(before.filters, recipe.filters)
    counts = _Counts()
    mixed = _mixtures(last, work, (before, old), (recipe, new))
    for number in range(len(last.parts)):
        for row, facts in enumerate(_candidates(last, number, work, before)):
            if facts is not None:
                was, now = _verdicts(facts, before.filters, old, new)
                was = was or mixed[0].loss(number, row, facts)
                now = now or mixed[1].loss(number, row, facts)
                counts.add(facts, was, now, _Found(facts.id, number, row))
    held = sum(count.documents for count in counts.before.values())
    if held != last.documents:
        raise WhatIfError(
            f"the last build, {last.build_id}, has {last.documents} documents, but by this program "
            f"it would have {held}: build it anew first"
        )
    return Answer(
        build_id=last.build_id,
        before=dict(sorted(counts.before.items())),
        after=dict(sorted(counts.after.items())),
        changes=[counts.changes[key] for key in sorted(counts.changes)],
        examples=[_shown(last, work, *one) for one in counts.chosen(examples)],
    )


def _recipe_of(last: LastBuild, asked: Recipe) -> Recipe:
    """Return the recipe of the last build, if the one asked for differs from it at the end only."""
    now = placeless(msgspec.json.decode(msgspec.json.encode(resolved(asked))))
    then = placeless(last.recipe)
    differs = [key for key in now if key not in DECIDED_LAST and then.get(key) != now[key]]
    if differs:
        raise WhatIfError(
            f"{', '.join(differs)} of the recipe {'is' if len(differs) == 1 else 'are'} not what "
            f"the last build, {last.build_id}, had: what would come of it cannot be told from what "
            "is there. Build it first; filters, limits and the mixture can be asked about"
        )
    try:
        before = msgspec.convert(last.recipe, Recipe)
    except msgspec.ValidationError as error:
        raise _other_code(last) from error
    if new := [one.name for one in datatrove_filters(asked.filters)
               if one not in datatrove_filters(before.filters)]:  # fmt: skip
        raise WhatIfError(f"{new[0]} has not seen the texts of the last build: build with it first")
    return before


def _other_code(last: LastBuild) -> WhatIfError:
    return WhatIfError(
        f"the last build, {last.build_id}, was made by another version of florilegium: build anew"
    )


def _apart(
    old: Sequence[AnyFilter], new: Sequence[AnyFilter]
) -> tuple[Sequence[AnyFilter], Sequence[AnyFilter]]:
    """Return what is left of both where they begin to differ: the rest need be asked but once."""
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new)))  # noqa: B905
    return old[same:], new[same:]


def _mixtures(
    last: LastBuild,
    work: Location,
    before: tuple[Recipe, Sequence[AnyFilter]],
    asked: tuple[Recipe, Sequence[AnyFilter]],
) -> tuple[Whole, Whole]:
    """Return what the mixtures of both recipes leave out, each with those filters that differ."""
    (was, old), (now, new) = before, asked
    wholes = Whole(was), Whole(now)
    if was.mixture is None and now.mixture is None:
        return wholes
    for number in range(len(last.parts)):
        for row, facts in enumerate(_candidates(last, number, work, was)):
            if facts is not None:
                verdicts = _verdicts(facts, was.filters, old, new)
                for whole, loss in zip(wholes, verdicts, strict=True):
                    if loss is None:
                        whole.add(row, facts)
        for whole in wholes:
            whole.end_part(number)
    for whole in wholes:
        whole.settle()
    return wholes


def _verdicts(
    facts: Facts,
    whole: Sequence[AnyFilter],
    old: Sequence[AnyFilter],
    new: Sequence[AnyFilter],
) -> tuple[Loss | None, Loss | None]:
    if (alike := failed(facts, whole[: len(whole) - len(old)])) is not None:
        return alike, alike
    return failed(facts, old), failed(facts, new)


def _candidates(
    last: LastBuild, number: int, work: Location, recipe: Recipe
) -> Iterator[Facts | None]:
    """Yield the facts of each document of a part; None for one that is a copy."""
    decisions = load_array(_there(work / "decisions" / last.decisions / f"{number:06d}.npy"))
    decided = dict(zip(decisions["row"].tolist(), decisions, strict=True))
    judged = _folder(last.judged, work / "rights")
    refused = refusals_of(judged, number) if judged is not None else {}
    with _overlay(last, number, work) as overlay:
        for row, facts in enumerate(overlay.facts(_documents(last, number, work))):
            decision = decided.get(number << 32 | row)
            gone = row in refused or removed(facts, decision, recipe) is not None
            yield None if gone else facts


def _there(place: Location) -> Location:
    if not place.is_file():
        raise WhatIfError(
            f"{place} is gone: what the last build was made of is not whole. Build it anew first"
        )
    return place


def _documents(last: LastBuild, number: int, work: Location) -> Location:
    folder = work / "parts" / last.parts[number]
    _there(folder / "part.json")
    part = load_part(folder)
    place = _there(folder / (part.attempt if part else "") / "documents.parquet")
    with parquet(place) as file:
        if not file.schema_arrow.equals(DOCUMENT_SCHEMA):
            raise _other_code(last)
    return place


def _overlay(last: LastBuild, number: int, work: Location) -> Overlay:
    lines, licences = _folder(last.lines, work / "lines"), _folder(last.licences, work / "licences")
    judged, told = _folder(last.judged, work / "rights"), _folder(last.assessed, work / "assessed")
    for folder, place in (
        (lines, shares_of), (licences, moves_of), (judged, judged_path), (told, assessed_of)
    ):  # fmt: skip
        if folder is not None:
            _there(place(folder, number))
    return Overlay(lines, number, licences, judged, told)


def _folder(name: str | None, above: Location) -> Location | None:
    return None if name is None else above / name


class _Counts:
    """Adds up verdicts on documents, and keeps some of those that differ."""

    def __init__(self) -> None:
        self.before: defaultdict[str, Count] = defaultdict(Count)
        self.after: defaultdict[str, Count] = defaultdict(Count)
        self.changes: dict[tuple[str, str], Change] = {}
        self._found: dict[tuple[_Way, str], list[tuple[_Found, Loss]]] = {}

    def add(self, facts: Facts, was: Loss | None, now: Loss | None, place: _Found) -> None:
        """Count a document, by what decided on it before and now."""
        if was is None:
            self.before[facts.lang].add(facts)
        if now is None:
            self.after[facts.lang].add(facts)
        if (decided := now or was) is None or (was is not None and now is not None
                                               and was.rule == now.rule):  # fmt: skip
            return
        way: _Way = "gained" if now is None else "lost" if was is None else "other_rule"
        key = facts.lang, decided.rule
        if key not in self.changes:
            self.changes[key] = Change(
                lang=facts.lang, rule=decided.rule, gained=Count(), lost=Count(), other_rule=Count()
            )
        getattr(self.changes[key], way).add(facts)
        mine = self._found.setdefault((way, decided.rule), [])
        mine.append((place, decided))
        if len(mine) > 2 * _MOST:
            mine[:] = heapq.nsmallest(_MOST, mine, key=lambda pair: pair[0])

    def chosen(self, number: int) -> Iterator[tuple[_Way, _Found, Loss]]:
        """Yield some documents that are gained or lost, of each rule in turn."""
        ways = [
            [(way, *pair) for pair in heapq.nsmallest(_MOST, found, key=lambda pair: pair[0])]
            for (way, _), found in sorted(self._found.items())
            if way != "other_rule"
        ]
        turns = itertools.chain.from_iterable(itertools.zip_longest(*ways))
        yield from itertools.islice((one for one in turns if one is not None), number)


_MOST = 50


def _shown(last: LastBuild, work: Location, way: _Way, found: _Found, loss: Loss) -> Example:
    """Return an example with the first words of its text, the only one that is read."""
    with (
        parquet(_documents(last, found.part, work)) as file,
        _overlay(last, found.part, work) as overlay,
    ):
        group, first = group_of(file, found.row)
        table = overlay.applied(file.read_row_group(group, use_threads=False), first)
    (document,) = from_table(table.slice(found.row - first, 1), Document)
    return Example(
        way=way,
        lang=document.lang,
        rule=loss.rule,
        value=loss.value,
        limit=loss.limit,
        url=document.url,
        words=" ".join(document.text[: _WORDS * 40].split()[:_WORDS]),
    )
