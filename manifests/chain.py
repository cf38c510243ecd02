"""Chains: a corpus that grows is several releases, each built on those before it.

A release names those that it was built against. Of one that was made anew by erasure since, the
newest version counts: that which carries the longest log of erasures.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from florilegium.manifests import erasures
from florilegium.manifests.location import Location, entries
from florilegium.manifests.manifest import FORMAT, NAME
from florilegium.manifests.month import Month

_NO_RELEASES = ("latest", "work")


class ChainError(ValueError):
    """A chain that is not whole; the message names the release that is not there."""


class Named(Struct, frozen=True):
    """A release as another one names it."""

    build_id: str
    documents: int
    name: str = ""
    before: tuple[str, ...] = ()


class _Tokens(Struct, frozen=True):
    tokens: int


class _Rows(Struct, frozen=True):
    path: str
    rows: int
    sha256: str = ""


class Form(Struct, frozen=True):
    """What is read of a manifest to find the place of its release in a chain."""

    format: int
    name: str
    build_id: str
    documents: int
    languages: tuple[_Tokens, ...]
    tables: tuple[_Rows, ...]
    against: tuple[Named, ...] = ()
    parent: Named | None = None
    month: Month | None = None

    @property
    def origin(self) -> str:
        """Name of the build that it was made by, before anything was erased from it."""
        return self.made_of[0] if self.made_of else self.build_id

    @property
    def made_of(self) -> tuple[str, ...]:
        """Names of the builds that it stands for since something was erased, oldest first."""
        return (*self.parent.before, self.parent.build_id) if self.parent is not None else ()

    @property
    def tokens(self) -> int:
        """Tokens of all its documents."""
        return sum(one.tokens for one in self.languages)

    def holds(self, one: Named) -> bool:
        """Say whether one that it was built against is an earlier release of its corpus."""
        if self.month is None:
            return one.name == self.name
        return one.build_id in {part.build_id for part in self.month.earlier}

    @property
    def log(self) -> int:
        """Lines of the log of erasures that it carries."""
        return sum(table.rows for table in self.tables if table.path == erasures.PATH)


class Link(Struct, frozen=True):
    """A release of a chain, in its newest version."""

    place: Location
    form: Form
    origin: str
    """Name of the build that it was made by, before anything was erased from it."""
    before: int
    """Documents in the version that the head of the chain was built against; of the head itself
    those that it was built with."""

    @property
    def name(self) -> str:
        """Names of the corpus and of the build, as a ledger cites it."""
        return f"{self.form.name}/{self.form.build_id}"


class Chain(Struct, frozen=True):
    """The releases of a corpus, oldest first; the last one is its head."""

    links: tuple[Link, ...] = ()
    others: tuple[Location, ...] = ()
    """Releases elsewhere that these were built against as well."""
    missing: tuple[str, ...] = ()
    """Names of such releases that nobody knows the place of: they can be read without, not built
    on."""


def chain_of(release: Location, known: Mapping[tuple[str, str], Location] | None = None) -> Chain:
    """Return the chain whose head is a release, or the newest that was made of it by erasure.

    All of a corpus lie in one folder. Releases elsewhere are taken from `known`, by the names of
    corpus and build, or those of another corpus from the folder beside; one may be missing.
    FileNotFoundError if there is no release, ChainError if one of the corpus is missing, ValueError
    if the manifest is not one.
    """
    known = known or {}
    release = release.resolve() if isinstance(release, Path) else release
    shelf = _Shelf(release.parent)
    put = shelf.put(release)
    head = shelf.find(put.build_id) or put
    links, others, missing = [], [], []
    for one in head.against:
        place = known.get((one.name, one.build_id), shelf.home.parent / one.name / one.build_id)
        if one.name == head.name and (found := shelf.find(one.build_id)) is not None:
            links.append(shelf.link(found, one.documents))
        elif (place / NAME).is_file():
            others.append(place)
        elif head.holds(one):
            raise not_there(f"{one.name}/{one.build_id}", f"{head.name}/{head.build_id}")
        else:
            missing.append(f"{one.name}/{one.build_id}")
    built = shelf.built(head)
    return Chain((*links, shelf.link(head, built)), tuple(others), tuple(missing))


def not_there(name: str, of: str) -> ChainError:
    """Return what to say of a release that is missing, though another was built on it."""
    return ChainError(
        f"{name} is not there, and {of} was built on it: put it back beside the others, or say "
        "with --against where it is"
    )


class _Shelf:
    """The releases in the folder of a corpus, each by the name of its build."""

    def __init__(self, home: Location) -> None:
        self.home = home
        self._there = {form.build_id: (place, form) for place, form in _releases(home)}
        self._stands: dict[str, list[Form]] = defaultdict(list)
        for _, form in self._there.values():
            self._add(form)

    def _add(self, form: Form) -> None:
        for name in (form.build_id, *form.made_of):
            self._stands[name].append(form)

    def put(self, release: Location) -> Form:
        """Return what a release is; it need not lie under its own name."""
        form = read_form(release)
        if form.build_id not in self._there:
            self._there[form.build_id] = release, form
            self._add(form)
        return form

    def find(self, build_id: str) -> Form | None:
        """Return the newest version of a release, be it there or only what was made of it.

        That is the one that carries the longest log. There may be several of one build: each was
        made by erasure of another one.
        """
        if (known := self._stands.get(build_id)) is None:
            return None
        versions = self._stands[known[0].origin]
        return max(versions, key=lambda one: (one.log, one.build_id))

    def link(self, form: Form, before: int) -> Link:
        """Return a release as a link."""
        return Link(self._there[form.build_id][0], form, form.origin, before)

    def built(self, form: Form) -> int:
        """Return how many documents a release had at first, or the oldest version that is known."""
        while (parent := form.parent) is not None:
            if parent.build_id not in self._there:
                return parent.documents
            form = self._there[parent.build_id][1]
        return form.documents


def _releases(home: Location) -> Iterator[tuple[Location, Form]]:
    for way in entries(home, 2):
        folder, _, file = way.partition("/")
        if file == NAME and folder not in _NO_RELEASES:
            try:
                yield home / folder, read_form(home / folder)
            except (OSError, ValueError):
                continue


def read_form(release: Location) -> Form:
    """Return what the manifest of a release says of its place in a chain.

    FileNotFoundError if there is none, ValueError if it is none of a release of this format.
    """
    try:
        form = msgspec.json.decode((release / NAME).read_bytes(), type=Form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{release / NAME}: {error}") from None
    if form.format != FORMAT:
        raise ValueError(f"{release}: a release of format {form.format}, not {FORMAT}")
    return form
