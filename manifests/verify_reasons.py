"""Checking the tables of all reasons, against the ledger."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from florilegium.manifests.failed_rule import FailedRule
from florilegium.manifests.funnel import COMPARED
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.schema import FAILED_RULE_SCHEMA, from_table
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_files import UNREADABLE

FOLDER = "audit/reasons"
_JUDGED = frozenset(COMPARED) - {"canary"}
"""Stages whose losses have reasons; canaries are planted to be lost."""
_DECISION = ("stage", "rule", "lang", "value", "limit", "detail")

_Decision = tuple[Any, ...]


def path_beside(ledger: Table) -> str:
    """Return where the reasons of the losses in a file of the ledger are."""
    return ledger.path.replace("audit/losses", FOLDER)


def check_reasons(release: Location, manifest: Manifest, there: set[str]) -> Iterator[str]:
    """Check the tables of reasons, as far as they are `there`: a file for each of the ledger.

    Each judged loss has one row that decides, which says what the ledger says. The other rows
    rest on facts of lost documents, which no release holds: only their order is checked.
    """
    tables = {t.path: t for t in manifest.tables if t.path.startswith(f"{FOLDER}/")}
    asked = manifest.recipe.get("reasons") == "all"
    for ledger in manifest.ledger:
        table = tables.pop(path_beside(ledger), None)
        if table is None and asked:
            yield f"{path_beside(ledger)}: the manifest does not name it, its recipe wants it"
        elif table is not None and table.path in there:
            yield from _check_table(release, table, ledger)
    for path in tables:
        yield f"{path}: holds reasons of no file of the ledger"
    if not asked and any(path_beside(one) in there for one in manifest.ledger):
        yield f"{FOLDER}: the recipe of the manifest does not ask for all reasons"


def _check_table(release: Location, table: Table, ledger: Table) -> Iterator[str]:
    try:
        with parquet(release / table.path) as file:
            if not file.schema_arrow.equals(FAILED_RULE_SCHEMA):
                yield f"{table.path}: its columns are not those of a failed rule"
                return
            rows = from_table(file.read(use_threads=False), FailedRule)
        lost = _judged(release / ledger.path)
    except UNREADABLE as error:
        yield f"{table.path}: cannot be read: {error}"
        return
    if len(rows) != table.rows:
        yield f"{table.path}: {len(rows)} rows, the manifest says {table.rows}"
    if any(one.id > other.id for one, other in pairwise(rows)):
        yield f"{table.path}: its rows are not in ascending order of ids"
    documents = list(_by_document(rows))
    yield from (f"{table.path}: {finding}" for one in documents for finding in _check_order(one))
    if Counter((one[0].id, *_decision(one[0])) for one in documents) != lost:
        yield f"{table.path}: what decides is not what {ledger.path} says"


def _by_document(rows: list[FailedRule]) -> Iterator[list[FailedRule]]:
    """Cut rows where another decides: two captures of a page may have one id."""
    starts = [place for place, row in enumerate(rows) if row.decides or place == 0]
    for start, end in pairwise([*starts, len(rows)]):
        yield rows[start:end]


def _check_order(rows: list[FailedRule]) -> Iterator[str]:
    first, *others = rows
    if not first.decides or any(row.id != first.id for row in others):
        yield "rules of a document of which none decides"
    elif any((row.stage, row.lang) != ("quality", first.lang) for row in others):
        yield f"of {first.id.hex()}, a rule is of another stage or language"
    elif len({(row.stage, row.rule, row.detail) for row in rows}) != len(rows):
        yield f"of {first.id.hex()}, a rule stands there twice"


def _judged(path: Location) -> Counter[_Decision]:
    """Return the losses of the ledger that were judged: id, and what decided.

    What was lost before was never measured.
    """
    with parquet(path) as file:
        rows = file.read(["id", *_DECISION], use_threads=False)
    columns = [rows.column(name).to_pylist() for name in ("id", *_DECISION)]
    return Counter(loss for loss in zip(*columns, strict=True) if loss[1] in _JUDGED)


def _decision(row: FailedRule) -> _Decision:
    return tuple(getattr(row, name) for name in _DECISION)
