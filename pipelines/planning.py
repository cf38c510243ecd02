"""The plan of a build: its units, its steps, and the places where each leaves what it makes.

A place is named after a digest of all that decides what is in it, so what is there need not be made
again: parts after input, code and what harvest reads of the recipe, later work after the parts and
its own settings.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from florilegium.dedup.methods import METHODS
from florilegium.manifests import manifest as manifests
from florilegium.manifests.chain import Chain, Link
from florilegium.manifests.location import Location
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import provenance
from florilegium.pipelines.assessment import assessors
from florilegium.pipelines.duplicates.index import Published, open_index
from florilegium.pipelines.erasure import blocked
from florilegium.pipelines.erasure.blocked import Noted
from florilegium.pipelines.gates import canaries
from florilegium.pipelines.harvest.part import Part, Unit, finished
from florilegium.pipelines.mixture.results import LIMITS
from florilegium.pipelines.months import captures
from florilegium.pipelines.months.parents import Ancestry, distinct
from florilegium.pipelines.named.files import placeless
from florilegium.pipelines.overlay import assessed_of
from florilegium.pipelines.recipe import Recipe, resolved
from florilegium.pipelines.rights import optouts
from florilegium.pipelines.steps import Search, Step
from florilegium.pipelines.verdicts.decide import LostRecordsError
from florilegium.pipelines.verdicts.verdict import Verdict, read_total

STAGED = "release"
"""Folder, in that of a step, of files that the step made for the release."""


_OTHERWISE = (
    " with this version of florilegium and these settings; the parts that are there were made "
    "with others"
)


class StepError(RuntimeError):
    """A step that must be run first; the message names it."""

    def __init__(self, step: Step, but: str = "") -> None:
        super().__init__(f"{step} is not done{but}: run it first, with --step {step}")


class Plan(Struct, frozen=True):
    """What a build will do: its units, and the places where it works and leaves its release."""

    recipe: Recipe
    units: list[Unit]
    build_id: str
    home: Location
    against: tuple[Published, ...] = ()
    """Earlier releases, copies of whose documents are left out."""
    noted: Noted | None = None
    """What was erased from the corpus, if anything was."""
    parents: Ancestry | None = None
    """What it goes on from, if it was asked for a parent."""

    def again(self) -> "Plan":
        """Return the same, with earlier releases that were made anew meanwhile."""
        assert self.parents is not None
        parents = self.parents.again(self.home)
        return planned(self.recipe, self.units, self.home, (), parents)

    @property
    def work(self) -> Location:
        """Private; can be deleted when no build is running."""
        return self.home / "work"

    @property
    def parts(self) -> Location:
        """What harvest made, unit by unit."""
        return self.work / "parts"

    @property
    def bench(self) -> Location:
        """What this very build is working on."""
        return self.work / "builds" / self.build_id

    @property
    def decisions(self) -> Location:
        """Which documents of these units are copies, under the recipe's settings."""
        earlier = [one.about.root for one in self.against]
        settings = self._settings("duplicates", "keep", "rights")
        before = [link.name for link in self.remembers]
        return self.work / "decisions" / self._digest(*settings, earlier, *before)

    def judged(self, parts: list[Part]) -> Location | None:
        """Return where verdicts on rights are; None if there is nothing to judge by."""
        before = [link.name for link in self.remembers]
        if not before and not optouts.matter(parts, self.recipe.rights):
            return None
        return self.work / "rights" / self._digest(*self._settings("rights"), *before)

    @property
    def remembers(self) -> list[Link]:
        """Earlier releases of the corpus that know what hosts said."""
        links = self.parents.chain.links if self.parents else ()
        known = (link for link in links if captures.tables_of(Chain((link,))))
        return list(known)

    def found_by(self, step: Search) -> Location | None:
        """Return the folder of what a step finds; None if the recipe does not ask for it."""
        asked = self.recipe.lines.repeated if step == "lines" else self.recipe.licences.consensus
        if asked == "ignore":
            return None
        return self.work / step / self._digest(*self._settings(step), self.decisions.name)

    @property
    def assessed(self) -> Location | None:
        """What was told of texts; None if the recipe asks for nothing beyond counts."""
        asked = placeless(assessors.asked(self.recipe))
        if not asked:
            return None
        lines = self.found_by("lines")
        settings = asked, self.decisions.name, None if lines is None else lines.name
        return self.work / "assessed" / self._digest(*settings)

    def _settings(self, *keys: str) -> list[Any]:
        return [resolved(self.recipe)[key] for key in keys]

    def _digest(self, *settings: Any) -> str:  # noqa: ANN401
        """Return the name of what was made of these units under some settings."""
        made_of = [[unit.fingerprint for unit in self.units], *settings]
        if self.noted is not None:
            made_of.append(self.noted.sha256)
        return provenance.digest(made_of)[:16]

    def earlier(self) -> tuple[tuple[int, str], ...]:
        """Return the earlier releases, each after the ordinal of its first index."""
        ends = itertools.accumulate((len(one.files) for one in self.against), initial=0)
        first = (len(self.units) + end for end in ends)
        return tuple((number, one.name) for number, one in zip(first, self.against, strict=False))

    @property
    def draft(self) -> Location:
        """The release while it is being written.

        A folder of a store cannot be moved, so there a release is one once it has a manifest.
        """
        return self.bench / "release" if isinstance(self.home, Path) else self.release

    @property
    def release(self) -> Location:
        """The finished release."""
        return self.home / self.build_id

    def released(self) -> Manifest | None:
        """Return the manifest of the finished release, if it is there already."""
        try:
            return manifests.read(self.release)
        except FileNotFoundError:
            return None

    def pending(self) -> list[Unit]:
        """Return the units whose parts are still to be made."""
        there = finished(self.parts)
        return [unit for unit in self.units if unit.folder not in there]

    def made(self) -> list[Part]:
        """Return the parts of all units, in their order; StepError if one is missing.

        One that holds what was erased since is as good as missing.
        """
        there = finished(self.parts)
        missing = {unit.name for unit in self.units if unit.folder not in there}
        if missing & {part.unit for part in there.values()}:
            raise StepError("harvest", _OTHERWISE)
        if missing:
            raise StepError("harvest")
        if (noted := self.noted) is not None and any(
            there[unit.folder].erased != noted.sha256 for unit in self.units
        ):
            raise StepError("harvest")
        return [there[unit.folder] for unit in self.units]

    def places(self, parts: list[Part]) -> list[Location]:
        """Return where the files of each part are."""
        units = zip(self.units, parts, strict=True)
        return [self.parts / unit.folder / part.attempt for unit, part in units]

    def crawled(self, parts: list[Part]) -> list[Location]:
        """Return the same without those of canaries."""
        there = zip(self.places(parts), self.units, strict=True)
        return [place for place, unit in there if unit.name != canaries.NAME]

    def compared(self) -> list[Location]:
        """Return the decisions on each unit, in order, and then those on each earlier index.

        StepError if one is missing.
        """
        number = len(self.units) + sum(len(one.files) for one in self.against)
        places = [self.decisions / f"{place:06d}.npy" for place in range(number)]
        there = {path.name for path in self.decisions.glob("*.npy")}
        if any(place.name not in there for place in places):
            raise StepError("deduplicate")
        return places

    def heard(self, parts: list[Part]) -> Location | None:
        """Return where verdicts on rights are, if they are; StepError if one is missing."""
        folder = self.judged(parts)
        if folder is not None and not optouts.judged(folder, len(self.units)):
            raise StepError("rights")
        return folder

    def searched(self, step: Search) -> None:
        """Raise StepError unless all units were searched by a step, if the recipe asks for it."""
        if (folder := self.found_by(step)) is None:
            return
        there = {path.name for path in folder.glob("*.npy")}
        if any(f"{number:06d}.npy" not in there for number in range(len(self.units))):
            raise StepError(step)

    def told(self) -> None:
        """Raise StepError unless all that a recipe asks of texts was told of all units."""
        if (folder := self.assessed) is None:
            return
        there = {path.name for path in folder.glob("*.parquet")}
        if any(assessed_of(folder, n).name not in there for n in range(len(self.units))):
            raise StepError("assess")

    def known(self) -> None:
        """Raise StepError unless all is found that rules are to judge by."""
        self.searched("lines")
        self.searched("licences")
        self.told()

    @property
    def mixed(self) -> Location | None:
        """What was found of the mixture; None if the recipe has none."""
        return None if self.recipe.mixture is None else self.bench / "mixed"

    def settled(self) -> None:
        """Raise StepError unless the limits of the mixture are found, if the recipe has one."""
        if (folder := self.mixed) is not None and not (folder / LIMITS).is_file():
            raise StepError("mix")

    def total(self) -> Verdict:
        """Return what was decided on all units; StepError if that is missing.

        LostRecordsError if it is on other units.
        """
        total = read_total(self.bench / "total.json")
        if total is None:
            raise StepError("decide")
        if len(total.ledger) != len(self.units):
            raise LostRecordsError("not every part was decided on; run the build again")
        return total


def planned(
    recipe: Recipe,
    units: list[Unit],
    home: Location,
    against: Sequence[Location],
    parents: Ancestry | None,
) -> Plan:
    """Return the plan of a build of units, against releases, or against all those of `parents`.

    A build is named after all that decides what comes out. One that is made of the same as a
    release of `parents` goes by the name of that.
    """
    method, earlier = METHODS[recipe.duplicates.method], parents.places() if parents else against
    published = tuple(open_index(release, method) for release in dict.fromkeys(earlier))
    published = distinct(published) if parents else published
    made_of: list[Any] = [[unit.fingerprint for unit in units], resolved(recipe)]
    made_of += [[one.about.root for one in published]] if published else []
    made_of += [{"parents": [link.name for link in parents.chain.links]}] if parents else []
    made_of += assessors.asked(recipe)[1:]
    noted = blocked.noted(home)
    made_of += [{"erased": noted.sha256}] if noted else []
    build_id = provenance.digest(made_of)[:12]
    if parents and (there := parents.of_the_same(home)) is not None:
        build_id = there.form.build_id
    return Plan(recipe, units, build_id, home, published, noted, parents)
