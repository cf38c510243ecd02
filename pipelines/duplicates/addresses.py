"""The pages of one address, brought together: first hashes, then sketches of those not alone.

An address in whose name more than MOST_PLACES places speak is no page's: a template declares it,
or a hostile site. Then only captures of the same place are taken for one document. Of such an
address a part sends no more than MOST_PLACES + 1 places, so no key gathers what a whole host has.
"""

from collections.abc import Iterator

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import PCollection
from apache_beam.typehints.decorators import no_annotations
from numpy.typing import NDArray

from florilegium.dedup.addresses import resident_of, same_address
from florilegium.pipelines.duplicates.entries import View, fields, gone, remaining
from florilegium.pipelines.engines.packed import Group, Joined, Keyed, gather, pieces, scatter

MOST_PLACES = 100
"""Different places that may be captures of one page."""

_PLACE = np.dtype([("address", "<u8"), ("url", "<u8"), ("part", "<u4"), ("captures", "<u4")])
_SHARED = np.dtype([("address", "<u8"), ("crowded", "u1")])
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@beam.ptransform_fn
@no_annotations
def same_addresses(
    inputs: tuple[PCollection, PCollection], partitions: int, view: View, min_similarity: float
) -> PCollection:
    """Parts, removals so far -> removals among the others of documents with the same address."""
    files, removed = inputs
    rows = removed | "Gone" >> beam.FlatMap(gone, view.first_published)
    shared = (
        {"path": files, "gone": rows}
        | "JoinGone" >> beam.CoGroupByKey()
        | "Places" >> beam.FlatMap(_places, partitions, view)
        | "GroupByAddress" >> beam.GroupByKey()
        | "Shared" >> beam.FlatMap(_shared)
    )
    together: PCollection = (
        {"path": files, "gone": rows, "shared": shared}
        | "JoinShared" >> beam.CoGroupByKey()
        | "Residents" >> beam.FlatMap(_residents, partitions, view)
        | "GroupResidents" >> beam.GroupByKey()
        | "SameAddress" >> beam.FlatMap(_same_address, min_similarity, view)
    )
    return together


def _partition(addresses: NDArray[np.uint64], partitions: int) -> NDArray[np.uint64]:
    return addresses % np.uint64(partitions)


def _places(joined: Joined, partitions: int, view: View) -> Iterator[Keyed]:
    """Part -> the places that speak in the name of each address, a few too many at most."""
    entries = remaining(joined, view)
    pairs = np.stack([entries["address"], entries["url"]], axis=1)
    distinct, captures = np.unique(pairs, axis=0, return_counts=True)
    _, first, place = np.unique(distinct[:, 0], return_index=True, return_inverse=True)
    few = np.arange(len(distinct)) - first[place] <= MOST_PLACES
    found = np.zeros(few.sum(), _PLACE)
    found["address"], found["url"] = distinct[few].T
    found["captures"], found["part"] = captures[few], joined[0]
    yield from scatter(found, _partition(found["address"], partitions))


def _shared(group: Group) -> Iterator[Keyed]:
    """Places -> addresses that have more than one capture, once for each part with one."""
    places = gather(group[1], _PLACE)
    pairs = np.unique(np.stack([places["address"], places["url"]], axis=1), axis=0)
    addresses, urls = np.unique(pairs[:, 0], return_counts=True)
    place = np.searchsorted(addresses, places["address"])
    captures = np.zeros(len(addresses), np.int64)
    np.add.at(captures, place, places["captures"])
    told = np.unique(np.stack([place, places["part"].astype(np.int64)], axis=1), axis=0)
    told = told[captures[told[:, 0]] > 1]
    shared = np.zeros(len(told), _SHARED)
    shared["address"] = addresses[told[:, 0]]
    shared["crowded"] = urls[told[:, 0]] > MOST_PLACES
    yield from scatter(shared, told[:, 1])


def _residents(joined: Joined, partitions: int, view: View) -> Iterator[Keyed]:
    """Part and shared addresses -> its documents there; where it is crowded, by place."""
    shared = gather(joined[1]["shared"], _SHARED)
    if len(shared) == 0:
        return
    residents = fields(remaining(joined, view), resident_of(view.method))
    shared = shared[np.argsort(shared["address"])]
    place = np.searchsorted(shared["address"], residents["address"]).clip(max=len(shared) - 1)
    among = shared["address"][place] == residents["address"]
    residents, place = residents[among], place[among]
    crowded = shared["crowded"][place] > 0
    residents["address"][crowded] ^= residents["url"][crowded] * _SPREAD
    yield from scatter(residents, _partition(residents["address"], partitions))


def _same_address(group: Group, min_similarity: float, view: View) -> Iterator[bytes]:
    residents = gather(group[1], resident_of(view.method))
    yield from pieces(same_address(residents, min_similarity, view.first_published))
