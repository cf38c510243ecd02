"""Mix: what passes the rules is counted, and limits are found that make of it what is wanted.

No text is read. Each part is measured once: `<ordinal>.npy` has a few numbers of each of its
documents that pass. Counts move, packed: scores by language, documents by domain, tokens by cells
of lots. What comes of them is `mixed.json`, a few numbers for each language, and for each part the
large domains that it has documents of, `<ordinal>.domains.npy`. Decide needs no more.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import apache_beam as beam
import msgspec
import numpy as np
import xxhash
from apache_beam.pvalue import PCollection
from msgspec import Struct
from numpy.typing import NDArray

from florilegium.dedup.lines import host_hash
from florilegium.manifests.document import Facts
from florilegium.manifests.location import Location, locate, replacing
from florilegium.manifests.mixture import STEPS, Mixed, lot, step
from florilegium.pipelines.engines.listed import Listed, spread_parts
from florilegium.pipelines.engines.packed import Group, Joined, Keyed, gather, scatter
from florilegium.pipelines.files import load_array, save_array
from florilegium.pipelines.mixture.arithmetic import (
    CELLS,
    LARGE,
    MEASURED,
    NO_SCORE,
    Limits,
    brought,
    budgeted,
    cell_tokens,
)
from florilegium.pipelines.mixture.results import (
    LIMITS,
    domains_of,
    measured_of,
    read_measured,
)
from florilegium.pipelines.mixture.settings import Mixture
from florilegium.pipelines.overlay import overlay_of
from florilegium.pipelines.recipe import Recipe
from florilegium.pipelines.rights.judged import refusals_of
from florilegium.pipelines.verdicts.judgement import failed, removed

_PARTS_A_PARTITION = 32
_ALL = 0
"""The key under which languages come together."""
_SCORE = np.dtype([("lang", "<u4"), ("step", "<i2"), ("documents", "<u8"), ("tokens", "<u8")])
_DOMAIN = np.dtype([("domain", "<u8"), ("documents", "<u8"), ("part", "<u4")])
_CELL = np.dtype([("cell", "<u4"), ("tokens", "<u8")])
_Tokens: TypeAlias = tuple[str, bytes]


class PartToMix(Struct, frozen=True, kw_only=True):
    """The documents of a part, what was decided on its duplicates, and what else was found."""

    ordinal: int
    documents: str
    decisions: str
    lines: str | None = None
    licences: str | None = None
    judged: str | None = None
    assessed: str | None = None


def parts_to_mix(
    files: Sequence[Location], decisions: Sequence[Location], found: Mapping[str, str | None]
) -> list[PartToMix]:
    """Return the parts by where their files are, with the folders of what steps found in all."""
    return [
        PartToMix(
            ordinal=number,
            documents=str(place / "documents.parquet"),
            decisions=str(decided),
            **found,
        )
        for number, (place, decided) in enumerate(zip(files, decisions, strict=False))
    ]


def mix(root: beam.Pipeline, parts: list[PartToMix], recipe: Recipe, out: Location) -> None:
    """Lay out the pipeline that writes what decide needs to know of a mixture into a folder."""
    if recipe.mixture is None:
        raise ValueError(f"the recipe {recipe.name} has no mixture")
    out.mkdir(parents=True, exist_ok=True)
    packed, folder = msgspec.json.encode(recipe), str(out)
    listed: list[Listed] = [(one.ordinal, msgspec.json.encode(one).decode()) for one in parts]
    files = spread_parts(root, listed)
    languages = (
        files
        | "Measure" >> beam.ParDo(_Measure(packed, folder))
        | "GroupByLanguage" >> beam.GroupByKey()
        | "Languages" >> beam.Map(_language, packed)
    )
    inputs = {"part": files, "mixed": languages | "Tell" >> beam.FlatMap(_tell, len(parts))}
    if recipe.mixture.domains is not None:
        inputs["domains"] = _large(inputs, packed, folder, len(parts))
    cells = (
        inputs
        | "JoinDomains" >> beam.CoGroupByKey()
        | "Cells" >> beam.ParDo(_Cells(packed, folder))
        | "GroupCells" >> beam.GroupByKey()
        | "AddCells" >> beam.FlatMap(_add_cells, packed)
    )
    _ = (
        {"part": files | "Any" >> beam.Map(_any), "mixed": languages, "cells": cells}
        | "JoinLanguages" >> beam.CoGroupByKey()
        | "Settle" >> beam.ParDo(_Settle(packed, folder))
    )


def _large(inputs: dict[str, PCollection], packed: bytes, folder: str, parts: int) -> PCollection:
    partitions = -(-parts // _PARTS_A_PARTITION) or 1
    found: PCollection = (
        inputs
        | "JoinLanguage" >> beam.CoGroupByKey()
        | "Domains" >> beam.FlatMap(_domains, packed, folder, partitions)
        | "GroupByDomain" >> beam.GroupByKey()
        | "Large" >> beam.FlatMap(_larger, packed)
    )
    return found


def _mixture(recipe: Recipe) -> Mixture:
    assert recipe.mixture is not None
    return recipe.mixture


class _Measure(beam.DoFn):
    """Part -> how many of its documents have what score, by language; the rest is written."""

    def __init__(self, recipe: bytes, out: str) -> None:
        self._recipe, self._out = recipe, out

    def process(self, part: Keyed) -> Iterator[Keyed]:
        todo = msgspec.json.decode(part[1], type=PartToMix)
        place = measured_of(locate(self._out), todo.ordinal)
        if not place.is_file():  # a twin of this attempt, or a killed build, came so far
            save_array(place, measure(todo, msgspec.json.decode(self._recipe, type=Recipe)))
        counted = scores_of(load_array(place))
        yield from scatter(counted, counted["lang"])


def measure(part: PartToMix, recipe: Recipe) -> NDArray[np.void]:
    """Return what there is to know of the documents of a part that pass the rules."""
    decisions = load_array(locate(part.decisions))
    decided = dict(zip(decisions["row"].tolist(), decisions, strict=True))
    refused = refusals_of(locate(part.judged), part.ordinal) if part.judged else {}
    languages = {lang: number for number, lang in enumerate(recipe.languages)}
    found = []
    with overlay_of(part) as overlay:
        for row, facts in enumerate(overlay.facts(locate(part.documents))):
            decision = decided.get(part.ordinal << 32 | row)
            if row in refused or removed(facts, decision, recipe) or failed(facts, recipe.filters):
                continue
            found.append(record(row, facts, languages))
    return np.array(found, MEASURED)


def record(row: int, facts: Facts, languages: dict[str, int]) -> tuple[int | float, ...]:
    """Return what there is to know of a document that passes the rules, as in `MEASURED`."""
    lang = languages[facts.lang]
    score = NO_SCORE if facts.quality is None else step(facts.quality)
    domain = xxhash.xxh3_64_intdigest(facts.lang.encode(), seed=host_hash(facts.domain))
    return row, lang, facts.tokens, score, lot(facts.id), domain


def scores_of(measured: NDArray[np.void]) -> NDArray[np.void]:
    """Return documents and tokens of each language and score."""
    kinds, place = np.unique(measured[["lang", "step"]], return_inverse=True)
    counted = np.zeros(len(kinds), _SCORE)
    counted["lang"], counted["step"] = kinds["lang"], kinds["step"]
    np.add.at(counted["documents"], place.reshape(-1), 1)
    np.add.at(counted["tokens"], place.reshape(-1), measured["tokens"])
    return counted


def language_of(lang: str, counted: Iterable[NDArray[np.void]], mixture: Mixture) -> Mixed:
    """Return what a language brings, of the scores of its documents in all parts."""
    documents = tokens = 0
    scores = np.zeros(STEPS + 1, np.int64)
    for some in counted:
        documents += int(some["documents"].sum())
        tokens += int(some["tokens"].sum())
        scored = some[some["step"] != NO_SCORE]
        np.add.at(scores, scored["step"], scored["documents"].astype(np.int64))
    return brought(lang, documents, tokens, scores, mixture)


def _language(group: Group, recipe: bytes) -> Keyed:
    known = msgspec.json.decode(recipe, type=Recipe)
    counted = (np.frombuffer(one, _SCORE) for one in group[1])
    found = language_of(known.languages[group[0]], counted, _mixture(known))
    return _ALL, msgspec.json.encode(found)


def _tell(language: Keyed, parts: int) -> Iterator[Keyed]:
    yield from ((ordinal, language[1]) for ordinal in range(parts))


def _any(part: Keyed) -> Keyed:
    return _ALL, b""


def _mixed(packed: Iterable[bytes]) -> dict[str, Mixed]:
    found = (msgspec.json.decode(one, type=Mixed) for one in packed)
    return {one.lang: one for one in sorted(found, key=lambda one: one.lang)}


def _domains(joined: Joined, recipe: bytes, folder: str, partitions: int) -> Iterator[Keyed]:
    """Part -> how many documents it has of each domain, after quality and chance."""
    ordinal, inputs = joined
    known = msgspec.json.decode(recipe, type=Recipe)
    measured = read_measured(locate(folder), ordinal)
    mixed = _mixed(inputs["mixed"])
    limits = Limits(measured, known.languages, mixed, None, np.zeros(0, LARGE))
    domains, documents = np.unique(measured["domain"][limits.left], return_counts=True)
    counted = np.zeros(len(domains), _DOMAIN)
    counted["domain"], counted["documents"], counted["part"] = domains, documents, ordinal
    yield from scatter(counted, counted["domain"] % np.uint64(partitions))


def _larger(group: Group, recipe: bytes) -> Iterator[Keyed]:
    """Domains -> those that are not left whole, to every part that has documents of them."""
    domains = _mixture(msgspec.json.decode(recipe, type=Recipe)).domains
    assert domains is not None
    counted = gather(group[1], _DOMAIN)
    _, place = np.unique(counted["domain"], return_inverse=True)
    documents = np.zeros(int(place.max(initial=-1)) + 1, np.uint64)
    np.add.at(documents, place, counted["documents"])
    large = counted[documents[place] > domains.max_whole]
    told = np.zeros(len(large), LARGE)
    told["domain"] = large["domain"]
    told["documents"] = documents[place][documents[place] > domains.max_whole]
    yield from scatter(told, large["part"])


class _Cells(beam.DoFn):
    """Part -> tokens in cells of lots, by language; its large domains are written."""

    def __init__(self, recipe: bytes, out: str) -> None:
        self._recipe, self._out = recipe, out

    def process(self, joined: Joined) -> Iterator[Keyed]:
        ordinal, inputs = joined
        recipe = msgspec.json.decode(self._recipe, type=Recipe)
        out = locate(self._out)
        large = np.sort(gather(inputs.get("domains", ()), LARGE), order="domain")
        save_array(domains_of(out, ordinal), large)
        measured = read_measured(out, ordinal)
        mixed = _mixed(inputs["mixed"])
        limits = Limits(measured, recipe.languages, mixed, _mixture(recipe).domains, large)
        for lang, cells in cells_by_language(measured, limits).items():
            yield from scatter(cells, np.full(len(cells), lang))


def cells_by_language(measured: NDArray[np.void], limits: Limits) -> dict[int, NDArray[np.void]]:
    """Return the tokens in each cell of lots, of the documents that stay so far."""
    found = {}
    for lang in np.unique(measured["lang"]).tolist():
        mine = limits.left & (measured["lang"] == lang)
        cells, tokens = cell_tokens(limits.place[mine], measured["tokens"][mine])
        found[lang] = np.zeros(len(cells), _CELL)
        found[lang]["cell"], found[lang]["tokens"] = cells, tokens
    return found


def whole_of(cells: Iterable[NDArray[np.void]]) -> NDArray[np.uint64]:
    """Return the tokens in each cell, of those of some parts."""
    whole = np.zeros(CELLS, np.uint64)
    for some in cells:
        np.add.at(whole, some["cell"], some["tokens"])
    return whole


def _add_cells(group: Group, recipe: bytes) -> Iterator[tuple[int, _Tokens]]:
    whole = whole_of(np.frombuffer(one, _CELL) for one in group[1])
    filled = np.flatnonzero(whole)
    cells = np.zeros(len(filled), _CELL)
    cells["cell"], cells["tokens"] = filled, whole[filled]
    lang = msgspec.json.decode(recipe, type=Recipe).languages[group[0]]
    yield from ((_ALL, (lang, piece)) for _, piece in scatter(cells, np.zeros(len(cells), np.int8)))


class _Settle(beam.DoFn):
    """All languages -> the limits that keep to budgets and weights, in a file."""

    def __init__(self, recipe: bytes, out: str) -> None:
        self._recipe, self._out = recipe, out

    def process(self, joined: tuple[int, dict[str, Iterable]]) -> Iterator[int]:
        inputs = joined[1]
        mixture = _mixture(msgspec.json.decode(self._recipe, type=Recipe))
        pieces: dict[str, list[NDArray[np.void]]] = defaultdict(list)
        for lang, piece in inputs["cells"]:
            pieces[lang].append(np.frombuffer(piece, _CELL))
        tokens = {lang: whole_of(some) for lang, some in pieces.items()}
        settled = budgeted(list(_mixed(inputs["mixed"]).values()), tokens, mixture)
        with replacing(locate(self._out) / LIMITS) as draft:
            draft.write_bytes(msgspec.json.encode(settled))
        yield joined[0]
