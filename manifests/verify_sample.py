"""Checking a sample against what it was drawn from."""

from collections.abc import Iterator

from florilegium.manifests.location import Location
from florilegium.manifests.sample_files import root_of
from florilegium.manifests.samples import Sample, contents, parent_of
from florilegium.manifests.selection import selected
from florilegium.manifests.verify_files import UNREADABLE


def verify_sample(sample: Location, parent: Location) -> Iterator[str]:
    """Yield every finding against a sample, by drawing it again; nothing is written.

    The parent must have the root that the sample names, and the same question put to it must give
    the same documents. Whether the parent has that root is for `verify` of the parent to say.
    ValueError if one of them is no release or no sample.
    """
    said, source = contents(sample), contents(parent)
    if not isinstance(said, Sample):
        yield f"{sample}: it is a release, not a sample"
        return
    if said.parent != (true := parent_of(source)):
        yield (
            f"parent: drawn from {said.parent.name}/{said.parent.build_id} of root "
            f"{said.parent.root}; {parent} is {true.name}/{true.build_id} of root {true.root}"
        )
        return
    try:
        documents, root = root_of(selected(parent, source, said.asked))
    except UNREADABLE as error:
        yield f"parent: {error}"
        return
    if (documents, root) != (said.documents, said.root):
        yield (
            f"documents: the parent gives {documents} of root {root}, "
            f"the sample has {said.documents} of root {said.root}"
        )
