"""Redirects that leave a site: captures of what they lead to are brought to where they are asked.

A host may have its robots.txt on another one, up to five redirects away (RFC 9309, 2.3.1.2). Within
a site all captures are at hand. What lies beyond is asked for hop by hop, by address alone, and at
last the captures themselves are sent, each once to every group that asks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import apache_beam as beam
from apache_beam.pvalue import PCollection

from florilegium.filters.optouts.origin import site
from florilegium.filters.optouts.timeline import MAX_REDIRECTS, Place, either, led_to
from florilegium.manifests.host_record import HostRecord
from florilegium.pipelines.engines.bundles import bundled, group_of, unbundled
from florilegium.pipelines.engines.packed import Joined, Keyed

_Move = tuple[Place, Place]
"""Where a redirect stands, and where it leads."""
_Want = tuple[Place, int]
"""What is asked for, and the group that asks."""


def captures_led_to(
    spread: PCollection,
    said: PCollection,
    moved: Callable[[Keyed], Iterable[HostRecord]],
    groups: int,
) -> PCollection:
    """Return the captures that redirects out of sites lead to, bundled, by the group that asks.

    `spread` are the parts, `said` all their captures by group, `moved` gives the redirects of one.
    """
    moves = spread | "Moves" >> beam.FlatMap(_moves, moved, groups)
    wants = moves | "Leave" >> beam.FlatMap(_leave, groups)
    asked = [wants]
    for hop in range(2, MAX_REDIRECTS + 1):
        wants = (
            {"moves": moves, "wants": wants}
            | f"JoinHop{hop}" >> beam.CoGroupByKey()
            | f"Hop{hop}" >> beam.FlatMap(_further, groups)
        )
        asked.append(wants)
    brought: PCollection = (
        {"said": said, "wants": asked | beam.Flatten()}
        | "JoinAsked" >> beam.CoGroupByKey()
        | "Bring" >> beam.FlatMap(_bring)
    )
    return brought


def _moves(
    part: Keyed, moved: Callable[[Keyed], Iterable[HostRecord]], groups: int
) -> Iterator[Keyed]:
    """Part -> its redirects, by the group where they stand."""
    found: dict[int, set[_Move]] = defaultdict(set)
    for record in moved(part):
        if (target := led_to(record)) is not None:
            here = record.origin, record.resource
            found[group_of(record.origin, groups)].add((here, target))
    yield from _sorted(found)


def _leave(moves: Keyed, groups: int) -> Iterator[Keyed]:
    """Redirects of a group -> what those that leave their site ask for, by the group of that."""
    group, packed = moves
    wanted: dict[int, set[_Want]] = defaultdict(set)
    for (of, _), target in unbundled([packed], _Move):
        if site(of) != site(target[0]):
            wanted[group_of(target[0], groups)].add((target, group))
    yield from _sorted(wanted)


def _further(joined: Joined, groups: int) -> Iterator[Keyed]:
    """Redirects of a group, and what is asked of it -> what is to be asked next."""
    _, inputs = joined
    asking = _asking(inputs["wants"])
    wanted: dict[int, set[_Want]] = defaultdict(set)
    for here, target in unbundled(inputs["moves"], _Move) if asking else ():
        for asker in _askers(asking, here):
            wanted[group_of(target[0], groups)].add((target, asker))
    yield from _sorted(wanted)


def _bring(joined: Joined) -> Iterator[Keyed]:
    """Send captures of a group to the groups that ask for them."""
    _, inputs = joined
    asking = _asking(inputs["wants"])
    for packed in inputs["said"] if asking else ():
        waiting: dict[int, list[HostRecord]] = defaultdict(list)
        for record in unbundled([packed], HostRecord):
            for asker in _askers(asking, (record.origin, record.resource)):
                waiting[asker].append(record)
        yield from bundled(waiting)


def _asking(wants: Iterable[bytes]) -> dict[Place, set[int]]:
    asking: dict[Place, set[int]] = defaultdict(set)
    for place, asker in unbundled(wants, _Want):
        asking[place].add(asker)
    return dict(asking)


def _askers(asking: dict[Place, set[int]], place: Place) -> list[int]:
    """Return who asks for a file of an origin, or of the same host by the other scheme."""
    return sorted(set().union(*(asking.get(one, ()) for one in either(place))))


def _sorted(found: dict[int, set[_Move]] | dict[int, set[_Want]]) -> Iterator[Keyed]:
    yield from bundled({key: sorted(some) for key, some in found.items()})
