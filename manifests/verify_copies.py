"""Checking what is counted of copies of earlier releases, against the ledger."""

from collections import Counter
from collections.abc import Generator, Iterator

from florilegium.manifests.copies import FOLDER
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.schema import COPIES_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_files import UNREADABLE


def check_copies(
    release: Location, manifest: Manifest, there: set[str], left_out: Counter[str]
) -> Iterator[str]:
    """Check the tables of copies, as far as they are `there`.

    `left_out` are the losses of the ledger to documents of earlier releases, by release.
    """
    counted: Counter[str] = Counter()
    tables_read = True
    for table in manifest.tables:
        if table.path.startswith(f"{FOLDER}/"):
            whole = table.path in there and (yield from _count(release, table, counted))
            tables_read = tables_read and whole
    if not tables_read:
        return
    known = {f"{one.name}/{one.build_id}" for one in manifest.against}
    for name in sorted(counted.keys() | left_out.keys()):
        lost, copies = left_out[name], counted[name]
        if name not in known:
            yield f"{name}: copies of it were left out, but the manifest does not name it"
        elif lost != copies:
            yield f"{name}: {lost} losses to its documents, but {copies} copies of them"


def _count(release: Location, table: Table, into: Counter[str]) -> Generator[str, None, bool]:
    """Add up the copies of a file by release; return whether it could be read."""
    try:
        with parquet(release / table.path) as file:
            if not file.schema_arrow.equals(COPIES_SCHEMA):
                yield f"{table.path}: its columns are not those of copies"
                return False
            rows = file.read(use_threads=False)
        names, numbers = (rows.column(name).to_pylist() for name in ("release", "copies"))
    except UNREADABLE as error:
        yield f"{table.path}: cannot be read: {error}"
        return False
    if rows.num_rows != table.rows:
        yield f"{table.path}: {rows.num_rows} rows, the manifest says {table.rows}"
    for name, number in zip(names, numbers, strict=True):
        into[name] += number
    return True
