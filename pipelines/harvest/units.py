"""A unit of input as harvest reads it: a WARC file, or what a plan chooses of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from florilegium.manifests.location import locate, sha256
from florilegium.manifests.scratch import scratch
from florilegium.pipelines.commoncrawl.members import fetched_row
from florilegium.pipelines.files import fetched
from florilegium.pipelines.harvest.part import Unit
from florilegium.pipelines.harvest.warc import Damage, Record, read


class Opened(Struct, frozen=True):
    """A unit that is at hand."""

    items: Callable[[], Iterator[Record | Damage]]
    """Yields all that is in it, in order."""
    sha256: Callable[[], str]
    """Returns the digest of what is read."""
    passed_over: int | None
    """Bytes of the file that came and were not chosen; None if all of it is read."""


@contextmanager
def opened(unit: Unit, workers: int = 1) -> Iterator[Opened]:
    """Give what is in a unit, for the time being; OSError if it cannot be had.

    What comes over the net is fetched at the pace of one among so many workers.
    """
    if unit.row is not None:
        with fetched_row(locate(unit.path), unit.row, workers) as chosen:
            yield Opened(chosen.items, lambda: chosen.sha256, chosen.passed_over)
        return
    if unit.content is not None:
        with scratch() as folder:
            (file := folder / unit.name).write_bytes(unit.content)
            yield whole(file)
        return
    with fetched(locate(unit.path)) as file:
        yield whole(file)


def whole(file: Path) -> Opened:
    """Return a local WARC file as a unit that is at hand."""
    return Opened(lambda: read(file), lambda: sha256(file), None)
