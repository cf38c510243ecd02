"""Where a crawl keeps what: WARC files for everyone, and the state of its rounds."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from florilegium.manifests.location import replacing
from florilegium.pipelines.crawl.settings import Crawl

Noted = TypeVar("Noted", bound=Struct)


class Round(Struct, frozen=True, kw_only=True):
    """A round that has begun, or that is next."""

    number: int
    visit: int
    """Counted from 1; the next month's is another."""
    visit_began: float
    """Seconds since 1970."""
    began: float = 0.0
    """0 if it has not begun."""
    shards: int = 0
    """Into how many the work was divided when it began."""
    partitions: int
    """Into how many parts the frontier is divided, as it was when the crawl began."""


class Job(Struct, frozen=True, kw_only=True):
    """The share of a worker in a round."""

    folder: str
    round: Round
    shard: int
    settings: Crawl
    seeds: tuple[str, ...]
    until: float
    """Seconds since 1970 after which nothing new is begun."""
    pages: int
    """Addresses that may be asked for."""
    bytes: int
    """Bytes that may be received."""

    @property
    def partitions(self) -> list[int]:
        """The parts of the frontier that the share is made of."""
        return list(range(self.shard, self.settings.partitions, self.round.shards))


class Places:
    """The folders of a crawl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warc = folder / "warc"
        self.rounds = folder / "state"
        self.stop = folder / "state" / "stop"
        self.lock = folder / "state" / "lock"

    def round(self, number: int) -> Path:
        """Return where a round keeps the frontier that it began with, and its notes."""
        return self.rounds / f"{number:06d}"

    def journal(self, number: int, shard: int) -> Path:
        """Return where a worker notes what it does."""
        return self.round(number) / "journal" / f"{shard:05d}"

    def done(self, number: int, shard: int) -> Path:
        """Return what is there when a worker has done its share of a round."""
        return self.round(number) / "journal" / f"{shard:05d}.done"

    def progress(self, number: int) -> Path:
        """Return where workers note how far they are."""
        return self.round(number) / "progress"

    def last(self) -> Round | None:
        """Return the last round whose frontier is whole; None if there is none."""
        for path in sorted(self.rounds.glob("[0-9]*"), reverse=True):
            if (path / "round.json").exists():
                return noted(path / "round.json", Round)
        return None


def noted(path: Path, kind: type[Noted]) -> Noted:
    """Return what a file says."""
    return msgspec.json.decode(path.read_bytes(), type=kind)


def note(path: Path, value: Any) -> None:  # noqa: ANN401
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2))
