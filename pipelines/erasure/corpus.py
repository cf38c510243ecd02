"""What the log of a corpus says, carried out: in a release, in others, and in parts."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from florilegium.manifests import manifest as manifests
from florilegium.manifests.envelope import sign
from florilegium.manifests.location import Location, remove_tree
from florilegium.pipelines.engines.engine import Engine
from florilegium.pipelines.erasure import erase as erasing
from florilegium.pipelines.erasure.erase import Erased, Found
from florilegium.pipelines.erasure.log import Corpus
from florilegium.pipelines.erasure.purge import purge


class How(Struct, frozen=True, kw_only=True):
    """How far an erasure goes."""

    releases: bool
    """Whether releases are made anew, or only parts purged."""
    heirs: bool
    """Whether copies take the places of erased documents."""
    everywhere: bool
    """Whether other releases of the corpus are made anew too."""
    remove: bool
    """Whether releases are removed once their successors are whole."""
    signing: Ed25519PrivateKey | None
    """What new releases are signed with, if anything."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What an erasure came to."""

    release: str | None
    """Where the new release is; null if there is none, since nothing in the old one was named."""
    build_id: str | None
    root: str | None
    documents: int
    """Documents in the new release, or in the old one."""
    erased: int
    promoted: int
    copies_without_text: int
    """Erased documents whose copies are not in the work folder, so that none was promoted."""
    copies_that_do_not_fit: int
    purged: int
    """Documents taken out of the parts in the work folder."""
    left_out: list[str]
    """Files of the old release that are not in the new one."""
    elsewhere: list[str]
    """Other releases that were made anew."""
    removed: list[str]
    """Releases that were removed."""
    still_hold: list[str]
    """Releases of the corpus that still hold something that the log says is erased."""

    def __bool__(self) -> bool:
        return bool(self.release or self.elsewhere or self.purged or self.removed)


def carry_out(place: Location, corpus: Corpus, how: How, engine: Engine) -> Outcome:
    """Do to a release, to others and to parts what the log says.

    To be called by who holds the lock of builds.
    """
    manifest = manifests.read(place)
    holding: list[_Holding] = []
    purged = 0
    if corpus.content():
        if how.releases:
            holding = list(_releases(place, corpus, how, engine))
        purged = purge(corpus.work, corpus.noted(), engine)
    removed = [one.found.release for one in holding if one.succeeded and how.remove]
    for one in removed:
        erasing.remove_release(one)
    remove_tree(corpus.work / "erasures")
    new = next((one.made for one in holding if one.found.release == place), None)
    about = new.manifest if new else None
    return Outcome(
        release=str(new.place) if new else None,
        build_id=about.build_id if about else None,
        root=about.root if about else None,
        documents=(about or manifest).documents,
        erased=about.parent.erased if about and about.parent else 0,
        promoted=len(new.promoted.heirs) if new else 0,
        copies_without_text=new.promoted.without_text if new else 0,
        copies_that_do_not_fit=new.promoted.none_fit if new else 0,
        purged=purged,
        left_out=new.left_out if new else [],
        elsewhere=[str(one.made.place) for one in holding if one.made and one.made is not new],
        removed=[str(one) for one in removed],
        still_hold=[str(one.found.release) for one in holding if one.found.release not in removed],
    )


class _Holding(Struct, frozen=True):
    """A release that holds something erased."""

    found: Found
    made: Erased | None
    """The release that was made of it, if one was."""
    succeeded: bool
    """Whether there is a release that was made of it, now or before, as far as that is wanted."""


def _releases(place: Location, corpus: Corpus, how: How, engine: Engine) -> Iterator[_Holding]:
    """Yield all releases that hold something erased, the named one first."""
    others = list(erasing.others(corpus, manifests.read(place).name))
    parents = {manifest.parent.build_id for _, manifest in others if manifest.parent}
    made: set[Location] = set()
    for one in (place, *(other for other, _ in others if other != place)):
        if one in made or not (found := erasing.find(one, corpus, engine)).documents:
            continue
        new, before = None, one != place and found.manifest.build_id in parents
        if one == place or (how.everywhere and not before):
            new = erasing.erase(found, corpus, how.heirs, engine)
            made.add(new.place)
            if how.signing is not None:
                sign(new.place, how.signing)
        yield _Holding(found, new, succeeded=new is not None or (before and how.everywhere))
