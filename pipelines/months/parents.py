"""The parent of a build: which releases it goes on from, and whether it adds anything to them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct

from florilegium.manifests import erasures
from florilegium.manifests.chain import Chain, ChainError, Link, chain_of, not_there, read_form
from florilegium.manifests.location import Location, find_release, locate
from florilegium.manifests.manifest import NAME
from florilegium.pipelines import provenance
from florilegium.pipelines.duplicates.index import Published
from florilegium.pipelines.erasure.blocked import key_path
from florilegium.pipelines.erasure.selection import of_list
from florilegium.pipelines.gates.promotion import latest
from florilegium.pipelines.harvest.inputs import Input, plan_units
from florilegium.pipelines.months.settings import Months
from florilegium.pipelines.recipe import Recipe, resolved
from florilegium.pipelines.rights.replay import ListError, OptOutList

LATEST = "latest"


class Ancestry(Struct, frozen=True):
    """What a build with a parent goes on from."""

    named: str
    """The parent, as the recipe or the command names it."""
    beside: tuple[Location, ...]
    """Releases that it is built against as well."""
    made_of: str
    """Digest of recipe, lists and inputs."""
    chain: Chain
    """All releases of the corpus so far; none before the first."""

    def again(self, home: Location) -> "Ancestry":
        """Return the same, with releases that were made anew meanwhile."""
        return _found(self.named, self.beside, self.made_of, home)

    def of_the_same(self, home: Location) -> Link | None:
        """Return the release beside the new one that was made of the same."""
        for link in self.chain.links:
            month = link.form.month
            if month is not None and month.made_of == self.made_of and beside(link, home):
                return link
        return None

    @property
    def origins(self) -> list[str]:
        """Names of the builds that made the releases; erasures do not change them."""
        return [link.origin for link in self.chain.links]

    def places(self) -> list[Location]:
        """Return all releases against which the build is to be made, each once."""
        some = [*self.chain.others, *(link.place for link in self.chain.links), *self.beside]
        return list(dict.fromkeys(some))


def ancestry(
    named: str | None,
    recipe: Recipe,
    files: Iterable[Input],
    home: Location,
    against: Sequence[Location],
) -> Ancestry | None:
    """Return what a build goes on from; None if neither recipe nor command names a parent.

    ChainError if the parent is no release, or one that it was built on is not there; SecretError if
    the recipe wants to erase from a corpus in a store, and no key is named; ListError or
    SelectionError if a list of the recipe cannot be used.
    """
    wanted = named or (recipe.parent if recipe.parent is not UNSET else None)
    if not wanted:
        return None
    if settings(recipe).opt_outs == "erase" or settings(recipe).vanished == "erase":
        key_path(home)
    listed = [_list_digest(name) for name in settings(recipe).lists]
    units = [unit.fingerprint for unit in plan_units(files, "")]
    made_of: list[Any] = [units, resolved(recipe), listed]
    return _found(wanted, tuple(against), provenance.digest(made_of), home)


def _list_digest(name: str) -> str:
    place = locate(name)
    if not place.is_file():
        raise ListError(f"{name}: there is no such list of opt-outs")
    OptOutList(place)
    content = place.read_bytes()
    of_list(content, name)
    return hashlib.sha256(content).hexdigest()


def settings(recipe: Recipe) -> Months:
    """Return what a recipe says of months."""
    return recipe.months if recipe.months is not UNSET else Months()


def beside(link: Link, home: Location) -> bool:
    """Say whether a release lies in the folder of the corpus, where it can be made anew."""
    folder = link.place.parent
    return folder == (home.resolve() if isinstance(home, Path) else home)


def distinct(published: Iterable[Published]) -> tuple[Published, ...]:
    """Return releases, each once, wherever they lie."""
    return tuple({one.name: one for one in published}.values())


def _found(named: str, beside: tuple[Location, ...], made_of: str, home: Location) -> Ancestry:
    place = _newest(home) if named == LATEST else _named(named, home)
    if place is None:
        return Ancestry(named, beside, made_of, Chain())
    known = {(form.name, form.build_id): one for one in beside if (form := _form(one))}
    try:
        chain = chain_of(place, known)
    except FileNotFoundError:
        raise ChainError(f"{place} is no release: there is no {NAME}") from None
    for name in chain.missing:
        raise not_there(name, chain.links[-1].name)
    _check_log(chain.links[-1], home)
    return Ancestry(named, beside, made_of, chain)


def _check_log(head: Link, home: Location) -> None:
    """Raise ChainError unless a corpus knows what was erased from that of its parent.

    Names of what was erased are hashed with a key, so it has to be the same log.
    """
    if beside(head, home):
        return
    there = _log(head.place.parent / erasures.NAME) or _log(head.place / erasures.PATH)
    if not _log(home / erasures.NAME).startswith(there):
        raise ChainError(
            f"something was erased from the corpus of {head.place}, and {home} must keep it out as "
            f"well: before the first build, copy {erasures.NAME} and erasures.key from there"
        )


def _log(place: Location) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return b""


def _form(release: Location) -> Any:  # noqa: ANN401
    try:
        return read_form(release)
    except (OSError, ValueError):
        return None  # whoever opens its index says what is wrong


def _newest(home: Location) -> Location | None:
    """Return the newest release of a corpus, None if none was promoted yet.

    One that is not there any more is returned: else the corpus would begin anew without a word.
    """
    now = latest(home)
    return None if now is None else home / now.current.build_id


def _named(named: str, home: Location) -> Location:
    if "/" not in named and (home / named / NAME).is_file():
        return home / named
    return find_release(named)
