"""The difference of a release to its parent, as far as their manifests tell it."""

from collections import Counter

from msgspec import Struct

from florilegium.manifests.manifest import Language, Manifest


class Change(Struct, frozen=True):
    """Documents and tokens of a language, then and now."""

    lang: str
    documents: tuple[int, int]
    tokens: tuple[int, int]


class RuleChange(Struct, frozen=True):
    """The share of all records that a rule cost, then and now."""

    stage: str
    rule: str
    shares: tuple[float, float]


class Difference(Struct, frozen=True):
    """What a release has more or less than its parent."""

    name: str
    build_id: str
    root: str
    records: tuple[int, int]
    documents: tuple[int, int]
    tokens: tuple[int, int]
    languages: list[Change]
    """Languages that changed, the greatest change of tokens first."""
    rules: list[RuleChange]
    """Rules whose share changed, the greatest change first."""


def difference(now: Manifest, parent: Manifest) -> Difference:
    """Return how a release differs from its parent."""
    before, after = _languages(parent), _languages(now)
    languages = [
        Change(lang, (old.documents, new.documents), (old.tokens, new.tokens))
        for lang in before.keys() | after.keys()
        if (old := before.get(lang, _none(lang))) != (new := after.get(lang, _none(lang)))
    ]
    then, today = _shares(parent), _shares(now)
    rules = [
        RuleChange(*key, (then.get(key, 0.0), today.get(key, 0.0)))
        for key in then.keys() | today.keys()
        if then.get(key) != today.get(key)
    ]
    return Difference(
        name=parent.name,
        build_id=parent.build_id,
        root=parent.root,
        records=(parent.records, now.records),
        documents=(parent.documents, now.documents),
        tokens=(parent.tokens, now.tokens),
        languages=sorted(languages, key=lambda c: (-abs(c.tokens[1] - c.tokens[0]), c.lang)),
        rules=sorted(rules, key=lambda r: (-abs(r.shares[1] - r.shares[0]), r.stage, r.rule)),
    )


def _languages(manifest: Manifest) -> dict[str, Language]:
    return {language.lang: language for language in manifest.languages}


def _none(lang: str) -> Language:
    return Language(lang=lang, documents=0, tokens=0, chars=0, text_bytes=0)


def _shares(manifest: Manifest) -> dict[tuple[str, str], float]:
    """Return the share of records that each rule cost."""
    lost: Counter[tuple[str, str]] = Counter()
    for step in manifest.funnel:
        for rule, number in step.lost.items():
            lost[step.stage, rule] += number
    return {key: number / manifest.records for key, number in lost.items()}
