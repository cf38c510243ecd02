"""What gates say of the changes since the release before."""

from collections.abc import Iterator

from florilegium.manifests.distributions import Distribution
from florilegium.manifests.gate_report import Gate
from florilegium.manifests.stability import psi
from florilegium.pipelines.gates.figures import Figures
from florilegium.pipelines.gates.settings import GateName, Gates
from florilegium.pipelines.gates.verdicts import first_failed, moved, nothing

MEASURES = ("lang_score", "quality", "extraction_confidence", "chars", "tokens")
"""Columns of documents whose distributions are compared."""
ITEMS = 50
"""Items of a kind of personal data below which a change says nothing."""
_NAMES: tuple[GateName, ...] = (
    "keep_rate_change", "language_keep_rate_change", "documents", "tokens", "languages",
    "language_documents", "language_tokens", "duplicate_rate_change", "opt_out_rate_change",
    "personal_change", "psi",
)  # fmt: skip


def gates(now: Figures, before: Figures | None, settings: Gates) -> Iterator[Gate]:
    """Yield what each gate says of the changes; without a release before, that there are none."""
    if before is None:
        yield from (nothing(name, "not judged: there is no release before") for name in _NAMES)
        return
    yield _keep_rate(now, before, settings)
    yield first_failed("language_keep_rate_change", _language_keep_rates(now, before, settings))
    yield from _sizes(now, before, settings)
    yield _languages(now, before, settings)
    for name, place in (("language_documents", 0), ("language_tokens", 1)):
        yield first_failed(name, _language_sizes(name, place, now, before, settings))
    for name, stage, limit, said in (
        ("duplicate_rate_change", "duplicates", settings.max_duplicate_rate_change, "of copies"),
        ("opt_out_rate_change", "rights", settings.max_opt_out_rate_change, "of opt-outs"),
    ):
        yield _points(name, now.rate(stage), before.rate(stage), limit, settings, said)
    yield first_failed("personal_change", _personal(now, before, settings))
    yield first_failed("psi", _stability(now, before, settings))


def _keep_rate(now: Figures, before: Figures, settings: Gates) -> Gate:
    n, limit = min(now.pages, before.pages), settings.max_keep_rate_change
    if n < settings.min_documents:
        return nothing("keep_rate_change", f"not judged: {n:,} pages", n)
    rates = [one.manifest.documents / one.pages for one in (before, now)]
    return moved("keep_rate_change", rates[0], rates[1], limit, limit, n, "the keep-rate")


def _language_keep_rates(now: Figures, before: Figures, settings: Gates) -> Iterator[Gate]:
    limit = settings.max_language_keep_rate_change
    for lang, (documents, _) in before.kept().items():
        n = min(now.found(lang), before.found(lang))
        if n >= settings.min_documents:
            rate = now.kept().get(lang, (0, 0))[0] / now.found(lang)
            yield moved(
                "language_keep_rate_change", documents / before.found(lang), rate, limit, limit, n,
                f"the keep-rate of {lang}", lang,
            )  # fmt: skip


def _sizes(now: Figures, before: Figures, settings: Gates) -> Iterator[Gate]:
    n = max(now.manifest.documents, before.manifest.documents)
    for name, was, held in (
        ("documents", before.manifest.documents, now.manifest.documents),
        ("tokens", before.manifest.tokens, now.manifest.tokens),
    ):
        if n < settings.min_documents:
            yield nothing(name, f"not judged: {n:,} documents", n)
        else:
            yield moved(
                name, was, held, settings.max_fall, settings.max_rise, n, f"the number of {name}"
            )


def _languages(now: Figures, before: Figures, settings: Gates) -> Gate:
    """Say which languages are gone that had documents enough to be missed."""
    held = {lang for lang, (documents, _) in now.kept().items() if documents}
    were = {lang: n for lang, (n, _) in before.kept().items() if n >= settings.min_documents}
    gone = sorted(were.keys() - held)
    names = ", ".join(f"{lang} ({were[lang]:,} documents)" for lang in gone[:20])
    return Gate(
        name="languages",
        value=len(gone),
        limit=0,
        n=len(were),
        passed=not gone,
        said=f"{len(gone)} languages are gone" + (f": {names}" if gone else ""),
    )


def _language_sizes(
    name: str, place: int, now: Figures, before: Figures, settings: Gates
) -> Iterator[Gate]:
    held = now.kept()
    for lang, was in before.kept().items():
        mine = held.get(lang, (0, 0))
        n = max(was[0], mine[0])
        if n >= settings.min_documents:
            yield moved(
                name, was[place], mine[place], settings.max_language_fall,
                settings.max_language_rise, n,
                f"the number of {('documents', 'tokens')[place]} in {lang}", lang,
            )  # fmt: skip


def _points(
    name: str, now: tuple[int, int], before: tuple[int, int], limit: float, settings: Gates,
    said: str,
) -> Gate:  # fmt: skip
    """Return a gate on how far a rate moved."""
    n = min(now[1], before[1])
    if n < settings.min_documents:
        return nothing(name, f"not judged: rates of {n:,}", n)
    was, held = before[0] / before[1], now[0] / now[1]
    value = held - was
    passed = abs(value) <= limit
    written = f"the rate {said} went from {was:.1%} to {held:.1%}"
    return Gate(
        name=name,
        value=value,
        limit=limit,
        n=n,
        passed=passed,
        said=written + ("" if passed else f"; at most {limit * 100:g} points are right"),
    )


def _personal(now: Figures, before: Figures, settings: Gates) -> Iterator[Gate]:
    for kind in sorted(now.personal.keys() | before.personal.keys()):
        items = now.personal.get(kind, 0), before.personal.get(kind, 0)
        if max(items) < ITEMS or not (now.text_bytes and before.text_bytes):
            continue
        # One more before, so that what was not there can be compared.
        was = (items[1] + 1) * 1e6 / before.text_bytes
        held = items[0] * 1e6 / now.text_bytes
        limit = settings.max_personal_change
        yield moved(
            "personal_change", was, held, 1.0, limit, items[0],
            f"{kind} in a million bytes of text", kind,
        )  # fmt: skip


def _stability(now: Figures, before: Figures, settings: Gates) -> Iterator[Gate]:
    for lang in sorted(now.by_language.keys() & before.by_language.keys()):
        for measure in MEASURES:
            was, held = (_classes(one.by_language[lang], measure) for one in (before, now))
            n = min(sum(was.values()), sum(held.values()))
            if n < settings.min_documents:
                continue
            value = psi(was, held)
            passed = value <= settings.max_psi
            said = f"{measure} in {lang} has a stability index of {value:.3f}"
            yield Gate(
                name="psi",
                about=f"{lang} {measure}",
                value=value,
                limit=settings.max_psi,
                n=n,
                passed=passed,
                said=said + ("" if passed else f"; at most {settings.max_psi:g} is right"),
            )


def _classes(distribution: Distribution, measure: str) -> dict[float, int]:
    return {
        least: documents
        for (name, least), (documents, _) in distribution.items()
        if name == measure
    }
