"""What several exports say of a release, in words: numbers, tables, and how it was made."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from florilegium.manifests import funnel
from florilegium.manifests.derived import Source
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.mixture import STAGE
from florilegium.manifests.publication import Publication

NOT_APPLICABLE = "Not applicable."

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~"} | {"\n": " ", "\r": " "})

_ON_REQUEST = ("canary", STAGE)
"""Stages that most builds do not have."""


def cell(text: object) -> str:
    r"""Return a text of any origin so that Markdown shows it as it is, on one line.

    >>> cell("a|b<c>")
    'a\\|b\\<c\\>'
    """
    shown = "".join(c if c.isprintable() or c in "\n\r" else "\ufffd" for c in str(text))
    return shown.translate(_ESCAPED)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; numbers stand to the right."""
    first, *others = [list(row) for row in rows] or [[""] * len(header)]
    yield f"| {' | '.join(header)} |"
    rules = ("---:" if isinstance(value, int | float) else "---" for value in first)
    yield f"| {' | '.join(rules)} |"
    for row in (first, *others):
        yield f"| {' | '.join(_shown(value) for value in row)} |"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else cell(value)


def share(part: int, whole: int) -> str:
    """Return a share in per cent.

    >>> share(1, 8), share(0, 0)
    ('12.5 %', '0.0 %')
    """
    return f"{100 * part / whole if whole else 0:.1f} %"


