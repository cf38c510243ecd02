"""Files of the ledger, as a build and an erasure write them."""

import pyarrow.parquet as pq

from florilegium.manifests.entries import entry
from florilegium.manifests.ledger import Loss
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.manifest import Table
from florilegium.manifests.schema import LOSS_SCHEMA, to_table


def write_ledger(losses: list[Loss], path: str, release: Location) -> Table:
    """Write the losses of an input in the order of its bytes; return how the manifest names them.

    They are sorted in place.
    """
    losses.sort(key=lambda loss: (loss.warc_offset, loss.id))
    place = release / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as draft:
        rows = to_table(losses, LOSS_SCHEMA)
        pq.write_table(rows, draft, compression="zstd", compression_level=3)
        return entry(path, len(losses), draft)
