"""Judging: what each gate says of a release, by itself and against the release before."""

from collections.abc import Iterable, Iterator

from florilegium.manifests.gate_report import Fate, Gate, GateReport
from florilegium.manifests.location import Location
from florilegium.pipelines.gates import changes
from florilegium.pipelines.gates.fates import fates
from florilegium.pipelines.gates.figures import Figures, figures
from florilegium.pipelines.gates.settings import NAMES, Gates
from florilegium.pipelines.gates.verdicts import above, below, first_failed, nothing

PARENT = "parent"
"""The gate that fails if the release before cannot be read: nobody can switch it off."""
_PER = 1_000_000


def judge(release: Location, settings: Gates, parent: Location | None) -> GateReport:
    """Return what the gates of a recipe say of a release against the one before, if there is one.

    ValueError or OSError if the release itself cannot be read.
    """
    now = figures(release)
    before, unreadable = _before(parent)
    planted = fates(release, now.manifest) if settings.canaries else ()
    gates = [*_alone(now, settings), *_canaries(planted, settings)]
    gates += changes.gates(now, before, settings)
    wanted = [gate for gate in gates if gate.name not in settings.off]
    wanted.sort(key=lambda gate: list(NAMES).index(gate.name))  # type: ignore[arg-type]
    return GateReport(
        build_id=now.manifest.build_id,
        root=now.manifest.root,
        parent=before.manifest.build_id if before else None,
        gates=(*unreadable, *wanted),
        canaries=planted,
    )


def _before(parent: Location | None) -> tuple[Figures | None, tuple[Gate, ...]]:
    if parent is None:
        return None, ()
    try:
        return figures(parent), ()
    except (OSError, ValueError, RecursionError) as error:
        said = f"the release before, {parent.name}, cannot be read: {error}"
        return None, (Gate(name=PARENT, value=None, limit=None, n=0, passed=False, said=said),)


def _alone(now: Figures, settings: Gates) -> Iterator[Gate]:
    least = settings.min_documents
    made = now.manifest
    yield below(
        "keep_rate", made.documents, now.pages, settings.min_keep_rate, least,
        "of the pages read are kept",
    )  # fmt: skip
    yield first_failed(
        "language_keep_rate",
        (
            below(
                "language_keep_rate", documents, now.found(lang), settings.min_language_keep_rate,
                least, f"of the documents in {lang} are kept", lang,
            )
            for lang, (documents, _) in now.kept().items()
        ),
        lowest=True,
    )  # fmt: skip
    yield _top_domain(now, settings)
    for gate, stage, limit, said in (
        ("duplicate_rate", "duplicates", settings.max_duplicate_rate, "documents are copies"),
        ("opt_out_rate", "rights", settings.max_opt_out_rate, "pages are opted out"),
    ):
        yield above(gate, *now.rate(stage), limit, least, f"of the {said}")
    if settings.max_personal_per_mb:
        yield first_failed("personal", _personal(now, settings))
    else:
        yield nothing("personal", "not judged: no kind has a limit")
    yield _count("unaccounted", now.unaccounted, 0, made.records, "records are unaccounted for")
    raised = sum(made.alarms_raised.values())
    yield _count("alarms", raised, settings.max_alarms, raised, "alarms were raised")


def _top_domain(now: Figures, settings: Gates) -> Gate:
    name, tokens = now.top_domain
    if (n := now.manifest.documents) < settings.min_documents:
        return nothing("top_domain", f"not judged: {n:,} documents", n)
    said = f"of the tokens are from {name}"
    return above("top_domain", tokens, now.manifest.tokens, settings.max_top_domain, 1, said)


def _personal(now: Figures, settings: Gates) -> Iterator[Gate]:
    for kind, limit in sorted(settings.max_personal_per_mb.items()):
        items = now.personal.get(kind, 0)
        value = items * _PER / max(now.text_bytes, 1)
        yield Gate(
            name="personal",
            about=kind,
            value=value,
            limit=limit,
            n=items,
            passed=value <= limit,
            said=f"{value:.2f} items of {kind} in a million bytes of text, at most {limit:g}",
        )


def _canaries(planted: Iterable[Fate], settings: Gates) -> Iterator[Gate]:
    if not settings.canaries:
        return
    judged = [fate for fate in planted if fate.expected]
    wrong = [fate.canary for fate in judged if not fate.passed]
    said = f"{len(wrong)} of {len(judged)} planted pages met another fate than they should"
    if not judged:
        said, wrong = "no planted page was found", ["all"]
    elif wrong:
        said += f": {', '.join(wrong)}"
    yield Gate(
        name="canaries", value=len(wrong), limit=0, n=len(judged), passed=not wrong, said=said
    )


def _count(name: str, value: int, limit: int, n: int, said: str) -> Gate:
    passed = value <= limit
    said = f"{value:,} {said}" + ("" if passed else f", at most {limit:,} may be")
    return Gate(name=name, value=value, limit=limit, n=n, passed=passed, said=said)
