"""Captures of hosts' files in the tables of rights of a chain, and in new input."""

from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from florilegium.filters.optouts.origin import origin, site
from florilegium.filters.optouts.timeline import MAX_REDIRECTS
from florilegium.manifests.chain import Chain
from florilegium.manifests.location import Location
from florilegium.manifests.tables import batches

_COLUMNS = ["origin", "resource", "fetched", "state", "location", "sha256"]


class Said(Struct, frozen=True):
    """A capture of a host's file, without the file."""

    origin: str
    resource: str
    fetched: int
    state: str
    location: str | None
    sha256: bytes

    @property
    def leads(self) -> tuple[str, str]:
        """The site of a redirect, and the one that it leads to."""
        return site(self.origin), site(origin(self.location or "") or "")


def tables_of(chain: Chain) -> list[Location]:
    """Return the tables of rights of all releases, oldest first."""
    return [
        link.place / table.path
        for link in chain.links
        for table in link.form.tables
        if table.path.startswith("audit/rights/")
    ]


def captures(place: Location, origins: Collection[str] | None = None) -> Iterator[Said]:
    """Yield the captures of a file of them; of some origins only, and redirects of all."""
    for table in batches(place, _COLUMNS):
        if origins is not None:
            names = table["origin"]
            mine = pc.is_in(names, value_set=pa.array(origins, names.type))
            table = table.filter(pc.or_(mine, pc.equal(table["state"], "redirect")))
        table = table.set_column(2, "fetched", table["fetched"].cast(pa.int64()))
        columns = (table.column(name).to_pylist() for name in _COLUMNS)
        yield from (Said(*row) for row in zip(*columns, strict=True))


def led_from(sites: Iterable[str], leads: Iterable[tuple[str, str]]) -> set[str]:
    """Return some sites, and those that redirects lead to from these."""
    found, leads = set(sites), list(leads)
    for _ in range(MAX_REDIRECTS):
        found |= {there for here, there in leads if here in found}
    return found
