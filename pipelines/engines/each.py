"""The same work on many things, shared out by an engine; what is done already is not done again."""

from collections.abc import Callable, Iterator, Sequence

import apache_beam as beam
import msgspec

from florilegium.manifests.location import Location, locate, replacing
from florilegium.pipelines.engines.embedded import Embedded
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.files import read_all

Work = Callable[[bytes], bytes]
"""From what is to be known of a thing to what came of it; it goes to workers by pickling."""


def each(
    engine: Engine, items: Sequence[bytes], sizes: Sequence[int], work: Work, notes: Location
) -> list[bytes]:
    """Do some work on each item and return what came of it, in the order of the items.

    Each answer is a file in the folder `notes`, and an item that has one is not worked on.
    """
    notes.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in notes.glob("*.done")}
    places = [notes / f"{number:06d}.done" for number in range(len(items))]
    todo = [number for number, place in enumerate(places) if place.name not in there]
    if engine == Embedded():  # in this very process, so there is nothing to share out
        for number in todo:
            _done(work, places[number], items[number])
    elif todo:
        listed = [msgspec.msgpack.encode((str(places[n]), items[n])) for n in todo]
        mine = [sizes[number] for number in todo]
        engine.run(
            lambda root: (
                engine.spread(root, "items", listed, mine) | "work" >> beam.ParDo(_Each(work))
            ),
            "erase",
        )
    return list(read_all(places))


class _Each(beam.DoFn):
    def __init__(self, work: Work) -> None:
        self._work = work

    def process(self, packed: bytes) -> Iterator[str]:
        place, item = msgspec.msgpack.decode(packed, type=tuple[str, bytes])
        _done(self._work, locate(place), item)
        yield place


def _done(work: Work, place: Location, item: bytes) -> None:
    answer = work(item)
    with replacing(place) as draft:
        draft.write_bytes(answer)
