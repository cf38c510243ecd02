"""The releases of a corpus: the newest, those that were, and those that are staged."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from florilegium.manifests import erasures, gate_report
from florilegium.manifests import manifest as manifests
from florilegium.manifests.location import Location, entries
from florilegium.manifests.manifest import Manifest
from florilegium.manifests.promotion import LINK, Latest, Promotion
from florilegium.pipelines.gates.erased import is_behind
from florilegium.pipelines.gates.promotion import latest

State: TypeAlias = Literal["current", "previous", "staged", "gone"]


class Listed(Struct, frozen=True, kw_only=True):
    """What is to be said of a release."""

    build_id: str
    state: State
    """`previous`: the corpus can go back to it; `gone`: it could, were the release still there."""
    documents: int | None
    tokens: int | None
    root: str
    promoted: str | None
    """When it became the newest, UTC."""
    failed: tuple[str, ...] | None
    """Gates that it failed; null if none was asked."""
    despite: tuple[str, ...] = ()
    """Those that were accepted."""
    because: str = ""
    erased: str | None = None
    """When the last erasure was that it carries, UTC; null if nothing is erased from it."""
    behind: bool = False
    """Whether more was erased from the corpus than it carries."""


def releases(home: Location) -> Iterator[tuple[Location, Manifest]]:
    """Yield the releases that lie in the folder of a corpus; what cannot be read is none."""
    for way in entries(home, 2):
        folder, _, file = way.partition("/")
        if file == manifests.NAME and folder not in (LINK, "work"):
            try:
                yield home / folder, manifests.read(home / folder)
            except (OSError, ValueError, RecursionError):
                continue


def listed(home: Location) -> list[Listed]:
    """Return the releases of a corpus: the newest, those before it, then those that are staged."""
    now = latest(home)
    found = [_listed(place, manifest, now) for place, manifest in releases(home)]
    there = {one.build_id for one in found}
    known = _known(now)
    found += [_gone(one) for one in known.values() if one.build_id not in there]
    places = {name: place for place, name in enumerate(known)}
    return sorted(
        found, key=lambda one: (places.get(one.build_id, len(places)), one.state, one.build_id)
    )


def _known(now: Latest | None) -> dict[str, Promotion]:
    return {one.build_id: one for one in (now.current, *now.earlier)} if now else {}


def _listed(place: Location, manifest: Manifest, now: Latest | None) -> Listed:
    promoted = now.find(place.name) if now else None
    report = gate_report.read(place)
    return Listed(
        build_id=place.name,
        state=_state(promoted, now),
        documents=manifest.documents,
        tokens=manifest.tokens,
        root=manifest.root,
        promoted=promoted.promoted if promoted else None,
        failed=report.failed if report else None,
        despite=promoted.despite if promoted else (),
        because=promoted.because if promoted else "",
        erased=_erased(place),
        behind=is_behind(place),
    )


def _state(promoted: Promotion | None, now: Latest | None) -> State:
    if promoted is None:
        return "staged"
    return "current" if now and promoted is now.current else "previous"


def _gone(one: Promotion) -> Listed:
    return Listed(
        build_id=one.build_id,
        state="gone",
        documents=None,
        tokens=None,
        root=one.root,
        promoted=one.promoted,
        failed=None,
        despite=one.despite,
        because=one.because,
    )


def _erased(place: Location) -> str | None:
    try:
        log = erasures.decode((place / erasures.PATH).read_bytes())
    except FileNotFoundError:
        return None
    return log[-1].time if log else None
