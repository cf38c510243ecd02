"""Checking what a release says of erasures: the log, and the release it was made of."""

from collections import Counter
from collections.abc import Iterator

from florilegium.manifests import erasures, funnel
from florilegium.manifests import manifest as manifests
from florilegium.manifests.leaves import leaves
from florilegium.manifests.location import Location, sha256
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.tables import batches
from florilegium.manifests.verify_files import UNREADABLE


def check_log(release: Location, manifest: Manifest, there: set[str]) -> Iterator[str]:
    """Check the log of erasures, if it is `there`, against the funnel, the tables and itself."""
    rules = {rule for stage, rule in funnel.by_rule(manifest.funnel) if stage == erasures.STAGE}
    table = next((one for one in manifest.tables if one.path == erasures.PATH), None)
    if table is None:
        if rules:
            yield f"{erasures.PATH}: the manifest does not name it, and documents were erased"
        return
    named = [one.sha256 for one in manifest.resources if one.name == erasures.RESOURCE]
    if named != [table.sha256]:
        yield f"{erasures.PATH}: is not the log that the manifest names among its resources"
    if erasures.PATH not in there:
        return
    try:
        content = (release / erasures.PATH).read_bytes()
    except OSError as error:
        yield f"{erasures.PATH}: cannot be read: {error}"
        return
    if (lines := content.count(b"\n")) != table.rows:
        yield f"{erasures.PATH}: {lines} lines, the manifest says {table.rows}"
    yield from erasures.findings(content, rules)


def check_parent(release: Location, parent: Location) -> Iterator[str]:
    """Yield every finding against a release as one that was made by erasure of another.

    Each document has to be in the other, the same in all its columns, but for as many as were
    promoted; and as many of the other are gone as were erased. All rows of both are read, shard by
    shard. ValueError or OSError if one of them cannot be read.
    """
    manifest, before = manifests.read(release), manifests.read(parent)
    if (said := manifest.parent) is None:
        yield f"parent: {release} was built, and made of no other release"
        return
    for what, stated, true in (
        ("build_id", said.build_id, before.build_id),
        ("root", said.root, before.root),
        ("manifest", said.manifest_sha256, sha256(parent / manifests.NAME)),
        ("documents", said.documents, before.documents),
    ):
        if stated != true:
            yield f"parent: {what} of {parent} is {true}, the manifest says {stated}"
    came = gone = 0
    for path in sorted({s.path for s in manifest.shards} | {s.path for s in before.shards}):
        mine = Counter(_leaves(release, manifest, path))
        theirs = Counter(_leaves(parent, before, path))
        came += (mine - theirs).total()
        gone += (theirs - mine).total()
    if came != said.promoted:
        yield f"parent: {came} documents are not in it, the manifest says {said.promoted}"
    if gone != said.erased:
        yield f"parent: {gone} of its documents are gone, the manifest says {said.erased}"


def _leaves(release: Location, manifest: Manifest, path: str) -> Iterator[bytes]:
    if path not in {shard.path for shard in manifest.shards}:
        return
    try:
        for table in batches(release / path):
            yield from leaves(table)
    except UNREADABLE as error:
        raise ValueError(f"{path} of {release} cannot be read: {error}") from error