def as_json(value: object) -> bytes:
    """Return a value as indented JSON, its keys in their order."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def many(number: int, one: str, more: str) -> str:
    """Return a number and what there are so many of.

    >>> many(1, "file", "files"), many(1_000, "file", "files")
    ('1 file', '1,000 files')
    """
    return f"{number:,} {one if number == 1 else more}"


def text_bytes(manifest: Manifest) -> int:
    """Return the bytes of all texts, in UTF-8."""
    return sum(language.text_bytes for language in manifest.languages)


def title(manifest: Manifest, publication: Publication) -> str:
    """Return the title of a release, or the name of the corpus."""
    return publication.title or manifest.name


def version(manifest: Manifest, publication: Publication) -> str:
    """Return the version of a release, or its build id."""
    return publication.version or manifest.build_id


def period(manifest: Manifest) -> tuple[str, str] | None:
    """Return the first and the last month of capture, as `2026-03`; None of no documents."""
    return (min(manifest.captured), max(manifest.captured)) if manifest.captured else None


def nominal_day(manifest: Manifest, publication: Publication) -> str:
    """Return the day that stands for the time of a release.

    A manifest has no clock: it is the day of publication, or the first of the last month of
    capture, or of 1970 if there is nothing at all.
    """
    last = period(manifest)
    return publication.published or (f"{last[1]}-01" if last else "1970-01-01")


def lost_by_stage(manifest: Manifest) -> list[tuple[str, int, int, int]]:
    """Return what each stage received, lost and kept, all languages together.

    Canaries and a mixture are no stages where they lost nothing.
    """
    sums: dict[str, Counter[str]] = {stage: Counter() for stage in funnel.STAGES}
    for step in manifest.funnel:
        sums[step.stage].update(
            received=step.received, lost=sum(step.lost.values()), kept=step.kept
        )
    there = ((stage, n) for stage, n in sums.items() if n or stage not in _ON_REQUEST)
    return [(stage, n["received"], n["lost"], n["kept"]) for stage, n in there]


def removed_by_optouts(manifest: Manifest) -> dict[str, int]:
    """Return how many documents each rule on rights removed."""
    lost = funnel.by_rule(manifest.funnel).items()
    return {rule: number for (stage, rule), number in sorted(lost) if stage == "rights"}


def languages(source: Source) -> list[tuple[str, str, int, int, int]]:
    """Return name, code, documents, tokens and bytes of each language, most tokens first."""
    held = [one for one in source.manifest.languages if one.documents]
    return [
        (source.tongue(x.lang).name, x.lang, x.documents, x.tokens, x.text_bytes)
        for x in sorted(held, key=lambda one: (-one.tokens, one.lang))
    ]


def licences(manifest: Manifest) -> list[tuple[str, str, int, int]]:
    """Return licence, tier, documents and tokens, most documents first."""
    return [
        (one.license or "none stated", one.tier or "", one.documents, one.tokens)
        for one in sorted(manifest.licences, key=lambda x: (-x.documents, str(x.license), x.tier))
    ]


def personal(manifest: Manifest) -> str:
    """Return what happened to personal data."""
    action = manifest.recipe.get("personal", "")
    done = {
        "mask": "replaced by a placeholder that names its kind",
        "count": "counted in the column pii and left in place",
        "drop": "a reason to leave the document out",
    }.get(action, "not looked for")
    special: dict[str, Any] = manifest.recipe.get("personal_kinds") or {}
    others = "; ".join(f"{kind}: {what}" for kind, what in sorted(special.items()))
    dropped = many(_lost(manifest, "personal"), "document was", "documents were")
    return (
        "Mail addresses, phone numbers, bank accounts, payment cards, network addresses and "
        f"national identifiers were found by pattern and checksum and {done}"
        f"{f', except {others}' if others else ''}. {dropped} left out for them. "
        "Names of people were not looked for and are in the texts; so may be what people say of "
        "their health, beliefs or opinions on public pages."
    )


def duplicates(manifest: Manifest) -> str:
    """Return how copies were removed."""
    asked: dict[str, Any] = manifest.recipe.get("duplicates") or {}
    kinds = [
        "captures of the same record",
        *(["documents of the same words"] if asked.get("exact") else []),
        *(["captures of the same address"] if asked.get("addresses") else []),
        *(["documents of nearly the same words"] if asked.get("near") else []),
    ]
    return (
        f"All but one were removed of {_listed(kinds)}: {_lost(manifest, 'duplicates'):,} in all. "
        "The column dup_size says how many documents each one stands for."
    )


def rules(manifest: Manifest) -> str:
    """Return which rules judged the quality of texts, and what a mixture left out besides."""
    used = [str(one.get("use")) for one in manifest.recipe.get("filters") or () if one.get("use")]
    judged = (
        f"Rules on {_listed(used)} left out "
        f"{many(_lost(manifest, 'quality'), 'document', 'documents')}; the ledger has each with "
        "the rule, the value and the limit."
        if used
        else "No rules on quality were applied."
    )
    if not (left_out := _lost(manifest, STAGE)):
        return judged
    return (
        f"{judged} Of what passed, the mixture of the recipe left out "
        f"{many(left_out, 'document', 'documents')}."
    )


def blocklists(manifest: Manifest) -> list[str]:
    """Return the names of the lists of addresses that are not wanted."""
    return [str(one.get("name")) for one in manifest.recipe.get("blocklists") or ()]


def reservations(manifest: Manifest) -> list[str]:
    """Return, in sentences, which reservations of rights were heeded, and how."""
    said = manifest.opt_outs
    if said is None:
        return ["No reservations of rights were looked for."]
    heeded = [f"{p.name} ({p.specification})" for p in said.protocols if p.honoured]
    others = [p.name for p in said.protocols if not p.honoured]
    removed = removed_by_optouts(manifest)
    regimes = {
        "commercial_art4": "Reservations were heeded as Article 4(3) of Directive (EU) 2019/790 "
        "asks.",
        "research_60d": "The corpus was made for scientific research (Article 3 of Directive (EU) "
        "2019/790): reservations were recorded and removed nothing.",
    }
    later = {
        "all": "What a host said after a page was captured counts as well.",
        "agents": "Of what a host said after a page was captured, whom its robots.txt refuses "
        "counts as well.",
        "none": "What a host said after a page was captured does not count.",
    }
    each = ", ".join(f"{rule} {number:,}" for rule, number in removed.items())
    return [
        regimes.get(said.regime, said.regime),
        f"Protocols that were heeded: {'; '.join(heeded) or 'none'}.",
        f"Protocols that were recorded only: {', '.join(others) or 'none'}.",
        f"Names that a host must not have refused in robots.txt: {', '.join(said.agents)}.",
        later.get(said.retroactive, said.retroactive),
        f"If no robots.txt of a host was known, its pages were {_DONE.get(said.missing)}. If a "
        f"host could not give it, they were {_DONE.get(said.unreachable)}.",
        f"Documents removed: {sum(removed.values()):,}{f' ({each})' if each else ''}.",
    ]


_DONE = {"allow": "kept", "drop": "removed", "quarantine": "set aside"}


def biases(source: Source) -> str:
    """Return what is known of biases: how unevenly languages are represented, and what rules do."""
    rows = languages(source)
    manifest = source.manifest
    most = f"{rows[0][0]} has {share(rows[0][3], manifest.tokens)} of all tokens" if rows else ""
    least = f", {rows[-1][0]} {share(rows[-1][3], manifest.tokens)}" if len(rows) > 1 else ""
    return (
        f"Languages are as uneven as the web pages that were read: {most}{least}. The web speaks "
        "more of some places, groups and times than of others; that was not measured. Languages "
        "are told by a model, which mistakes close ones for each other most often. Rules on "
        "quality take out more of unusual ways to write, such as lists, poems and talk."
    )


def _lost(manifest: Manifest, stage: str) -> int:
    lost = funnel.by_rule(manifest.funnel).items()
    return sum(number for (at, _), number in lost if at == stage)


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
