"""Files that a recipe names by place and digest: another file under the name is refused."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from florilegium.manifests.location import Location, files, locate, relative, sha256
from florilegium.pipelines.files import fetched
from florilegium.pipelines.named.download import DownloadError, downloaded, is_web_address

Digest = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
"""A SHA-256 in hex, or nothing."""


_PACKAGED = "florilegium:"


class NamedFileError(ValueError):
    """A file that is not the one a recipe names, or cannot be used; the message says what to do."""


@contextmanager
def opened(
    path: str, digest: str, what: str, refuse: type[NamedFileError] = NamedFileError
) -> Iterator[Path]:
    """Give a local copy of a file, or the file; `refuse` is raised if it is another, or gone.

    OSError if it cannot be read.
    """
    with fetched(_located(path, digest, what, refuse)) as file:
        check(path, digest, sha256(file), what, refuse)
        yield file


def _located(path: str, digest: str, what: str, refuse: type[NamedFileError]) -> Location:
    """Return where a file is, once it is fetched if it is on the web."""
    if not is_web_address(path):
        return there(path, what, refuse)
    if not digest:
        raise refuse(f"{what} {path} needs its digest in the recipe, as sha256")
    try:
        return downloaded(path, digest)
    except DownloadError as error:
        raise refuse(str(error)) from error


def there(path: str, what: str, refuse: type[NamedFileError] = NamedFileError) -> Location:
    """Return where a file is; `refuse` is raised if it is not there."""
    try:
        place = place_of(path)
    except ValueError as error:
        raise refuse(f"the {what} of the recipe: {error}") from error
    if not place.is_file():
        raise refuse(f"the recipe names a {what}, and there is no file {path}")
    return place


def place_of(path: str) -> Location:
    """Return where a name leads: `florilegium:demo/x` to a file of this package.

    ValueError if it leads nowhere.
    """
    if not path.startswith(_PACKAGED):
        return locate(path)
    parts = path.removeprefix(_PACKAGED).split("/")
    if not all(parts) or ".." in parts:
        raise ValueError(f"{path} is no file of florilegium")
    return Path(str(resources.files("florilegium.pipelines")), *parts)


def check(
    path: str, digest: str, found: str, what: str, refuse: type[NamedFileError] = NamedFileError
) -> None:
    """Raise an error unless a file has the digest that the recipe names."""
    if not digest:
        raise refuse(f'{what} {path} needs its digest in the recipe: sha256 = "{found}"')
    if found != digest:
        raise refuse(
            f"{path} is not the {what} of the recipe: its SHA-256 is {found}, not {digest}"
        )


def placeless(value: Any) -> Any:  # noqa: ANN401
    """Return a setting without the places of files whose digest it names: they may be moved."""
    if isinstance(value, dict):
        left = {key for key in value if not (key == "path" and value.get("sha256"))}
        return {key: placeless(value[key]) for key in sorted(left)}
    return [placeless(one) for one in value] if isinstance(value, list | tuple) else value


def tree_digest(folder: Location, wanted: tuple[str, ...]) -> str:
    """Return the digest of those files in a folder, at any depth, that have one of the names.

    It is the SHA-256 of a line for each, sorted by path: digest, two spaces, path in the folder,
    as `sha256sum` prints them.
    """
    named = [(relative(path, folder), path) for path, _ in files(folder) if path.name in wanted]
    lines = [f"{sha256(path)}  {name}\n" for name, path in sorted(named)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
