"""Every rule that lost documents fail, in a table beside the ledger, if a recipe asks for it."""

from collections.abc import Iterable, Iterator

import pyarrow.parquet as pq

from florilegium.filters.catalogue import AnyFilter
from florilegium.manifests.document import Facts
from florilegium.manifests.entries import entry
from florilegium.manifests.failed_rule import FailedRule
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import locate, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import FAILED_RULE_SCHEMA, to_table


def reasons(loss: Loss, facts: Facts, filters: Iterable[AnyFilter]) -> Iterator[FailedRule]:
    """Yield what decided on a document, and every other rule of quality that it fails."""
    late = loss.stage != "quality"
    if late:
        yield FailedRule(
            id=facts.id,
            lang=facts.lang,
            stage=loss.stage,
            rule=loss.rule,
            value=loss.value,
            limit=loss.limit,
            detail=loss.detail,
            decides=True,
        )
    failed = (measure for rule in filters for measure in rule.failed(facts))
    for number, one in enumerate(failed):
        yield FailedRule(
            id=facts.id,
            lang=facts.lang,
            stage="quality",
            rule=one.rule,
            value=one.value,
            limit=one.limit,
            detail=one.detail,
            decides=number == 0 and not late,
        )


def write(release: str, ledger: str, rows: list[FailedRule]) -> Table:
    """Write the reasons of a part, by document; return how the manifest names the file.

    The file has the name of that of the ledger.
    """
    path = ledger.replace("losses", "reasons")
    rows.sort(key=lambda row: row.id)  # stable: those of a document stay in order
    place = locate(release) / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as draft:
        table = to_table(rows, FAILED_RULE_SCHEMA)
        pq.write_table(table, draft, compression="zstd", compression_level=3)
        return entry(path, len(rows), draft)
