"""Chains: a corpus that grows is several releases, each built on those before it.

A release names those that it was built against. Of one that was made anew by erasure since, the
newest version counts: that which carries the longest log of erasures.
"""

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


class _Tokens(Struct, frozen=True):
    tokens: int


class _Rows(Struct, frozen=True):
    path: str
    rows: int


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
    def tokens(self) -> int:
        """Tokens of all its documents."""
        return sum(one.tokens for one in self.languages)

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
    """Releases of other corpora that these were built against as well."""


def chain_of(release: Location, known: Mapping[tuple[str, str], Location] | None = None) -> Chain:
    """Return the chain whose head is a release, or the newest that was made of it by erasure.

    All of a corpus lie in one folder; another corpus is looked for beside that, unless it is
    `known` where the release of a corpus and a build is. FileNotFoundError if there is no release,
    ChainError if one is missing, ValueError if the manifest is not one.
    """
    known = known or {}
    release = release.resolve() if isinstance(release, Path) else release
    shelf = _Shelf(release.parent)
    head = shelf.newest(shelf.put(release))
    links, others = [], []
    for one in head.against:
        if one.name == head.name and (found := shelf.find(one.build_id)) is not None:
            links.append(shelf.link(found, one.documents))
        elif place := known.get((one.name, one.build_id)):
            others.append(place)
        else:
            others.append(_elsewhere(release, head, one))
    built = shelf.built(head)
    return Chain((*links, shelf.link(head, built)), tuple(others))


def _elsewhere(release: Location, head: Form, one: Named) -> Location:
    place = release.parent.parent / one.name / one.build_id
    if one.name == head.name or not (place / NAME).is_file():
        raise ChainError(
            f"{one.name}/{one.build_id} is not there, and {head.name}/{head.build_id} was built on "
            "it: put it back beside the others"
        )
    return place


class _Shelf:
    """The releases in the folder of a corpus, each by the name of its build."""

    def __init__(self, home: Location) -> None:
        self._there = {form.build_id: (place, form) for place, form in _releases(home)}
        self._made: dict[str, list[Form]] = {}
        for _, form in self._there.values():
            if form.parent is not None:
                self._made.setdefault(form.parent.build_id, []).append(form)

    def put(self, release: Location) -> Form:
        """Return what a release is; it need not lie under its own name."""
        form = read_form(release)
        self._there.setdefault(form.build_id, (release, form))
        return form

    def newest(self, form: Form) -> Form:
        """Return the version of a release that carries the longest log."""
        return max(self._versions(form), key=lambda one: (one.log, one.build_id))

    def find(self, build_id: str) -> Form | None:
        """Return the newest version of a release, be it there or only what was made of it."""
        if build_id in self._there:
            return self.newest(self._there[build_id][1])
        made = self._made.get(build_id, ())
        return max((self.newest(one) for one in made), key=lambda one: one.log, default=None)

    def link(self, form: Form, before: int) -> Link:
        """Return a release as a link."""
        first = form
        while (parent := first.parent) is not None and parent.build_id in self._there:
            first = self._there[parent.build_id][1]
        origin = first.parent.build_id if first.parent is not None else first.build_id
        return Link(self._there[form.build_id][0], form, origin, before)

    def built(self, form: Form) -> int:
        """Return how many documents a release had before anything was erased from it."""
        while (parent := form.parent) is not None:
            if parent.build_id not in self._there:
                return parent.documents
            form = self._there[parent.build_id][1]
        return form.documents

    def _versions(self, form: Form) -> Iterator[Form]:
        yield form
        for one in self._made.get(form.build_id, ()):
            yield from self._versions(one)


def _releases(home: Location) -> Iterator[tuple[Location, Form]]:
    for way in entries(home, 2):
        folder, _, file = way.partition("/")
        if file == NAME and folder not in _NO_RELEASES:
            try:
                yield home / folder, read_form(home / folder)
            except (OSError, ValueError, RecursionError):
                continue


def read_form(release: Location) -> Form:
    """Return what the manifest of a release says of its place in a chain.

    FileNotFoundError if there is none, ValueError if it is none of a release of this format.
    """
    form = msgspec.json.decode((release / NAME).read_bytes(), type=Form)
    if form.format != FORMAT:
        raise ValueError(f"{release}: a release of format {form.format}, not {FORMAT}")
    return form
