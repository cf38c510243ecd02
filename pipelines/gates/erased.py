"""Whether a release may be promoted at all: none may bring back what was erased."""

from florilegium.manifests import erasures
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location
from florilegium.pipelines.erasure.blocked import noted
from florilegium.pipelines.erasure.rows import blocked_rows


class ErasedError(ValueError):
    """A release that holds what was erased from its corpus; the message says what to do."""


def is_behind(release: Location) -> bool:
    """Say whether more was erased from the corpus of a release than the release carries."""
    try:
        log = (release.parent / erasures.NAME).read_bytes()
    except FileNotFoundError:
        return False
    try:
        return (release / erasures.PATH).read_bytes() != log
    except FileNotFoundError:
        return True


def check(release: Location) -> None:
    """Raise ErasedError if a release holds what was erased; its rows are read if it may.

    SecretError if that takes the key of erasures, and it is not there.
    """
    if not is_behind(release) or (log := noted(release.parent)) is None:
        return
    manifest, blocked = manifests.read(release), log.blocked()
    method = str(manifest.recipe["duplicates"]["method"])
    for shard in manifest.shards:
        if any(True for _ in blocked_rows(release / shard.path, blocked, {}, method)):
            raise ErasedError(
                f"{release} holds what was erased from its corpus since it was made: run "
                f"`florilegium erase {release} --basis other`, and promote what that makes"
            )
