"""How a manifest names a file that was written."""

from florilegium.manifests.location import Location, sha256
from florilegium.manifests.manifest import Table


def entry(path: str, rows: int, file: Location) -> Table:
    """Return the entry of a file: where it is in the release, its rows, its size and digest."""
    return Table(path=path, rows=rows, file_bytes=file.stat().st_size, sha256=sha256(file))
