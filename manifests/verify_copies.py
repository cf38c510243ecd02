"""Checking what is said of copies of documents of earlier releases."""

from collections.abc import Generator, Iterator

from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest, Table
from florilegium.manifests.schema import COPIES_SCHEMA
from florilegium.manifests.tables import parquet
from florilegium.manifests.verify_files import UNREADABLE
from florilegium.manifests.verify_shards import Seen


def check_copies(release: Location, table: Table, seen: Seen) -> Generator[str, None, bool]:
    """Take what a file counts of copies off the losses; return whether it could be read."""
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
        seen.left_out[name] -= number
    return True


def check_earlier(manifest: Manifest, seen: Seen) -> Iterator[str]:
    """Check that as many copies of earlier releases are counted as were lost to them."""
    known = {f"{one.name}/{one.build_id}" for one in manifest.against}
    for name, number in sorted(seen.left_out.items()):
        if name not in known:
            yield f"{name}: copies of it were left out, but the manifest does not name it"
        elif number:
            yield f"{name}: {abs(number)} {'more' if number > 0 else 'fewer'} losses than copies"
