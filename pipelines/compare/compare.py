"""A comparison of two finished releases of the same input."""

from collections import Counter
from typing import Any

from florilegium.manifests.funnel import FIRST_WITH_LANGUAGE, STAGES
from florilegium.manifests.location import Location
from florilegium.manifests.lookup import Footers, find
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines.compare.contents import Comparison, Example, Side, Stage
from florilegium.pipelines.compare.join import join
from florilegium.pipelines.compare.tally import Tally

RULES = 5
"""Rules of each side that documents are shown for."""
_WORDS, _CHARS = 24, 200


def compare(
    a: tuple[Location, Manifest],
    b: tuple[Location, Manifest],
    apart: list[str],
    examples: int,
) -> Comparison:
    """Return what each of two releases keeps, and why the other does not.

    So many examples are given for each of the rules that account for most. ValueError if the
    releases are damaged or not of the same input, OSError if they cannot be read.
    """
    inputs = [{(one.name, one.sha256) for one in manifest.inputs} for _, manifest in (a, b)]
    if inputs[0] != inputs[1]:
        raise ValueError("the inputs changed between the two builds: run the same command again")
    joined = join(a, b, examples)
    sides = [_side(*pair, tally) for pair, tally in zip((a, b), joined.sides, strict=True)]
    return Comparison(a=sides[0], b=sides[1], apart=apart, lengths_differ=joined.lengths_differ)


def _side(release: Location, manifest: Manifest, tally: Tally) -> Side:
    found = {lang: tally.kept[lang].all for lang in sorted(tally.kept)}
    stated = {x.lang: x for x in manifest.languages if x.documents}
    if {lang: (one.documents, one.tokens) for lang, one in found.items()} != {
        lang: (one.documents, one.tokens) for lang, one in stated.items()
    }:
        raise ValueError(f"{release}: its documents are not those that its manifest counts")
    return Side(
        name=manifest.name,
        build_id=manifest.build_id,
        release=str(release),
        root=manifest.root,
        records=manifest.records,
        documents=manifest.documents,
        tokens=manifest.tokens,
        stages=_stages(manifest),
        texts={
            step.lang: step.received
            for step in manifest.funnel
            if step.lang is not None and step.stage == STAGES[FIRST_WITH_LANGUAGE]
        },
        languages={lang: tally.kept[lang] for lang in found},
        lost_by_other=tally.reasons(),
        examples=_examples(release, manifest, tally),
    )


def _stages(manifest: Manifest) -> list[Stage]:
    received: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for step in manifest.funnel:
        received[step.stage] += step.received
        kept[step.stage] += step.kept
    return [
        Stage(stage, received[stage], received[stage] - kept[stage], kept[stage])
        for stage in STAGES
        if stage in received
    ]


def _examples(release: Location, manifest: Manifest, tally: Tally) -> list[Example]:
    footers: Footers = {}
    return [
        _example(release, manifest, row, footers)
        for rule in tally.rules()[:RULES]
        for row in tally.picked[rule]
    ]


def _example(
    release: Location, manifest: Manifest, row: dict[str, Any], footers: Footers
) -> Example:
    shards = [shard for shard in manifest.shards if shard.lang == row["lang"]]
    found = find(release, shards, row["id"], footers)
    if found is None:
        raise ValueError(f"{release}: a document of it is not where its id says")
    document = found.document
    words = " ".join(document.text[: _WORDS * 40].split()[:_WORDS])
    return Example(
        id=row["id"].hex(),
        lang=document.lang,
        url=document.url,
        words=words if len(words) <= _CHARS else words[:_CHARS] + "…",
        stage=row["stage"],
        rule=row["rule"],
        value=row["value"],
        limit=row["limit"],
        detail=row["detail"],
        copy=row["dup_of"].hex() if row["dup_of"] else None,
    )
