"""Promotion: a release becomes the newest of its corpus, at once or not at all.

To be called by who holds the lock of builds. First `latest.json` is swapped, which is all that
counts; then, on a local disk, the link follows it. A crash between the two leaves a link to the
release before, which whoever next holds the lock puts right.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from florilegium.manifests import manifest as manifests
from florilegium.manifests import promotion
from florilegium.manifests.location import Location, replacing
from florilegium.manifests.promotion import Latest, Promotion
from florilegium.pipelines.gates import erased
from florilegium.pipelines.lock import LockedError

_Change = Callable[[Latest | None], Latest | None]


class NoReleaseError(ValueError):
    """There is no release to go back to."""


def latest(home: Location) -> Latest | None:
    """Return what a corpus says of its newest release; None if it has none.

    ValueError if the file that says it cannot be read.
    """
    try:
        content = (home / promotion.NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return promotion.decode(content)
    except ValueError as error:
        raise ValueError(
            f"{home / promotion.NAME}: {error}; mend it, or remove it and promote the release that "
            "should be the newest"
        ) from error


def promote(release: Location, despite: Iterable[str] = (), because: str = "") -> None:
    """Let a release be the newest of its corpus; if it is, only the link is seen to."""
    made = _promotion(release, tuple(despite), because)
    _swap(release.parent, lambda now: _promoted(now, made))


def succeed(old: str, release: Location) -> None:
    """Let a release take the place of another of its corpus, if that is or was the newest."""
    made = _promotion(release)
    _swap(release.parent, lambda now: now and now.with_successor(old, made))


def back(home: Location) -> Promotion:
    """Let the release before be the newest again, or the last one that is still there.

    The one that was the newest is staged from then on. Returns what is the newest now.
    NoReleaseError if there is none to go back to, ErasedError if it holds what was erased since.
    """
    now = latest(home)
    if now is None:
        raise NoReleaseError(f"{home} has no newest release")
    there = [one for one in now.earlier if (home / one.build_id / manifests.NAME).is_file()]
    if not there:
        raise NoReleaseError(f"{home}: there is no release before {now.current.build_id}")
    before, *others = there
    erased.check(home / before.build_id)
    made = _promotion(home / before.build_id, before.despite, before.because)
    _swap(home, lambda _: Latest(current=made, earlier=tuple(others)))
    return made


def mend(home: Location) -> None:
    """Let the link of a corpus lead to its newest release, if it does not."""
    if isinstance(home, Path) and (now := latest(home)) is not None:
        _follow(home, now)


def _promotion(release: Location, despite: tuple[str, ...] = (), because: str = "") -> Promotion:
    manifest = manifests.read(release)
    content = (release / manifests.NAME).read_bytes()
    return Promotion(
        build_id=release.name,
        root=manifest.root,
        manifest_sha256=hashlib.sha256(content).hexdigest(),
        promoted=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        despite=despite,
        because=because,
    )


def _promoted(now: Latest | None, made: Promotion) -> Latest:
    if now is None:
        return Latest(current=made)
    same = now.current.build_id, now.current.manifest_sha256
    return now if same == (made.build_id, made.manifest_sha256) else now.followed_by(made)


def _swap(home: Location, change: _Change) -> None:
    """Change `latest.json`; LockedError if somebody else did meanwhile, without the lock."""
    if isinstance(home, Path):
        now = latest(home)
        if (then := change(now)) is None:
            return
        if then != now:
            with replacing(home / promotion.NAME) as draft:
                draft.write_bytes(promotion.encode(then))
        _follow(home, then)
        return
    place = home / promotion.NAME
    try:
        version: str | None = place.stat().version
    except FileNotFoundError:
        version = None
    now = latest(home)
    if (then := change(now)) is None or then == now:
        return
    content = promotion.encode(then)
    # An answer that is lost on its way may have been a yes.
    if place.write_if(version, content) is None and place.read_bytes() != content:
        raise LockedError(f"another promoted a release of {home} at the same time; look, and retry")


def _follow(home: Path, now: Latest) -> None:
    link, name = home / promotion.LINK, now.current.build_id
    if not (link.is_symlink() and link.readlink() == Path(name)):
        with replacing(link) as draft:
            draft.symlink_to(name)
    for name in (promotion.LINK, promotion.NAME):
        for left_over in home.glob(f".{name}-*"):  # of who was killed before it was in place
            left_over.unlink()
