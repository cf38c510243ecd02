"""Where recipes are: some come with the package, others are files, local or in a store."""

import posixpath
import re
from importlib import resources
from pathlib import Path

from msgspec import Struct

from florilegium.manifests.location import Location, locate
from florilegium.pipelines.spelling import nearest


class RecipeFile(Struct, frozen=True):
    """A recipe as it is written, before anything of it is understood."""

    name: str
    """The name of a shipped recipe, or the place of another, as errors call it."""
    text: bytes
    folder: Location | None = None
    """Where paths of its bases begin; None for a shipped one, which has shipped bases only."""

    @property
    def identity(self) -> str:
        """Tell files apart however they are named."""
        if isinstance(self.folder, Path):
            return str((self.folder / Path(self.name).name).resolve())
        return self.name


def shipped() -> list[str]:
    """Return the names of the recipes that come with the package, sorted."""
    folder = resources.files("florilegium.pipelines") / "recipes"
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def find(name_or_path: str, beside: Location | None = None) -> RecipeFile:
    """Return a shipped recipe by its name, or one by its path, which may begin at a folder.

    ValueError, with what was probably meant, if there is none. OSError if it cannot be read.
    """
    if name_or_path in shipped():
        source = resources.files("florilegium.pipelines") / "recipes" / f"{name_or_path}.toml"
        return RecipeFile(name_or_path, source.read_bytes())
    place = _from(beside, locate(name_or_path))
    if not place.is_file():
        known = ", ".join(shipped())
        near = nearest(name_or_path, shipped())
        raise ValueError(f"there is no recipe {str(place)!r}{near}: give a path or one of {known}")
    return RecipeFile(str(place), place.read_bytes(), place.parent)


def _from(folder: Location | None, place: Location) -> Location:
    if folder is None or not isinstance(place, Path) or place.is_absolute():
        return place
    if isinstance(folder, Path):
        return folder / place
    # A store has no `..`: an object is found by its very key.
    scheme, bucket, key = re.fullmatch(r"(\w+://)([^/]*)/?(.*)", str(folder)).groups()  # type: ignore[union-attr]
    return locate(f"{scheme}{bucket}{posixpath.normpath(posixpath.join('/', key, place))}")
